"""The programs as Stan's compiler and a reader see them."""

from __future__ import annotations

import functools
import itertools
import json
import re
import subprocess
import textwrap
from collections.abc import Set
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import cases_glmm, cases_linear, cases_marginal, cases_transfer
from programs.cases import PROGRAMS, STAN, example_data, program_path

from partialpool.family.families import FAMILIES
from partialpool.source.includes import put_in_includes

# Prior constants are data, and stanc cannot see that a prior "depends on data variables": it says
# itself that this may be a false positive. test_density.py shows that every prior is there.
PRIOR_BY_DATA = re.compile(
    r"The parameter (\w+) has no priors\. This means either no prior is provided, or the prior\(s\)"
    r" depend on data variables\. In the later case, this may be a false positive\."
)

DATA_NAMES = {
    "binomial": {"N", "trials", "successes"},
    "normal_known_variance": {"J", "y", "sigma"},
    "linear": cases_linear.DATA_NAMES,
    "bernoulli": {"N", "J", "y", "district", "urban"},
    "glmm": cases_glmm.DATA_NAMES | cases_marginal.DATA_NAMES,
    "transfer": cases_transfer.DATA_NAMES,
}
"""What a program may declare besides prior constants, by family."""

BERNOULLI = {"a": 1, "theta": 1, "a_bar": 0, "sigma": 0, "z": 1}
BERNOULLI_SLOPES = {
    **{"a": 1, "b": 1, "rho": 0, "theta_rural": 1, "theta_urban": 1, "a_bar": 0, "b_bar": 0},
    **{"sigma_a": 0, "sigma_b": 0, "L_Omega": 2, "z": 2},
}


def expected_names(name: str) -> tuple[Set[str], dict[str, int]]:
    """What every variant must offer, and the dimensions of all that it may declare."""
    if name.startswith("linear/"):
        return cases_linear.effects(name), cases_linear.dimensions(name)
    if name.startswith("bernoulli/"):
        if "slope" in name:
            return set(BERNOULLI_SLOPES) - {"z"}, BERNOULLI_SLOPES
        return {"a", "theta"}, BERNOULLI
    if name in (*cases_marginal.PROGRAMS, cases_marginal.CROSSED, cases_marginal.ALL):
        return cases_marginal.offered(name), cases_marginal.DIMENSIONS
    if name.startswith("transfer/"):
        return cases_transfer.OFFERED, cases_transfer.DIMENSIONS
    if name.startswith("glmm/"):
        return set(cases_glmm.DIMENSIONS), cases_glmm.dimensions(name)
    scalars = ("phi", "kappa", "mu", "sigma", "tau")
    return {"theta"}, dict.fromkeys(scalars, 0) | dict.fromkeys(("theta", "z", "alpha"), 1)


ALL = (
    *PROGRAMS,
    *cases_glmm.GLMM,
    *cases_marginal.PROGRAMS,
    cases_marginal.CROSSED,
    cases_marginal.ALL,
    *cases_transfer.PROGRAMS,
)
FRAGMENTS = sorted((STAN / "glmm" / "terms").iterdir())
OF_ONE_PROGRAM = {
    "chain_data.stan",
    "chain_layout.stan",
    "eliminate.stan",
    "elimination.stanfunctions",
    "pair_sums.stan",
}
"""Parts of gaussian_marginal_all, which would be too long to read as one file."""
LONG = cases_linear.LONG | {"transfer/exchangeable", "transfer/power_prior_normalised"}
every_program = pytest.mark.parametrize("name", ALL)


def run_stanc(stanc: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(stanc), f"--include-paths={STAN / 'glmm'}", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True)


def warnings_of(stanc: Path, program: Path, output: Path, *options: str) -> list[str]:
    """Each warning without its place, on one line."""
    report = run_stanc(stanc, *options, "-o", output, program).stderr
    blocks = re.split(r"^Warning in ", report, flags=re.M)[1:]
    return [" ".join(block.split(":", 1)[1].split()) for block in blocks]


@functools.cache
def info(stanc: Path, name: str) -> dict[str, Any]:
    declared: dict[str, Any] = json.loads(run_stanc(stanc, "--info", program_path(name)).stdout)
    return declared


def test_every_program_is_tested_and_has_an_example() -> None:
    found = {path.relative_to(STAN).with_suffix("").as_posix() for path in STAN.glob("*/*.stan")}
    here = {name for name in found if name.split("/")[0] in DATA_NAMES}
    assert here == set(ALL)
    assert all((STAN / f"{name}.data.json").is_file() for name in found)


@every_program
def test_compiles_without_a_warning(stanc: Path, tmp_path: Path, name: str) -> None:
    assert warnings_of(stanc, program_path(name), tmp_path / "model.hpp") == []


@every_program
def test_pedantic_warnings_are_the_explained_ones(stanc: Path, tmp_path: Path, name: str) -> None:
    found = warnings_of(stanc, program_path(name), tmp_path / "model.hpp", "--warn-pedantic")
    about = [PRIOR_BY_DATA.fullmatch(warning) for warning in found]
    assert all(about), found
    parameters = set(info(stanc, name)["parameters"])
    assert {match[1] for match in about if match} <= parameters


def test_a_warning_is_caught(stanc: Path, tmp_path: Path) -> None:
    program = tmp_path / "flat.stan"
    program.write_text("parameters {\n  real x;\n}\nmodel {\n  1.5 ~ normal(x, 0);\n}\n")
    found = warnings_of(stanc, program, tmp_path / "model.hpp", "--warn-pedantic")
    assert not all(PRIOR_BY_DATA.fullmatch(warning) for warning in found)


@every_program
def test_is_formatted_by_stanc(stanc: Path, tmp_path: Path, name: str) -> None:
    program, formatted = program_path(name), tmp_path / "formatted.stan"
    run_stanc(stanc, "--auto-format", "-o", formatted, program)
    assert formatted.read_text(encoding="utf-8") == program.read_text(encoding="utf-8")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_says_what_it_is_and_needs(stanc: Path, tmp_path: Path, fragment: Path) -> None:
    text = fragment.read_text(encoding="utf-8")
    lines = text.splitlines()
    comments = itertools.takewhile(lambda line: line.startswith("//"), map(str.strip, lines))
    header = " ".join(comments)
    assert "need" in header
    assert "glmm/" in header
    assert max(map(len, lines)) <= 80
    name = f"#include terms/{fragment.name}"
    programs = sum(name in path.read_text() for path in STAN.glob("*/*.stan"))
    assert programs > 1 or (programs == 1 and fragment.name in OF_ONE_PROGRAM)
    if fragment.suffix == ".stanfunctions":
        alone = tmp_path / fragment.name
        others = [path for path in FRAGMENTS if f"terms/{path.stem}." in header]
        needed = "".join(path.read_text() for path in others if path.suffix == fragment.suffix)
        alone.write_text(textwrap.dedent(needed) + textwrap.dedent(text), encoding="utf-8")
        formatted = run_stanc(stanc, "--auto-format", alone).stdout
        assert "".join(formatted.split()) == "".join((needed + text).split())


def test_plain_stanc_needs_one_flag_and_cmdstanpy_none(stanc: Path, tmp_path: Path) -> None:
    import cmdstanpy

    program, output = program_path("glmm/poisson"), tmp_path / "model.hpp"
    command = [str(stanc), "-o", str(output), str(program)]
    without = subprocess.run(command, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "include" in without.stderr
    flag = f"--include-paths={program.parent}"
    subprocess.run([*command, flag], capture_output=True, text=True, check=True)
    assert "log_prob" in output.read_text(encoding="utf-8")
    before = cmdstanpy.cmdstan_path()
    cmdstanpy.set_cmdstan_path(str(stanc.parents[1]))
    try:
        model = cmdstanpy.CmdStanModel(stan_file=str(program), compile=False)
        assert set(model.src_info()["inputs"]) == set(example_data("glmm/poisson"))
    finally:
        cmdstanpy.set_cmdstan_path(before)


def test_one_text_stands_once() -> None:
    """The general programs share what they have in common: no 30 lines stand in two files."""
    marginal = "gaussian_marginal"
    general = [path for path in STAN.glob("glmm/*.stan") if not path.stem.startswith(marginal)]
    files = [*general, *FRAGMENTS]
    assert {f"glmm/{path.stem}" for path in general} == {f.program for f in FAMILIES.values()}
    seen: dict[tuple[str, ...], str] = {}
    for path in files:
        lines = [line.strip() for line in path.read_text().splitlines()]
        code = [line for line in lines if line and not line.startswith("//")]
        for start in range(len(code) - 29):
            piece = tuple(code[start : start + 30])
            assert seen.setdefault(piece, path.name) == path.name, (path.name, piece[0])


@every_program
def test_reads_well(stanc: Path, name: str) -> None:
    lines = program_path(name).read_text(encoding="utf-8").splitlines()
    longest = 300 if name.startswith("glmm/") else 140 if name in LONG else 100
    assert 20 <= len(lines) <= longest
    lines = put_in_includes(program_path(name).read_text(), [STAN / "glmm"], name).splitlines()
    assert max(map(len, lines)) <= 80
    blocks = [i for i, line in enumerate(lines) if line in ("functions {", "data {")]
    header = " ".join(line.removeprefix("//") for line in lines[: blocks[0]])
    for part in ("~", "Source:", "Example:", f"{name.split('/')[1]}.data.json"):
        assert part in header
    for variable in info(stanc, name)["inputs"]:
        declaration = re.compile(rf"\b{variable};\s*// \w.*\(.+\)$")  # meaning and (unit)
        assert any(declaration.search(line) for line in lines), f"{variable} has no comment"


@every_program
def test_example_data_are_what_the_program_declares(stanc: Path, name: str) -> None:
    inputs = info(stanc, name)["inputs"]
    data = example_data(name)
    assert set(data) == set(inputs)
    for variable, declared in inputs.items():
        value = data[variable]
        empty = value == [] and declared["dimensions"] > 0  # JSON has no empty matrix
        assert empty or np.ndim(value) == declared["dimensions"], variable
        allowed = (int,) if declared["type"] == "int" else (int, float)
        for number in np.ravel(np.array(value, dtype=object)):
            assert type(number) in allowed, variable
        assert variable.startswith("prior_") or variable in DATA_NAMES[name.split("/")[0]]


@every_program
def test_variants_share_their_names(stanc: Path, name: str) -> None:
    """Every program offers its group effects, and uses no name as another variant would not."""
    blocks = info(stanc, name)
    variables: dict[str, Any] = {}
    for block in ("parameters", "transformed parameters", "generated quantities"):
        variables |= blocks[block]
    effects, dimensions = expected_names(name)
    assert set(effects) <= set(variables)
    for variable, declared in variables.items():
        assert declared == {"type": "real", "dimensions": dimensions[variable]}, variable
