"""Formulas are taken apart as lme4 reads them, and what cannot be read is pointed at."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialpool.errors import FormulaError
from partialpool.formula.parse import parse
from partialpool.formula.tree import GroupTerm


def test_the_parts_of_a_formula() -> None:
    text = (
        "hits | trials(n) + weights(w) ~ x * log(z) - x + offset(log(e)) + offset(o) "
        "+ (x || g) + (1 | a/b)"
    )
    formula = parse(text)
    assert formula.text == str(formula) == text
    assert formula.response == "hits"
    assert (formula.trials, formula.weights, formula.se) == ("n", "w", None)
    assert formula.fixed == "1 + x * log(z) - x"
    assert formula.offsets == ("log(e)", "o")
    assert formula.groups == (
        GroupTerm("1 + x", ("g",), correlated=False),
        GroupTerm("1", ("a",)),
        GroupTerm("1", ("a", "b")),
    )
    assert formula.variables == ("hits", "n", "w", "x", "z", "e", "o", "g", "a", "b")
    assert formula.predictors == ("x", "z", "e", "o")
    assert formula.response_variables == ("hits",)
    assert [str(term) for term in formula.groups] == ["(1 + x || g)", "(1 | a)", "(1 | a:b)"]


@pytest.mark.parametrize(
    ("right", "fixed"),
    [
        ("x", "1 + x"),
        ("1", "1"),
        ("0", "0"),
        ("0 + x", "0 + x"),
        ("x - 1", "0 + x"),
        ("-1 + x", "0 + x"),
        ("x + 0", "0 + x"),
        ("0 + x + 1", "1 + x"),
        ("x - 0", "1 + x"),
        ("(1 | g) - 1", "0"),
        ("x+z", "1 + x + z"),
        ("a*b - a:b", "1 + a*b - a:b"),
        ("(a + b)**2", "1 + (a + b)**2"),
        ("I(x**2) + {x - 1}", "1 + I(x**2) + {x - 1}"),
        ("poly(x, 2) +\n  bs(z,  df=4)", "1 + poly(x, 2) + bs(z, df=4)"),
        ("`my col`:_b", "1 + `my col`:_b"),
        ("I(1e-3 * x)", "1 + I(1e-3 * x)"),
        ("I(-x) + I(x**-1)", "1 + I(-x) + I(x**-1)"),
        ("C(day, Treatment('b  c'))", "1 + C(day, Treatment('b  c'))"),
        ('C(day, Treatment("it\'s"))', '1 + C(day, Treatment("it\'s"))'),
        ("np.tanh(x) + I(np.pi * x)", "1 + np.tanh(x) + I(np.pi * x)"),
    ],
)
def test_the_fixed_part(right: str, fixed: str) -> None:
    assert parse(f"y ~ {right}").fixed == fixed


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("(1 | g)", [("1", ("g",), True)]),
        ("(x | g)", [("1 + x", ("g",), True)]),
        ("(1 + x | g)", [("1 + x", ("g",), True)]),
        ("(0 + x | g)", [("0 + x", ("g",), True)]),
        ("(x - 1 | g)", [("0 + x", ("g",), True)]),
        ("(x + z || g)", [("1 + x + z", ("g",), False)]),
        ("(x||g)", [("1 + x", ("g",), False)]),
        ("(1 | a:b)", [("1", ("a", "b"), True)]),
        ("(x | a/b/c)", [("1 + x", f, True) for f in (("a",), ("a", "b"), ("a", "b", "c"))]),
        ("(1 | a:b/c)", [("1", ("a", "b"), True), ("1", ("a", "b", "c"), True)]),
        ("(1 | `my group`)", [("1", ("my group",), True)]),
        ("(1 | `and`:`np.pi`:log)", [("1", ("and", "np.pi", "log"), True)]),
        ("(I((x > 0) | z) | g)", [("1 + I((x > 0) | z)", ("g",), True)]),
        ("(poly(x, 2) | g)", [("1 + poly(x, 2)", ("g",), True)]),
        ("((a + b)*x | g)", [("1 + (a + b)*x", ("g",), True)]),
    ],
)
def test_group_terms(term: str, expected: list[tuple[str, tuple[str, ...], bool]]) -> None:
    formula = parse(f"y ~ x + {term}")
    assert [(t.effects, t.factors, t.correlated) for t in formula.groups] == expected
    assert formula.fixed == "1 + x"
    again = parse("y ~ " + " + ".join(map(str, formula.groups)))
    assert again.groups == formula.groups


@pytest.mark.parametrize(
    ("left", "response", "parts"),
    [
        ("log(y)", "log(y)", (None, None, None)),
        ("y / 10", "y / 10", (None, None, None)),
        ("(answer == 'yes')", "(answer == 'yes')", (None, None, None)),
        ("y | weights(w)", "y", (None, "w", None)),
        ("I((y > 1) | z) | weights((w > 0) | z)", "I((y > 1) | z)", (None, "(w > 0) | z", None)),
        ("y | se(sqrt(v))", "y", (None, None, "sqrt(v)")),
        ("`at bats`|trials(10)", "`at bats`", ("10", None, None)),
        ("h | weights(2*w) + trials(n - 1)", "h", ("n - 1", "2*w", None)),
    ],
)
def test_responses(left: str, response: str, parts: tuple[str | None, ...]) -> None:
    formula = parse(f"{left} ~ x")
    assert formula.response == response
    assert (formula.trials, formula.weights, formula.se) == parts


def test_names_of_functions_arguments_and_constants_are_no_columns() -> None:
    formula = parse("y ~ bs(x, df=k) + C(t, Treatment('a')) + I(np.pi * log) + exp(exp) + Sum")
    assert formula.variables == ("y", "x", "k", "t", "log", "exp", "Sum")


BAD = [
    # formula, text at the mark, part of the message
    ("y ~ x z", "z", "an operator such as"),
    ("y ~ x, z", ", z", "an operator such as"),
    ("y ~ x + (1 | g", "(1 | g", r"'\(' is never closed"),
    ("y ~ x + 1 | g)", ")", r"'\)' closes no bracket"),
    ("y ~ I(x}", "}", r"'}' does not close '\('"),
    ("y ~ log(x", "(x", "never closed"),
    ("y ~ `my col", "`my col", "backquote is never closed"),
    ("y ~ C(x, 'a)", "'a)", "quotation mark is never closed"),
    ("y ~ x | g", "| g", "in parentheses"),
    ("y ~ (x + (1 | g))", "| g))", "in parentheses"),
    ("y ~ (1 | )", "| )", "grouping factor is missing"),
    ("y ~ ( | g)", "| g)", "effects are missing"),
    ("y ~ (1 || )", "| )", "grouping factor is missing"),
    ("y ~ (0 | g)", "0 | g)", "No effect is left"),
    ("y ~ (1 | g | h)", "| h)", "one '|'"),
    ("y ~ (1 | g + h)", "+ h)", r"\(1 \| a\) \+ \(1 \| b\)"),
    ("y ~ (1 | a*b)", "*b)", "a:b or a/b"),
    ("y ~ (1 | log(a))", "(a))", "a column of the data first"),
    ("y ~ (1 | a/)", "/)", "A column is missing"),
    ("y ~ (1 | a:a)", "a:a)", "occurs twice"),
    ("y ~ (1 | g) + (1 | g)", "(1 | g)", "written twice"),
    ("y ~ x - (1 | g)", "(1 | g)", "not subtracted"),
    ("y ~ x - offset(z)", "offset(z)", "not subtracted"),
    ("y ~ x:offset(z)", "offset(z)", "stands by itself"),
    ("y ~ offset()", "offset()", "is empty"),
    ("y ~ offset(a, b)", ", b)", "takes one expression"),
    ("y ~ x +", "+", "A term is missing"),
    ("y ~ + ", "+ ", "A term is missing"),
    ("y ~ x ~ z", "~ z", "the second"),
    ("~ x", "~ x", "response is missing"),
    ("| trials(n) ~ x", "| trials(n) ~ x", "response is missing"),
    ("y ~ ", "~ ", "Nothing is right of"),
    ("y | foo(n) ~ x", "foo(n) ~ x", r"trials\(\), weights\(\), se\(\) can"),
    ("y | trials ~ x", "trials ~ x", "cannot follow a response"),
    ("y | trials(n) | weights(w) ~ x", "| weights(w) ~ x", "One '|' is enough"),
    ("y | trials(n) + trials(m) ~ x", "trials(m) ~ x", "written twice"),
    ("y | trials() ~ x", "trials() ~ x", "is empty"),
    ("y | ~ x", "| ~ x", "is missing right of"),
    ("cbind(h, n) ~ x", "cbind(h, n) ~ x", r"hits \| trials\(n\)"),
    ("prop(h, n) ~ x", "prop(h, n) ~ x", r"hits \| trials\(n\)"),
    ("y ~ trials(n)", "trials(n)", "belongs to the response"),
    ("y ~ (1 | and)", "and)", "a column of the data first"),
    ("y ~ wobble(x)", "wobble(x)", "not a function that formulas know"),
    ("y ~ x + scael(x)", "scael(x)", r"Did you mean scale\(\)\?"),
    ("y ~ factor(x)", "factor(x)", r"C\(x\)"),
    ("y ~ np.mean(x)", "np.mean(x)", r"elementwise functions .*center\(x\)"),
    ("y ~ I(x / np.matmul(x, x))", "np.matmul(x, x))", "one real number"),
    ("y ~ np.matmul(x, x)", "np.matmul(x, x)", "one real number"),
    ("y ~ np.gcd(k, n)", "np.gcd(k, n)", "one real number"),
    ("y ~ np.modf(x)", "np.modf(x)", "one real number"),
    ("y ~ np.random.normal(x)", "np.random.normal(x)", "not a function"),
    ("y ~ x^2", "^2", r"I\(x\*\*2\)"),
    ("y ~ data$x", "$x", "Name the column alone"),
    ("y ~ x + 5", "5", "terms are columns"),
    ("y ~ 2 * x", "2 * x", r"I\(2 \* x\)"),
    ("y ~ x * 2", "x * 2", "cannot be read as terms"),
    ("y ~ 'a'", "'a'", "terms are columns"),
    ("y ~ log(x, z)", "log(x, z)", r"log\(\) takes one argument"),
    ("y ~ exp()", "exp()", r"exp\(\) takes one argument"),
    ("y ~ np.log(x, out=z)", "np.log(x, out=z)", "takes one argument"),
    ("y ~ I(np.maximum(x))", "np.maximum(x))", "takes 2 arguments"),
    ("y ~ x > z", "x > z", r"inside I\(\)"),
    ("y ~ a = z", "a = z", r"inside I\(\)"),
    ("y ~ 1/x", "1/x", r"inside I\(\)"),
    ("1 ~ x", "1 ~ x", "must name a column"),
    ("y ~ C(t, levels=['b', 'a'])", "['b', 'a'])", "no lists in formulas"),
    ("y ~ x[a]", "x[a]", "terms are columns"),
    ("y ~ .", ".", "write the columns out"),
    ("y ~ I(x %% 2)", "%% 2)", "Cannot be read"),
    ("log(y) ~ log(y)", "log(y)", "cannot predict itself"),
    ("y ~ tp(x, df=5)", "tp(x, df=5)", r"Here cr\(x, df=5\)"),
    ("y ~ x**2", "x**2", r"I\(x \*\* 2\)"),
    ("y ~ x - z", "z", "not among the terms before it"),
    ("y ~ (x + z)**0", "(x + z)**0", "a power is 2"),
    ("y ~ I(x and)", ")", "Cannot be read"),
    ("y ~ I(x if z else 1)", "if z else 1)", "an operator such as"),
    ("y ~ I((x, z))", "(x, z))", "only arithmetic"),
    ("y ~ I(lambda: x)", ": x)", "Cannot be read"),
    ("y ~ I(x z)", "z)", "an operator such as"),
    ("y ~ I(x:z)", ":z)", "Cannot be read"),
    ("y ~ x & z", "x & z", r"inside I\(\)"),
    ("y ~ I(!x)", "!x)", r"not \(x > 0\)"),
    ("y ~ I(Treatment('a'))", "Treatment('a'))", r"second argument of C\(\)"),
    ("y ~ C(t, levels=k)", "C(t, levels=k)", "unexpected keyword"),
    ("y ~ bs()", "bs()", "missing a required argument"),
]


@pytest.mark.parametrize(("text", "place", "message"), BAD, ids=[case[0] for case in BAD])
def test_what_cannot_be_read_is_pointed_at(text: str, place: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        parse(text)
    _, shown, mark = str(caught.value).split("\n")
    assert shown[2:] == text
    assert mark.strip() == "^"
    assert text[mark.index("^") - 2 :] == place


def test_a_term_cannot_be_subtracted_from_nothing() -> None:
    with pytest.raises(FormulaError, match="`x` cannot be subtracted: .* such as I"):
        parse("y ~ -x")
    with pytest.raises(FormulaError, match=r"`\(x - z\):t` cannot be read as terms"):
        parse("y ~ (x - z):t")
    assert parse("y ~ a*b + x - x - a:b").fixed == "1 + a*b + x - x - a:b"


@pytest.mark.parametrize("given", [3, None, ["y ~ x"], b"y ~ x"])
def test_a_formula_is_text(given: object) -> None:
    with pytest.raises(FormulaError, match=f"of type {type(given).__name__}"):
        parse(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_formula(text: str) -> None:
    with pytest.raises(FormulaError, match="empty"):
        parse(text)


def test_a_formula_without_a_tilde() -> None:
    with pytest.raises(FormulaError, match="no '~'"):
        parse("y + x")


def test_the_mark_is_right_in_a_formula_of_several_lines() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("y ~ x\n\t+ (1 | g))")
    _, shown, mark = str(caught.value).split("\n")
    assert shown == "  y ~ x  + (1 | g))"
    assert mark.index("^") == len(shown) - 1


TERMS = st.sampled_from(["x", "z:t", "log(w)", "I(x ** 2)", "`a b`", "poly(x, 2)", "x:z:t"])
SUMS = st.lists(TERMS, min_size=1, max_size=3, unique=True)
FACTORS = st.lists(st.sampled_from(["g", "h", "`g h`"]), min_size=1, max_size=3, unique=True)
GAPS = st.sampled_from(["", " ", "  ", "\n"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    SUMS,
    st.booleans(),
    st.lists(st.tuples(SUMS, st.booleans(), st.booleans(), FACTORS), max_size=3),
    st.lists(st.sampled_from(["w", "log(w)", "x + z"]), max_size=2),
    GAPS,
    st.randoms(use_true_random=False),
)
def test_parts_put_together_are_found_again(fixed, intercept, groups, offsets, gap, random) -> None:  # type: ignore[no-untyped-def]
    plus = f"{gap}+{gap}"
    wanted = []
    pieces = [] if intercept else ["0"]
    for terms, own, correlated, factors in groups:
        effects = f"{int(own)} + {' + '.join(terms)}"
        term = GroupTerm(effects, tuple(name.strip("`") for name in factors), correlated)
        if term not in wanted:
            wanted.append(term)
            spelled = plus.join([str(int(own)), *terms])
            bar = "|" if correlated else "||"
            pieces.append(f"({gap}{spelled}{gap}{bar}{gap}{':'.join(factors)})")
    fixed_at = len(pieces)
    pieces += [*fixed, *(f"offset({gap}{text})" for text in offsets)]
    order = list(range(len(pieces)))
    random.shuffle(order)
    formula = parse(f"y{gap}~{gap}{plus.join(pieces[i] for i in order)}")
    fixed_order = [pieces[i] for i in order if fixed_at <= i < fixed_at + len(fixed)]
    assert formula.fixed == f"{int(intercept)} + {' + '.join(fixed_order)}"
    assert sorted(map(str, formula.groups)) == sorted(map(str, wanted))
    assert sorted(formula.offsets) == sorted(offsets)


def test_formulaic_is_imported_only_when_a_formula_is_read() -> None:
    code = (
        "import sys, partialpool.formula.parse, partialpool.design.design\n"
        "print('formulaic' in sys.modules)\n"
        "partialpool.formula.parse.parse('y ~ x'); print('formulaic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
