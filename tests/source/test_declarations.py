"""What a program declares, as stanli and stanc tell it: every type, constraint and block."""

from __future__ import annotations

import base64
import dataclasses
import pickle
import re
import stat
from pathlib import Path

import numpy as np
import pytest
import stanli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partialpool.declarations import (
    Call,
    Declaration,
    Literal,
    ProgramDeclarations,
    Variable,
    declarations,
    portable,
    sexp,
)
from partialpool.declarations.from_stanc import from_stanc
from partialpool.declarations.mir import MirError
from partialpool.declarations.statements import Program
from partialpool.errors import EngineError, ProgramError
from partialpool.programs import get, names

FUNCTIONS = """
functions {
  int twice(int n) { return 2 * n; }
  real half(real x) { return x / 2; }
  vector ramp(int n, real x) { return rep_vector(x, n); }
}
"""

DATA = """
data {
  int<lower=0> N;
  int K;
  real a;
  array[N] int trials;
  array[N, 2] int<lower=1, upper=K> g;
  vector[N] v;
  %s
}
"""

# Types that any block may declare: Stan's own spelling of each comes back.
TYPES = [
    "real x",
    "real<lower=0> x",
    "real<upper=3.5> x",
    "real<lower=0, upper=1> x",
    "real<lower=-1> x",
    "real<lower=-a, upper=a + 1> x",
    "real<lower=0.001, upper=1e+300> x",
    "real<lower=(N + 1) * 2 - (3 - 1)> x",
    "real<upper=(2 ^ 3) ^ 2> x",
    "real<upper=2 ^ 3 ^ 2> x",
    "real<lower=(a > 0 ? 1.0 : 2.0)> x",
    "real<lower=(N > 1 && (K < 3 || K == 7))> x",
    "real<lower=!N> x",
    "real<lower=half(a)> x",
    "real<lower=min(v), upper=fmax(a, 2)> x",
    "real<lower=e(), upper=pi()> x",
    "real<lower=negative_infinity(), upper=positive_infinity()> x",
    "real<lower=g[1, 2]> x",
    "real<upper=trials[N]> x",
    "vector[N] x",
    "vector[0] x",
    "vector<lower=0>[N] x",
    "vector<lower=v>[N] x",
    "vector<lower=ramp(N, a), upper=v + 10>[N] x",
    "vector<lower=v[1 : 2]>[2] x",
    "vector<lower=v[2 :]>[N - 1] x",
    "vector<lower=v[g[, 1]]>[N] x",
    "vector<upper=[1, 2, 3]'>[3] x",
    "row_vector[K] x",
    "row_vector<lower=[1, 2]>[2] x",
    "matrix[N, K] x",
    "matrix<upper=rep_matrix(0, N, 2)>[N, 2] x",
    "array[N] real x",
    "array[0] real x",
    "array[N, K, 2] real<lower=0> x",
    "array[N] vector<lower=0>[K] x",
    "array[N, 2] matrix[K, 3] x",
    "array[2] real<lower={1.5, 2}> x",
    "array[2] vector<lower={[1, 2]', [3, 4]'}>[2] x",
    "array[2 * N + 1] real x",
    "array[N - (K - 1)] real x",
    "array[max({N, K})] real x",
    "array[choose(N, 2) %/% 2] real x",
    "array[N > K ? N : K] real x",
    "array[size(g)] vector[num_elements(v)] x",
    "array[twice(N)] vector[twice(K) + 1] x",
    "array[trials[2]] real x",
    "simplex[K] x",
    "ordered[K] x",
    "positive_ordered[K] x",
    "unit_vector[K] x",
    "sum_to_zero_vector[K] x",
    "sum_to_zero_matrix[K, 3] x",
    "sum_to_zero_matrix[K, K] x",
    "cholesky_factor_corr[K] x",
    "cholesky_factor_cov[K] x",
    "cholesky_factor_cov[4, 3] x",
    "corr_matrix[K] x",
    "cov_matrix[K] x",
    "column_stochastic_matrix[K, 2] x",
    "row_stochastic_matrix[2, K] x",
    "array[N] simplex[K] x",
    "array[N, 2] cov_matrix[K] x",
    "complex x",
    "array[2] complex x",
    "complex_vector[N] x",
    "complex_row_vector[3] x",
    "complex_matrix[N, K] x",
    "tuple(real, vector<lower=0>[N]) x",
    "tuple(real<lower=0>, tuple(simplex[K], array[2] real)) x",
]

INT_TYPES = [
    "int x",
    "int<lower=0> x",
    "int<lower=-2147483647, upper=2147483647> x",
    "array[N] int<lower=0, upper=trials> x",
    "array[N, K] int<lower=1, upper=N * K> x",
    "array[N] int<upper=twice(N)> x",
    "tuple(int<lower=0>, real) x",
]

PARAMETER_TYPES = [
    "real<offset=a> x",
    "real<multiplier=2> x",
    "real<offset=half(a), multiplier=2> x",
    "vector<offset=v, multiplier=a>[N] x",
    "array[2] row_vector<multiplier=3>[N] x",
]


def in_block(block: str, declaration: str) -> str:
    if block == "data":
        return FUNCTIONS + DATA % f"{declaration};"
    return FUNCTIONS + DATA % "" + f"{block} {{ {declaration}; }}"


def same(code: str, stanc: Path) -> ProgramDeclarations:
    """Check that both compilers say the same, and give it."""
    by_stanli, by_stanc = declarations(code), from_stanc(code, stanc)
    assert by_stanli.declared == by_stanc.declared
    return by_stanli


BLOCKS = {
    "data": TYPES + INT_TYPES,
    "parameters": TYPES + PARAMETER_TYPES,
    "transformed parameters": TYPES,
    "generated quantities": TYPES + INT_TYPES,
}


@pytest.fixture(scope="session")
def both(stanc: Path) -> dict[str, tuple[ProgramDeclarations, ProgramDeclarations]]:
    """One program for each block, with all that it may declare, by stanli and by stanc."""
    codes = {
        block: in_block(block, "; ".join(f"{each}{i}" for i, each in enumerate(types)))
        for block, types in BLOCKS.items()
    }
    return {block: (declarations(code), from_stanc(code, stanc)) for block, code in codes.items()}


@pytest.mark.parametrize(
    ("block", "number", "declaration"),
    [(block, i, each) for block, types in BLOCKS.items() for i, each in enumerate(types)],
)
def test_a_declaration_comes_back_as_written(
    block: str,
    number: int,
    declaration: str,
    both: dict[str, tuple[ProgramDeclarations, ProgramDeclarations]],
) -> None:
    by_stanli, by_stanc = (program.all[f"x{number}"] for program in both[block])
    assert str(by_stanli) == f"{declaration}{number}"
    assert by_stanli.block == block
    assert by_stanc == by_stanli


def test_the_blocks_are_told_apart_and_in_order(stanc: Path) -> None:
    code = """
    data { int N; vector[N] y; }
    transformed data { int M = N + 1; vector[M] z; real<lower=0> hidden = 1; }
    parameters { real mu; vector<offset=mu>[M] theta; }
    transformed parameters { real t1 = mu; array[M] real<lower=mu> t2; { real local = 1; }
                             for (m in 1 : M) t2[m] = mu + 1; }
    model { real local; theta ~ normal(mu, 1); }
    generated quantities { int<lower=0> g1 = 1; array[2] vector[M] g2; { real local = 1; } }
    """
    program = same(code, stanc)
    assert list(program.data) == ["N", "y"]
    assert list(program.parameters) == ["mu", "theta"]
    assert list(program.transformed_parameters) == ["t1", "t2"]
    assert list(program.generated_quantities) == ["g1", "g2"]
    assert list(program.all) == ["N", "y", "mu", "theta", "t1", "t2", "g1", "g2"]


OTHER_PROGRAMS = {
    "empty": "",
    "only data": "data { int N; }",
    "only generated quantities": "generated quantities { real x = 3; int y = 2; }",
    "constants are folded": """
        parameters { real<lower=0> x; }
        transformed parameters { real<lower=0, upper=2 * 3> y = 1; }
        model { x ~ normal(1 + 1, 2); }
        generated quantities { int<lower=0, upper=1> z = 1; real w = z; }""",
    "control flow": """
        functions { real f(real x) { if (x > 0) return x; else { return -x; } }
                    void say(real x) { print("x = ", x, " \\\\ é (π) n;"); }
                    real up_lpdf(vector y, real mu) { return normal_lpdf(y | mu, 1); }
                    int fact(int n) { if (n <= 1) return 1; return n * fact(n - 1); } }
        data { int N; array[N] real<lower=f(N)> y; }
        transformed data { int T = 0; while (T < N) { T += 1; if (T > 3) break; else continue; }
                           say(T); profile("p") { print(T); } }
        parameters { vector[N] x; array[T] real<lower=f(N)> z; }
        transformed parameters { array[T] real<lower=f(x[1]), upper=x[1] + 100> t = z; }
        model { for (e in x) target += e; x ~ up(1); x[1] ~ normal(0, 1) T[f(N), ]; }
        generated quantities { real<lower=f(x[1])> g = normal_rng(0, 1); matrix[N, fact(3)] h;
                               if (g > 1e10) reject("no ", g);
                               for (i in 1 : N) for (j in 1 : fact(3)) h[i, j] = i; }""",
    "a sum of many terms": f"""
        data {{ real x; }} transformed data {{ real t = {" + ".join(["x"] * 1500)}; }}
        parameters {{ real<lower=t> y; }} model {{ y ~ normal({" + ".join(["x"] * 1500)}, 1); }}""",
    "functions with functions": """
        functions { vector dy(real t, vector y, real k) { return -k * y; }
                    real part(array[] real s, int a, int b, real m) {
                      return normal_lpdf(s | m, 1); } }
        data { int N; array[N] real t; array[N] vector[2] y; }
        parameters { real<lower=0> k; }
        transformed parameters { array[N] vector[2] s = ode_rk45(dy, [1, 2]', 0, t, k); }
        model { target += reduce_sum(part, t, 1, k); for (n in 1 : N) y[n] ~ normal(s[n], 1); }""",
}


@pytest.mark.parametrize("name", OTHER_PROGRAMS)
def test_compilers_agree_on_other_programs(name: str, stanc: Path) -> None:
    same(OTHER_PROGRAMS[name], stanc)


@pytest.mark.parametrize("name", names())
def test_compilers_agree_on_the_catalogue(name: str, stanc: Path) -> None:
    program = same(get(name).full_code, stanc)
    example = get(name).example_data()
    for declaration in program.data.values():
        shape, given = declaration.shape(example), np.shape(example[declaration.name])
        assert shape == given or (0 in (shape or ()) and given == (0,))  # JSON: [] is any of these


def test_stanli_fills_in_constants_of_transformed_data(stanc: Path) -> None:
    code = "transformed data { int K = 3; } parameters { vector[K] x; }"
    assert str(declarations(code).parameters["x"]) == "vector[3] x"
    assert str(declarations(code, stanc=stanc).parameters["x"]) == "vector[K] x"


@pytest.mark.parametrize(
    ("declaration", "by_stanli"),
    [
        ("array[2] tuple(int<lower=0>, real) x", "array[2] tuple(...) x"),
        ("array[N] complex_vector[3] x", "array[N] complex_vector[?] x"),
        ("array[N, 2] complex_matrix[3, K] x", "array[N, 2] complex_matrix[?, ?] x"),
    ],
)
def test_what_stanli_cannot_run_it_does_not_describe(
    declaration: str, by_stanli: str, stanc: Path
) -> None:
    code = in_block("generated quantities", declaration)
    assert str(declarations(code).all["x"]) == by_stanli
    assert declarations(code).all["x"].ndim == declarations(code, stanc=stanc).all["x"].ndim
    assert str(declarations(code, stanc=stanc).all["x"]) == declaration


# Evaluation: each is given to Stan as well.

ENV = {"N": 7, "K": -3, "a": 2.5, "t": np.array([3, 1, 2]), "v": np.array([0.5, 1.5, -2.0])}

EXPRESSIONS = [
    "N + K * 2 - 1",
    "N - (K - 1)",
    "-N %/% 2",
    "N %/% K",
    "N % K",
    "-N % 2",
    "a / 2",
    "a * a - 1",
    "2 ^ 3 ^ 2",
    "(2 ^ 3) ^ 2",
    "-a ^ 2",
    "N > 3 ? 1 : 0",
    "N > 3 && K > 0",
    "N > 3 || K > 0",
    "N == 7",
    "N != 7",
    "N <= 7",
    "N >= 8",
    "!N",
    "+N",
    "max({N, K, 2})",
    "min(v)",
    "max(N, K)",
    "fmax(a, 2)",
    "choose(N, 3)",
    "size(t)",
    "num_elements(v)",
    "prod(v)",
    "mean(v)",
    "t[2]",
    "t[t[1]]",
    "sum(v[{1, 3}])",
    "sum(v + 1)",
    "sum(2 * v)",
    "sum(v .* v)",
    "sum(v ./ v)",
    "sum([1, 2, 3])",
    "sum(rep_vector(2, 3))",
    "sum(rep_matrix(2, 3, 2))",
    "abs(K)",
    "square(a)",
    "sqrt(a)",
    "log(a) + exp(a) + log1p(a) + log2(a) + log10(a)",
    "inv(a)",
    "floor(a) + ceil(a)",
    "pi() + e() + sqrt2()",
    "positive_infinity()",
    "negative_infinity()",
    "machine_precision()",
]


BY_HAND = {
    "sum(t)": 6,
    "sum(t[2 : 3])": 3,
    "sum(t[2 :])": 3,
    "sum(t[])": 6,
    "to_int(floor(2.5))": 2,
}
"""What stanli cannot compute in generated quantities."""


@pytest.fixture(scope="session")
def by_stan() -> dict[str, float]:
    """The values that Stan gives the expressions."""
    quantities = " ".join(f"real x{i} = {text};" for i, text in enumerate(EXPRESSIONS))
    code = f"""
    data {{ int N; int K; real a; array[3] int t; vector[3] v; }}
    parameters {{ real z; }} model {{ z ~ normal(0, 1); }}
    generated quantities {{ {quantities} }}"""
    fit = stanli.Model(stan_code=code, data=ENV).sample(chains=1, warmup=1, samples=1, refresh=0)
    values = {text: float(np.ravel(fit.draws(f"x{i}"))[0]) for i, text in enumerate(EXPRESSIONS)}
    return {**values, **BY_HAND}


@pytest.mark.parametrize("text", [*EXPRESSIONS, *BY_HAND])
def test_expressions_have_the_value_that_stan_gives(text: str, by_stan: dict[str, float]) -> None:
    code = f"data {{ int N; int K; real a; array[3] int t; vector[3] v; real<lower=({text})> x; }}"
    bound = declarations(code).data["x"].lower
    assert bound is not None
    assert str(bound) == text
    assert bound.evaluate(ENV) == pytest.approx(by_stan[text], rel=1e-14)


@pytest.mark.parametrize(
    "expression",
    [
        Variable("absent"),
        Call("f", (Literal(1),)),
        Call("+", (Variable("absent"), Literal(1))),
        Call("%/%", (Literal(1), Literal(0))),
        Call("/", (Literal(1.5), Literal(0))),
        Call("size", (Variable("matrix"),)),
        Call("*", (Variable("v"), Variable("v"))),
        Call("+", (Variable("v"), Variable("matrix"))),
        Call("[]", (Variable("v"), Literal(4))),
        Call("[]", (Variable("v"), Literal(0))),
        Call("[]", (Variable("v"), Call(":", (Literal(2), Literal(9))))),
        Call("min", (Variable("empty"),)),
        Call("choose", (Literal(1), Literal(2), Literal(3))),
        Call("rows", (Variable("v"),)),
    ],
    ids=str,
)
def test_what_only_stan_can_evaluate_is_none(expression: Call) -> None:
    env = {**ENV, "matrix": np.ones((2, 3)), "empty": np.empty(0)}
    assert expression.evaluate(env) is None


def test_matrices_have_rows_and_columns() -> None:
    matrix = {"x": np.ones((2, 3))}
    assert Call("rows", (Variable("x"),)).evaluate(matrix) == 2
    assert Call("cols", (Variable("x"),)).evaluate(matrix) == 3


@pytest.mark.parametrize(
    ("declaration", "env", "shape"),
    [
        ("real x", {}, ()),
        ("array[N, 2] vector[K] x", {"N": 3, "K": 4}, (3, 2, 4)),
        ("array[2 * N + 1] real x", {"N": 3}, (7,)),
        ("cov_matrix[K] x", {"K": 3}, (3, 3)),
        ("vector[N] x", {"N": 0}, (0,)),
        ("vector[N] x", {}, None),
        ("vector[N - 5] x", {"N": 3}, None),
        ("array[twice(N)] real x", {"N": 3}, None),
    ],
)
def test_shape(declaration: str, env: dict[str, int], shape: tuple[int, ...] | None) -> None:
    assert declarations(in_block("data", declaration)).data["x"].shape(env) == shape


def test_a_declaration_in_parts() -> None:
    code = in_block("data", "array[2, N] matrix<lower=0, upper=a>[K, 3] x")
    assert declarations(code).data["x"] == Declaration(
        name="x",
        block="data",
        base="matrix",
        array_sizes=(Literal(2), Variable("N")),
        sizes=(Variable("K"), Literal(3)),
        lower=Literal(0),
        upper=Variable("a"),
    )
    found = declarations(code).data["x"]
    assert found.dims == ("2", "N", "K", "3")
    assert found.ndim == 4
    assert not found.is_int
    assert [size.variables() for size in found.size_expressions] == [(), ("N",), ("K",), ()]


def test_declarations_are_frozen_and_pickle() -> None:
    program = declarations(in_block("data", "vector[2 * N] x"))
    assert pickle.loads(pickle.dumps(program)) == program
    with pytest.raises(dataclasses.FrozenInstanceError):
        program.declared = ()  # type: ignore[misc]
    program.data.clear()
    assert "x" in program.data


# Compiling.

SYNTAX = "data { int N; vector[N] y }"
SEMANTIC = "parameters { real mu; }\nmodel { y ~ normal(mu, 1); }"


@pytest.mark.parametrize("with_stanc", [False, True])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (SYNTAX, r'line 1, column 26 .*\n(.*\n)+.*\^\n(.*\n)+.*Expected ";" after variable'),
        (SEMANTIC, r'line 2, column 8 .*\n(.*\n)+.*\^\n(.*\n)+.*Identifier "y" not in scope'),
        ("#include absent.stan\n", r"Could not find include file 'absent.stan'"),
    ],
)
def test_the_compilers_message_is_kept(
    code: str, message: str, with_stanc: bool, stanc: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProgramError, match=message) as caught:
        declarations(code, stanc=stanc if with_stanc else None, include_paths=[tmp_path])
    assert "'string'" not in str(caught.value)
    assert "'stdin'" not in str(caught.value)


def test_the_message_has_the_programs_name() -> None:
    with pytest.raises(ProgramError, match=r"Syntax error in 'my\.stan', line 1"):
        declarations(SYNTAX, name="my.stan")


@pytest.mark.parametrize("with_stanc", [False, True])
def test_included_files_are_found_and_read_anew(
    with_stanc: bool, stanc: Path, tmp_path: Path
) -> None:
    code = "data {\n#include part.stan\n}"
    compiler = stanc if with_stanc else None
    part = tmp_path / "a folder" / "part.stan"
    part.parent.mkdir()
    part.write_text("int N;")
    first = declarations(code, include_paths=[part.parent], stanc=compiler)
    part.write_text("int M;")
    second = declarations(code, include_paths=[part.parent], stanc=compiler)
    assert list(first.data) == ["N"]
    assert list(second.data) == ["M"]
    assert first.included_files == ((str(part),) if with_stanc else ())


def test_a_program_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "data { int once; }"
    first = declarations(code)
    monkeypatch.setattr(stanli, "stan_to_mir", None)
    assert declarations(code) is first


def test_stanc_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot run the Stan compiler"):
        declarations("data { int N; }", stanc=tmp_path / "absent")


def test_nothing_is_left_in_the_working_directory(
    stanc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    from_stanc("data { int N; }", stanc)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_stanc_cannot_be_told(stanc: Path) -> None:
    with pytest.raises(ProgramError, match="comma in its name"):
        declarations("#include x.stan\n", include_paths=["a,b"], stanc=stanc)


def test_stanc_of_another_form_leaves_sizes_to_stanli(tmp_path: Path) -> None:
    other = tmp_path / "stanc"
    other.write_text("#!/bin/sh\ncase $1 in --info) echo '{}';; *) echo '(a new form)';; esac\n")
    other.chmod(other.stat().st_mode | stat.S_IXUSR)
    assert list(declarations("data { int other_form; }", stanc=other).data) == ["other_form"]


def test_info_and_mir_must_agree(stanc: Path, tmp_path: Path) -> None:
    liar = tmp_path / "stanc"
    liar.write_text(f"#!/bin/sh\ncase $1 in --info) echo '{{}}';; *) exec {stanc} \"$@\";; esac\n")
    liar.chmod(liar.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(MirError, match="--debug-mir and --info differ"):
        from_stanc("data { int N; }", liar)


# Reading stanli's form.

SAMPLE = base64.b64decode(
    stanli.stan_to_mir(in_block("parameters", "array[2] simplex[K] x"))[len(portable.PREFIX) :]
)


def encoded(payload: bytes) -> str:
    return portable.PREFIX + base64.b64encode(payload).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("STANLI3:AAAA", "starts with 'STANLI3:AAAA'"),
        ("(program)", r"starts with '\(program\)'"),
        ("STANLI2:AA!A", "not base64"),
        ("STANLI2:", "at byte 0: it ends where 4 more bytes should be"),
        (encoded(SAMPLE[:-1]), r"at byte \d+: it ends"),
        (encoded(SAMPLE + b"\0"), r"at byte \d+: 1 bytes after the end"),
        (encoded(b"\xff\xff\xff\xff"), "at byte 4: a list of 4294967295 items"),
        (encoded(b"\1\0\0\0\1\0\0\0\xff"), "at byte 9: not UTF-8"),
        (encoded(SAMPLE.replace(b"SInt", b"SNew")), r"at byte \d+: unknown type SNew"),
    ],
)
def test_an_unknown_form_is_told_by_position(text: str, message: str) -> None:
    with pytest.raises(MirError, match=message):
        portable.read(text)


def test_an_unknown_form_names_stanlis_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stanli, "stan_to_mir", lambda *_, **__: "STANLI3:AAAA")
    with pytest.raises(
        EngineError, match=r"unknown MIR format, stanli version 0\.\d+.*pip install"
    ):
        declarations("data { int unknown_form; }")


def test_deep_nesting_is_an_error_of_ours() -> None:
    block = b"\3\1\0\0\0"
    payload = b"\0\0\0\0\1\0\0\0" + block * 20_000
    with pytest.raises(MirError, match="nested too deeply"):
        portable.read(encoded(payload))


def test_every_truncation_is_an_error_of_ours() -> None:
    for end in range(0, len(SAMPLE) - 4, 7):
        with pytest.raises(MirError):
            portable.read(encoded(SAMPLE[:end]))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, len(SAMPLE) - 1), byte=st.integers(0, 255))
def test_a_damaged_program_is_read_or_refused(place: int, byte: int) -> None:
    damaged = SAMPLE[:place] + bytes([byte]) + SAMPLE[place + 1 :]
    try:
        program = portable.read(encoded(damaged))
    except MirError:
        return
    assert isinstance(program, Program)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("(a (b) ())", ["a", ["b"], []]),
        (r'(Lit Str "2 \"N\" \206\169 \n\\")', ["Lit", "Str", '2 "N" Ω \n\\']),
    ],
)
def test_s_expressions(text: str, value: object) -> None:
    assert sexp.read(text) == value


@pytest.mark.parametrize("text", ["", "(", "(a))", "a b", ')("', '"open'])
def test_broken_s_expressions(text: str) -> None:
    with pytest.raises(MirError):
        sexp.read(text)


def test_no_regular_expression_reads_stan() -> None:
    """Comments, strings and layout that would fool a search of the source."""
    code = """
    data { // int<lower=0> commented;
      int<lower
          = 0  /* vector[3] inside; */ >
        N
      ; vector [ N ] y; }
    model { print("data { int fake; } parameters { real fake; }"); }
    """
    found = declarations(code)
    assert [str(each) for each in found.declared] == ["int<lower=0> N", "vector[N] y"]
    assert not re.findall("fake", repr(found))
