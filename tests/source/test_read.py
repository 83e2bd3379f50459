"""What a program declares, read from its text: every type, constraint and block.

The reference is Stan's compiler: what its `--info` says of names, types and dimensions, and how
its `--auto-format` spells each declaration. Without CmdStan, stanli's columns are the reference.
"""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stanli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partialpool.errors import ProgramError
from partialpool.programs import get, names
from partialpool.source import Declaration, declarations
from partialpool.source.expressions import Literal, Variable

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
    "real<lower=0.001, upper=1e300> x",
    "real<lower=(N + 1) * 2 - (3 - 1)> x",
    "real<upper=(2 ^ 3) ^ 2> x",
    "real<upper=2 ^ 3 ^ 2> x",
    "real<lower=(a > 0 ? 1.0 : 2.0)> x",
    "real<lower=(N > 1 && (K < 3 || K == 7))> x",
    "real<lower=!N> x",
    "real<lower=normal_cdf(1 | 0, 2)> x",
    "real<upper=(K ? 1 : N ? 2 : 3)> x",
    "real<lower=-a ^ -2> x",
    "real<lower=(1.0, 2).2> x",
    "real<lower=.5, upper=1_000> x",
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
    "vector<lower=v[g[:, 1]]>[N] x",
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


BLOCKS = {
    "data": TYPES + INT_TYPES,
    "parameters": TYPES + PARAMETER_TYPES,
    "transformed parameters": TYPES,
    "generated quantities": TYPES + INT_TYPES,
}
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
INFO = {"data": "inputs"}
"""What stanc's `--info` calls a block, where it is another name."""


def by_stanc(stanc: Path, option: str, code: str, folder: Path) -> str:
    path = folder / "program.stan"
    path.write_text(code, encoding="utf-8")
    command = [stanc, option, "--max-line-length=100000", path]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout


def check_with_stanc(code: str, stanc: Path, folder: Path) -> None:
    """Compare names, types and dimensions in every block with what stanc says."""
    info = json.loads(by_stanc(stanc, "--info", code, folder))
    read = declarations(code).declared
    for block in BLOCKS:
        ours = {each.name: described(each) for each in read if each.block == block}
        assert ours == info[INFO.get(block, block)]
        assert list(ours) == list(info[INFO.get(block, block)])


def described(declaration: Declaration) -> dict[str, Any]:
    """Describe a variable as stanc does."""
    kind: Any = "int" if declaration.is_int else "complex" if declaration.is_complex else "real"
    if declaration.base == "tuple":
        kind = [described(element) for element in declaration.elements]
    return {"type": kind, "dimensions": declaration.ndim}


def all_types(block: str) -> str:
    """Write a program with all that a block may declare."""
    return in_block(block, "; ".join(f"{each}{i}" for i, each in enumerate(BLOCKS[block])))


@pytest.mark.parametrize(
    ("block", "number", "declaration"),
    [(block, i, each) for block, types in BLOCKS.items() for i, each in enumerate(types)],
)
def test_a_declaration_comes_back_as_written(block: str, number: int, declaration: str) -> None:
    read = declarations(all_types(block)).all[f"x{number}"]
    assert str(read) == f"{declaration}{number}"
    assert read.block == block


@pytest.mark.parametrize("block", BLOCKS)
def test_stanc_spells_every_declaration_so(block: str, stanc: Path, tmp_path: Path) -> None:
    code = all_types(block)
    check_with_stanc(code, stanc, tmp_path)
    formatted = by_stanc(stanc, "--auto-format", code, tmp_path)
    written = {re.sub(" *: *", ":", line.strip()) for line in formatted.splitlines()}
    read = {re.sub(" *: *", ":", f"{each};") for each in declarations(code).declared}
    assert read <= written


def test_the_blocks_are_told_apart_and_in_order() -> None:
    code = """
    data { int N; vector[N] y; }
    transformed data { int M = N + 1; vector[M] z; real<lower=0> hidden = 1; }
    parameters { real mu; vector<offset=mu>[M] theta; }
    transformed parameters { real t1 = mu; array[M] real<lower=mu> t2; { real local = 1; }
                             for (m in 1 : M) t2[m] = mu + 1; }
    model { real local; theta ~ normal(mu, 1); }
    generated quantities { int<lower=0> g1 = 1; array[2] vector[M] g2; { real local = 1; } }
    """
    program = declarations(code)
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
    "several of one type": """
        generated quantities { real a, b = 2, c; array[2] int<lower=0> d = {1, 2}, e;
                               tuple(real, int) f = (1, 2), g; vector[2] h = [max({1, 2}), 3]', i;
                               (a, c) = (f.1, b); ; e = {3, 4}; complex z = 2 + 3i; }""",
    "statements without braces": """
        transformed data { real x; if (1) int y = 2; else int z = 3; for (i in 1 : 2) real w = i;
                           while (0) if (1) x = 1; else { real v = 2; x = v; } }
        generated quantities { real a; if (1) { real b = 2; a = b; } else if (2) { a = 3; } else
                               a = 4; real c = a; }""",
    "names that begin like types": """
        data { int integer; real realm; vector[2] vector_of; int array_size;
               real lowered; real<lower=lowered> uppers; real tuples; real modeled; }""",
    "comments and strings": """
        // data { int a; }
        functions { void say() { print("data { int d; } /* ", "// ", "\\"); } }
        /* parameters { real b; } " */ data { int c; } // "
        parameters { real e; /* } real f; // */ real<lower=/* upper=1> */0> g; }
        model { say(); print("}"); } generated quantities { real h = 1; print("real i; }", h); }""",
}


@pytest.mark.parametrize("name", OTHER_PROGRAMS)
def test_stanc_agrees_on_other_programs(name: str, stanc: Path, tmp_path: Path) -> None:
    check_with_stanc(OTHER_PROGRAMS[name], stanc, tmp_path)


@pytest.mark.parametrize("name", names())
def test_stanc_agrees_on_the_catalogue(name: str, stanc: Path, tmp_path: Path) -> None:
    check_with_stanc(get(name).full_code, stanc, tmp_path)


@pytest.mark.parametrize("name", names())
def test_example_data_have_the_declared_shapes(name: str) -> None:
    program, example = declarations(get(name).full_code), get(name).example_data()
    for declaration in program.data.values():
        shape, given = declaration.shape(example), np.shape(example[declaration.name])
        assert shape == given or (0 in (shape or ()) and given == (0,))  # JSON: [] is any of these
    assert all(declaration.shape(example) is not None for declaration in program.declared)


def test_stanli_has_as_many_columns_as_the_shapes_say() -> None:
    code = """
    data { int N; array[N] int n; matrix[N, 2] X; }
    transformed data { int M = N * 2, L = M - 1; int changed = 3; changed += 1; }
    parameters { real a; vector[M] b; array[N, 2] simplex[3] c; cov_matrix[N] d; matrix[L, 2] e;
                 cholesky_factor_cov[3, 2] f; sum_to_zero_vector[L] g; array[sum(n)] real h;
                 row_vector[cols(X)] i; vector[choose(N, 2) %/% 2 + n[2]] j; }
    model { a ~ normal(0, 1); b ~ normal(0, 1); to_vector(e) ~ normal(0, 1); g ~ normal(0, 1); }
    generated quantities { array[N > 2 ? M : L] int k; vector[max({M, L})] l; matrix[N, 0] o;
                           for (x in 1 : size(k)) k[x] = 1; l = rep_vector(0, max({M, L})); }"""
    data = {"N": 3, "n": [1, 2, 3], "X": [[1, 2]] * 3}
    env = {name: np.array(value) for name, value in data.items()}
    model = stanli.Model(stan_code=code, data=data)
    fit = model.sample(chains=1, warmup=1, samples=1, refresh=0)
    program = declarations(code)
    for name, declaration in program.all.items():
        if declaration.block != "data" and name != "o":
            assert np.prod(declaration.shape(env)) == fit.draws(name).size, name
    assert program.all["o"].shape(env) == (3, 0)
    assert set(program.all) == {*fit.variables} - {"lp__"} | {*data, "o"}


# Constants of transformed data.


@pytest.mark.parametrize(
    ("transformed_data", "shape"),
    [
        ("int K = 3;", (3,)),
        ("int J = N, K = J * 2;", (8,)),
        ("int N2 = 2 * N; int<lower=0> K = N2 %/% 3; real z = K;", (2,)),
        ("int K = size(y) + num_elements(y);", (8,)),
        ("int K; K = 3;", (3,)),
        ("int K = 3; K += 1;", None),
        ("int K = 3; if (N > 2) K = 4;", None),
        ("int K = 3; { for (i in 1:2) { K *= 2; } }", None),
        ("int J = 3; J = 4; int K = J;", None),
        ("int K = 3, J = 3; (J, K) = (1, 2);", None),
        ("array[1] int k = {3}; k[1] = 4; int K = k[1];", None),
        ("int K = f(N);", None),
    ],
)
def test_constants_of_transformed_data(
    transformed_data: str, shape: tuple[int, ...] | None
) -> None:
    code = f"""functions {{ int f(int n) {{ return n + 1; }} }} data {{ int N; vector[N] y; }}
        transformed data {{ {transformed_data} }} parameters {{ vector[K] x; }} model {{ }}"""
    stanli.stan_to_mir(code)
    declared = declarations(code).parameters["x"]
    assert str(declared) == "vector[K] x"
    assert declared.shape({"N": 4, "y": np.ones(4)}) == shape


# Parts of a declaration.


@pytest.mark.parametrize(
    ("declaration", "env", "shape"),
    [
        ("real x", {}, ()),
        ("array[N, 2] vector[K] x", {"N": 3, "K": 4}, (3, 2, 4)),
        ("array[2 * N + 1] real x", {"N": 3}, (7,)),
        ("array[N] real x", {"N": np.int64(3)}, (3,)),
        ("cov_matrix[K] x", {"K": 3}, (3, 3)),
        ("cholesky_factor_cov[K] x", {"K": 3}, (3, 3)),
        ("cholesky_factor_cov[4, K] x", {"K": 3}, (4, 3)),
        ("vector[N] x", {"N": 0}, (0,)),
        ("vector[N] x", {}, None),
        ("vector[N - 5] x", {"N": 3}, None),
        ("array[twice(N)] real x", {"N": 3}, None),
    ],
)
def test_shape(declaration: str, env: dict[str, int], shape: tuple[int, ...] | None) -> None:
    assert declarations(in_block("data", declaration)).data["x"].shape(env) == shape


def test_a_declaration_in_parts() -> None:
    read = declarations(in_block("data", "array[2, N] matrix<lower=0, upper=a>[K, 3] x")).data["x"]
    assert read == Declaration(
        name="x",
        block="data",
        base="matrix",
        array_sizes=(Literal("2"), Variable("N")),
        sizes=(Variable("K"), Literal("3")),
        lower=Literal("0"),
        upper=Variable("a"),
    )
    assert read.dims == ("2", "N", "K", "3")
    assert read.ndim == 4
    assert not read.is_int
    assert [len(size.variables()) for size in read.size_expressions] == [0, 1, 1, 0]


def test_declarations_are_frozen_and_pickle() -> None:
    program = declarations(in_block("data", "vector[2 * N] x"))
    assert pickle.loads(pickle.dumps(program)) == program
    with pytest.raises(dataclasses.FrozenInstanceError):
        program.declared = ()  # type: ignore[misc]
    program.data.clear()
    assert "x" in program.data


def test_a_program_is_read_once_and_never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stanli, "stan_to_mir", None)
    code = "data { int once; }"
    assert declarations(code) is declarations(code)


# Texts that are no programs.


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("data { int N; vector[N] y }", "line 1, column 26: ',' is expected, but '}' is there"),
        (
            "data { int N;\n vectr[N] y; }",
            "line 2, column 1: a declaration is expected, but 'vectr'",
        ),
        ("data { array[N] vectr y; }", "line 1, column 16: a type is expected, but 'vectr'"),
        ("data { int N = 3; }", "',' is expected, but '=' is there"),
        ("data { int N[3]; }", r"',' is expected, but '\[' is there"),
        ("data { vector[2, 3] x; }", "vector with 1 sizes is expected, but 'x' is there"),
        ("data { matrix[2] x; }", "matrix with 2 sizes is expected"),
        (
            "data { real<low=0> x; }",
            "one of lower, upper, offset, multiplier is expected, but 'low'",
        ),
        ("data { real<lower=> x; }", "an expression is expected, but '>' is there"),
        ("data { real<lower=0 x; }", "',' is expected, but 'x' is there"),
        ("data { int 3; }", "a name is expected, but '3' is there"),
        ("data { int N;", "a declaration is expected, but the end of the program is there"),
        ("model { real x; ", "more text is expected, but the end of the program is there"),
        ("generated quantities { real x = 1 }", "more text is expected"),
        ("dato { int N; }", r"a block in place of 'dato' is expected, but '\{' is there"),
        ("data { real<lower=f(" + "(" * 5000, "a less deeply nested expression is expected"),
        ("int N;", "a block in place of 'int N' is expected, but ';' is there"),
        ("3", "a name is expected, but '3' is there"),
    ],
)
def test_what_is_no_declaration_is_told_by_its_place(code: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        declarations(code)


@settings(SLOW, max_examples=200)
@given(st.data())
def test_a_damaged_program_is_read_or_refused(data: st.DataObject) -> None:
    code = in_block("parameters", "array[2] vector<lower=v[1 : 2]', upper=(a ? 1 : N)>[2 * K] x")
    start = data.draw(st.integers(0, len(code)))
    put_in = data.draw(st.text("{}[]()<>,;=\"/*:?'1aN .", max_size=3))
    damaged = code[:start] + put_in + code[start + data.draw(st.integers(0, 3)) :]
    try:
        assert declarations(damaged).declared
    except ProgramError as error:
        assert re.match(r"line \d+, column \d+: .* is expected, but .* is there", str(error), re.S)


# Declarations among all that is none, in any layout.

BETWEEN = [
    "",
    " ",
    "\n\t",
    " /* int<lower=0> fake; */ ",
    ' // real fake; " {\n',
    "/***/",
    "/* } */",
]
FAKES = {
    "data": ["", ";"],
    "parameters": ["", ";"],
    "transformed parameters": [
        "{ real fake; vector[N] fakes = rep_vector(1, N); }",
        "for (i in 1 : N) { real fake = i; if (fake > 2) { array[2] int fakes; } }",
        'print("real fake; } generated quantities { int fake; ", N);',
        'if (N > 1) { } else print("data { int fake; }");',
        "while (N < 0) real fake = 1;",
        'profile("real fake;") { real fake = 2; }',
        ";",
    ],
}
FAKES["generated quantities"] = FAKES["transformed parameters"]
WORD = re.compile(r"[\w.]*\d[eE][+-]?\d+|[\w.]+|%/%|[<>=!&|]{2}|\S")


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    """Write a program whose declarations are known, with fakes between and in another layout."""
    code, expected = FUNCTIONS + draw(laid_out(DATA.replace("%s\n}", ""))), []
    for block, types in BLOCKS.items():
        code += f"\n{block} {{" if block != "data" else ""
        for declaration in draw(st.lists(st.sampled_from(types), max_size=3)):
            expected.append((block, f"{declaration}{len(expected)}"))
            code += draw(laid_out(f"{expected[-1][1]};")) + draw(st.sampled_from(FAKES[block]))
        code += "}"
    return code, expected


@st.composite
def laid_out(draw: st.DrawFn, text: str) -> str:
    """Put blanks and comments between the words of a text."""
    written = ""
    for word in WORD.findall(text):
        between = draw(st.sampled_from(BETWEEN))
        joined = written[-1:] + word[0]
        written += between or (" " if re.fullmatch(r"[\w.]{2}|[<>=/*.|&!]{2}", joined) else "")
        written += word
    return written + draw(st.sampled_from(BETWEEN))


def check_read(case: tuple[str, list[tuple[str, str]]]) -> None:
    code, expected = case
    read = [(each.block, str(each)) for each in declarations(code).declared]
    assert read[6:] == expected


@settings(SLOW, max_examples=50)
@given(programs())
def test_any_layout_is_read(case: tuple[str, list[tuple[str, str]]]) -> None:
    check_read(case)


@settings(SLOW, max_examples=10)
@given(programs())
def test_stan_compiles_these_layouts(case: tuple[str, list[tuple[str, str]]]) -> None:
    """A text that is not Stan would show nothing."""
    check_read(case)
    stanli.stan_to_mir(case[0])


OVERLOADS = {
    "a size": "vector[max(0, 0, 0)] y",
    "a bound": "real<lower=max(0, 0, 0)> y",
}


@pytest.mark.parametrize("kind", OVERLOADS)
def test_a_function_of_the_program_is_not_stans(kind: str) -> None:
    """A program may overload Stan's functions: then only Stan knows their values."""
    code = f"""functions {{ int max(int a, int b, int c) {{ return 2; }} }}
    parameters {{ {OVERLOADS[kind]}; }}"""
    declared = declarations(code).parameters["y"]
    if kind == "a size":
        assert declared.shape({}) is None
    else:
        assert declared.lower is not None
        assert declared.lower.evaluate({}) is None
    other = declarations("parameters { vector[max(3, 4)] y; }").parameters["y"]
    assert other.shape({}) == (4,)


@pytest.mark.parametrize("how", ["real c = 3;", "real c; c = 3;"])
def test_a_real_constant_is_real(how: str) -> None:
    """Half of a real 3 is 1.5, of an integer 1: also where it is set later."""
    code = f"""transformed data {{ {how} int n = 3; }}
    parameters {{ real<lower=n / 2, upper=c / 2> y; }}"""
    declared = declarations(code).parameters["y"]
    assert declared.upper is not None
    assert declared.lower is not None
    assert (declared.lower.evaluate({}), declared.upper.evaluate({})) == (1, 1.5)


def test_a_constant_may_be_set_after_it_is_declared() -> None:
    later = "transformed data { int K; K = 2; } parameters { vector[K] y; }"
    assert declarations(later).parameters["y"].shape({}) == (2,)
    branch = "transformed data { int K; if (1) K = 2; } parameters { vector[K] y; }"
    assert declarations(branch).parameters["y"].shape({}) is None


def test_a_carriage_return_ends_a_comment() -> None:
    assert list(declarations("data { int N; // x\r int M;\n }").data) == ["N", "M"]


def test_a_density_without_arguments_after_the_bar() -> None:
    code = """functions { real bar_lpmf(int n) { return 0; } }
    transformed data { real c = bar_lpmf(1 | ); } parameters { real y; }"""
    assert list(declarations(code).parameters) == ["y"]
