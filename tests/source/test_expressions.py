"""Sizes and bounds: their value is Stan's, their spelling the user's."""

from __future__ import annotations

import numpy as np
import pytest
import stanli

from partialpool.source import declarations
from partialpool.source.expressions import Call, Expr, Literal, Variable
from partialpool.source.parser import Parser

ENV = {"N": 7, "K": -3, "a": 2.5, "t": np.array([3, 1, 2]), "v": np.array([0.5, 1.5, -2.0])}
DATA = "int N; int K; real a; array[3] int t; vector[3] v;"

EXPRESSIONS = [
    "N + K * 2 - 1",
    "N - (K - 1)",
    "-N %/% 2",
    "N %/% K",
    "N / K",
    "N % K",
    "-N % 2",
    "N * 3 %/% 2",
    "N - K - 1",
    "a / 2",
    "a * a - 1",
    "1_000 + .5 + 2. + 1e-3 + 1.5E2",
    "2 ^ 3 ^ 2",
    "(2 ^ 3) ^ 2",
    "-a ^ 2",
    "2 ^ -1",
    "N > 3 ? 1 : 0",
    "N < 3 ? 1 : K > 0 ? 2 : 3",
    "N > 3 && K > 0",
    "N > 3 || K > 0",
    "N < 3 && K < 0 || N > 3",
    "N == 7",
    "N != 7",
    "N <= 7",
    "N >= 8",
    "N > 3 == K > 3",
    "!N",
    "!N + 1",
    "+N",
    "max({N, K, 2})",
    "min(v)",
    "max(N, K)",
    "fmax(a, 2)",
    "fmin(a, 2)",
    "choose(N, 3)",
    "pow(a, 2)",
    "size(t)",
    "num_elements(v)",
    "t[2]",
    "t[t[1]]",
    "sum(v[{1, 3}])",
    "sum(v[2 : 3])",
    "sum(v[2 :])",
    "sum(v[:])",
    "sum(v + 1)",
    "sum(2 * v)",
    "sum(v .* v)",
    "sum(v ./ v)",
    "sum([1, 2, 3])",
    "sum(v')",
    "abs(K)",
    "square(a)",
    "sqrt(a)",
    "log(a) + exp(a)",
    "floor(a) + ceil(a)",
    "pi() + e()",
    "positive_infinity()",
    "negative_infinity()",
    # what Stan has for reals only is real of integers too: the division after it is no integer's
    "square(N) / 2",
    "fmax(N, K) / 2",
    "fmin(N, 3) / 2",
    "floor(N) / 2",
    "ceil(N) / 2",
    "sum([1, N, 1]) / 2",
    "(N > 3 ? 1 : 2.5) / 2",
    "(N < 3 ? 1 : 2.5) / 2",
    "fmax(log(-1), 1)",
    "prod(t)",
    "mean(v)",
    "log2(a) + log10(a) + log1p(a)",
    "inv(N)",
    "machine_precision()",
    "sqrt2()",
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
    data {{ {DATA} }} parameters {{ real z; }} model {{ z ~ normal(0, 1); }}
    generated quantities {{ {quantities} }}"""
    fit = stanli.Model(stan_code=code, data=ENV).sample(chains=1, warmup=1, samples=1, refresh=0)
    values = {text: float(np.ravel(fit.draws(f"x{i}"))[0]) for i, text in enumerate(EXPRESSIONS)}
    return {**values, **BY_HAND}


@pytest.mark.parametrize("text", [*EXPRESSIONS, *BY_HAND])
def test_expressions_have_the_value_that_stan_gives(text: str, by_stan: dict[str, float]) -> None:
    bound = declarations(f"data {{ {DATA} real<lower=({text})> x; }}").data["x"].lower
    assert bound is not None
    assert str(bound) == f"({text})"
    assert bound.evaluate(ENV) == pytest.approx(by_stan[text], rel=1e-14)


def test_an_integer_stays_one() -> None:
    for text in (
        "N %/% 2",
        "N / 2",
        "N * 2",
        "max({N, 3})",
        "t[2]",
        "sum(t)",
        "size(v)",
        "(N > 3)",
    ):
        assert type(Parser(text).expression().evaluate(ENV)) is int


@pytest.mark.parametrize(
    "text",
    [
        "absent",
        "f(1)",
        "absent + 1",
        "1 %/% 0",
        "1.5 / 0",
        "size(matrix)",
        "v * v",
        "v + matrix",
        "1 / matrix",
        "v %/% 2",
        "v[4]",
        "v[0]",
        "v[2 : 9]",
        "v[0 : 2]",
        "min(empty)",
        "choose(1, 2, 3)",
        "rows(v)",
        "fmax(v, 1)",
        "v[1 : 2] + v",
        '"text"',
        "2i",
        "(1, 2)",
        "t.1",
    ],
)
def test_what_only_stan_can_evaluate_is_none(text: str) -> None:
    env = {**ENV, "matrix": np.ones((2, 3)), "empty": np.empty(0)}
    assert Parser(text).expression().evaluate(env) is None


def test_matrices_have_rows_and_columns() -> None:
    env = {"x": np.ones((2, 3))}
    assert [Parser(f"{name}(x)").expression().evaluate(env) for name in ("rows", "cols")] == [2, 3]


def test_a_sum_of_many_terms_is_left_to_stan() -> None:
    expression: Expr = Parser(" + ".join(["N"] * 20_000)).expression()
    assert expression.evaluate(ENV) is None


def test_the_tree_of_an_expression() -> None:
    assert Parser("f(2 * N[1], -x')").expression() == Call(
        "f",
        (
            Call("*", (Literal("2"), Call("[]", (Variable("N"), Literal("1"))))),
            Call("-", (Call("'", (Variable("x"),)),)),
        ),
    )
    assert Parser("a + b * a").expression().variables() == (Variable("a"), Variable("b"))


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("2*N+1", "2 * N + 1"),
        ("a?b:c", "a ? b : c"),
        ("f( x ,y )", "f(x, y)"),
        ("normal_lpdf( y|mu,1 )", "normal_lpdf(y | mu, 1)"),
        ("x[ ,1:2,: 3, 4: ,:]", "x[:, 1 : 2, 1 : 3, 4 :, :]"),
        ("t.1.2[3]'", "t.1.2[3]'"),
        ("- ( x ) ^2", "-(x) ^ 2"),
        ("{ { 1,2 } , {3,4} }", "{{1, 2}, {3, 4}}"),
        ('f("a, b")', 'f("a, b")'),
    ],
)
def test_spelling_is_stans(written: str, spelled: str) -> None:
    expression = Parser(written).expression()
    assert str(expression) == spelled
    assert Parser(spelled).expression() == expression
