"""What the compiler has against a program reaches the user, in the program's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stanli

import partialpool as pp
from partialpool.engines.cmdstan import compiled as cache
from partialpool.errors import DataError, ProgramError
from partialpool.source.compiler import compiled, complaint

QUICK: dict[str, Any] = {"engine": "stanli", "chains": 1, "warmup": 5, "draws": 5, "seed": 1}
SYNTAX = "data { int N; vector[N] y }"
SEMANTIC = "parameters { real mu; }\nmodel { y ~ normal(mu, 1); }"
MESSAGES = [
    (SYNTAX, r"(?s)'.*my\.stan', line 1, column 26.*\^.*Expected \";\" after variable"),
    (SEMANTIC, r"(?s)'.*my\.stan', line 2, column 8.*\^.*Identifier \"y\" not in scope"),
]


def program(folder: Path, code: str, **included: str) -> pp.StanProgram:
    (folder / "my.stan").write_text(code)
    for name, text in included.items():
        (folder / f"{name}.stan").write_text(text)
    return pp.StanProgram.from_file(folder / "my.stan")


@pytest.mark.parametrize(("code", "message"), MESSAGES)
def test_the_compilers_message_is_kept(code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=message) as caught:
        program(tmp_path, code).sample({}, **QUICK)
    assert "'string'" not in str(caught.value)


def test_a_syntax_error_in_a_declaration_is_said_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=MESSAGES[0][1]):
        _ = program(tmp_path, SYNTAX).data


def test_a_program_without_a_file() -> None:
    with pytest.raises(ProgramError, match=r"Syntax error in 'mine', line 1"):
        _ = pp.StanProgram("mine", None, SYNTAX).data


@pytest.mark.parametrize(
    ("part", "line"),
    [("real mu real nu;", 1), ("real mu;\nreal mu;", 2)],
    ids=["syntax", "semantic"],
)
def test_the_included_file_is_named(part: str, line: int, tmp_path: Path) -> None:
    wrong = program(tmp_path, "parameters {\n#include part.stan\n}\nmodel { }", part=part)
    with pytest.raises(ProgramError, match=rf"(?s)in '.*part\.stan', line {line}"):
        wrong.sample({}, **QUICK)


def test_the_included_file_is_named_where_cmdstan_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CmdStan gets one text, of which the user has no file."""

    def build(*_: Any) -> None:
        raise ProgramError("my.stan does not compile: what stanc of this CmdStan says")

    monkeypatch.setattr(cache, "_build", build)
    monkeypatch.setenv("PARTIALPOOL_CACHE", str(tmp_path))
    home = cache.CmdStan(tmp_path, "2.39.0", "g++", "")
    code = "parameters {\n#include part.stan\n}\nmodel { }"
    with pytest.raises(ProgramError, match=r"(?s)my does not compile.*part\.stan', line 1"):
        cache.executable(program(tmp_path, code, part="real mu real nu;"), home)
    with pytest.raises(ProgramError, match="what stanc of this CmdStan says"):
        cache.executable(program(tmp_path, code, part="real mu;"), home)


def test_what_the_compiler_takes_and_is_not_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A type of a later Stan, say."""
    monkeypatch.setattr(stanli, "stan_to_mir", lambda *_, **__: "")
    later = program(tmp_path, "data {\n#include part.stan\n}", part="int N;\nspinor[3] x;")
    message = (
        r"my\.stan, includes put in, line 3, column 0: a declaration is expected, but 'spinor'"
    )
    with pytest.raises(ProgramError, match=message):
        _ = later.data


def test_data_that_only_stan_refuses_are_told_as_data(tmp_path: Path) -> None:
    code = "data { int N; simplex[N] x; } parameters { real z; } model { z ~ normal(0, 1); }"
    with pytest.raises(DataError, match=r"Stan says: x is not a valid simplex.*\n +declared: sim"):
        program(tmp_path, code).sample({"N": 2, "x": [0.5, 0.6]}, **QUICK)


def test_a_program_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "data { int compiled_once; }"
    first = compiled(code)
    monkeypatch.setattr(stanli, "stan_to_mir", None)
    assert compiled(code) is first


def test_there_is_no_complaint_about_a_program_that_compiles(tmp_path: Path) -> None:
    (tmp_path / "part.stan").write_text("int N;")
    assert complaint("data {\n#include part.stan\n}", [tmp_path], "my.stan") is None
