"""Designs: columns against plain NumPy, other data, saving, and bad input in plain words."""

from __future__ import annotations

import dataclasses
import io
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from design import brute_design as brute
from hypothesis import given, settings
from hypothesis import strategies as st

from partialpool.design.design import Design, build
from partialpool.errors import DataError, DataWarning, OptionError
from partialpool.formula.parse import parse


def make(text: str, data: Any, **options: Any) -> Design:
    return build(parse(text), data, **options)


ATOMS = st.lists(
    st.sampled_from([*brute.NUMERIC, *brute.LEVELS]), min_size=1, max_size=3, unique=True
).filter(lambda atoms: not {"x", "center(x)"} <= set(atoms))  # the same but for the intercept


@st.composite
def sums(draw: st.DrawFn) -> tuple[list[tuple[str, ...]], bool]:
    """A sum of terms, hierarchical: an interaction comes after its parts."""
    atoms = draw(ATOMS)
    terms = [(atom,) for atom in atoms]
    pairs = [(a, b) for i, a in enumerate(atoms) for b in atoms[i + 1 :]]
    if pairs:
        terms += draw(st.lists(st.sampled_from(pairs), max_size=2, unique=True))
    return terms, draw(st.booleans())


def spelled(terms: list[tuple[str, ...]], intercept: bool) -> str:
    return " + ".join([str(int(intercept)), *(":".join(term) for term in terms)])


FACTORS = st.lists(st.sampled_from(["g", "h", "u", "t"]), min_size=1, max_size=2, unique=True)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(sums(), st.lists(st.tuples(sums(), FACTORS), max_size=2), st.integers(0, 10**6))
def test_random_formulas_against_numpy(
    fixed: tuple[list[tuple[str, ...]], bool],
    groups: list[tuple[tuple[list[tuple[str, ...]], bool], list[str]]],
    seed: int,
) -> None:
    data = brute.table(seed)
    seen: dict[frozenset[str], Any] = {}
    groups = [group for group in groups if seen.setdefault(frozenset(group[1]), group) is group]
    text = f"y ~ {spelled(*fixed)}"
    for effects, factors in groups:
        text += f" + ({spelled(*effects)} | {':'.join(factors)})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # slopes of t in groups of t
        design = make(text, data)
    rng = np.random.default_rng(seed + 1)
    order = rng.permutation(len(data))
    few = data.iloc[order[:7]].drop(columns="y")
    few["t"] = few["t"].astype(object)
    few["u"] = pd.Categorical(few["u"], categories=["day 10", "day 2"])
    on_few = design.on(few)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        permuted = make(text, data.iloc[order])

    for made, frame in ((design, data), (on_few, few), (permuted, data.iloc[order])):
        expected = brute.columns(*fixed, data, frame)
        intercept = fixed[1]
        assert made.intercept == intercept
        assert list(made.coefficients) == expected.names[intercept:]
        np.testing.assert_allclose(made.X, expected.columns[:, intercept:], rtol=1e-9, atol=1e-11)
        assert not made.offset.any()
        assert list(made.data.index) == list(frame.index)
        for group, (effects, factors) in zip(made.groups, groups, strict=True):
            expected = brute.columns(*effects, data, frame)
            assert list(group.coefficients) == expected.names
            np.testing.assert_allclose(group.Z, expected.columns, rtol=1e-9, atol=1e-11)
            levels, rows = brute.groups(tuple(factors), data)
            assert list(group.levels) == levels
            where = dict(zip(data.index, rows, strict=True))
            assert group.codes.tolist() == [where[label] for label in frame.index]
            assert group.label == group.factor == ":".join(factors)
            assert group.correlated == (len(expected.names) > 1)
    assert design.response is not None
    assert np.array_equal(design.response.y, data["y"])
    assert on_few.response is None


def test_the_brute_force_is_no_copy_of_the_package() -> None:
    """The control: with other categories left out, the comparison fails."""
    data = brute.table(3)
    data["t"] = data["t"].cat.reorder_categories(["high", "mid", "low", "never"])
    expected = brute.columns([("t",)], True, data, data)
    assert list(make("y ~ t", data).coefficients) != expected.names[1:]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return brute.table(0)


def test_a_design_holds_nothing_of_rows_by_groups() -> None:
    rng = np.random.default_rng(0)
    rows, groups = 4000, 1000
    frame = pd.DataFrame({"y": rng.normal(size=rows), "x": rng.normal(size=rows)})
    frame["g"] = rng.permutation(np.arange(rows) % groups)
    design = make("y ~ x + (1 + x | g)", frame)
    (group,) = design.groups
    assert group.Z.shape == (rows, 2)
    assert group.codes.shape == (rows,)
    assert group.codes.dtype == np.int64
    assert len(group.levels) == groups
    assert group.levels[:3] == (0, 1, 2)
    assert all(type(level) is int for level in group.levels)


def test_memory_is_of_the_size_of_the_data() -> None:
    rng = np.random.default_rng(0)
    rows = 40_000
    frame = pd.DataFrame({"y": rng.normal(size=rows), "x": rng.normal(size=rows)})
    frame["g"] = rng.integers(0, 4000, size=rows)
    frame["half"] = frame.x > 0
    make("y ~ poly(x, 4)", frame[:10])  # imports, which are not counted
    tracemalloc.start()
    try:
        design = make("y ~ poly(x, 4) + (1 + poly(x, 4) | g) + (1 | g:half)", frame)
        held, peak = tracemalloc.get_traced_memory()
        design.on(frame)
        _, peak_on = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    column = 8 * rows
    assert held < 20 * column  # 4 of X, 6 of Z, 2 of codes, 4 of data, y and offset: 18
    assert max(peak, peak_on) < 60 * column  # a matrix of rows by groups has 4000


def test_nested_crossed_and_repeated_factors(data: pd.DataFrame) -> None:
    design = make("y ~ 1 + (1 | g/h) + (1 | h) + (0 + x | g) + (0 + z + k || g)", data)
    assert [group.label for group in design.groups] == ["g", "g:h", "h", "g.1", "g.2"]
    assert [group.factor for group in design.groups] == ["g", "g:h", "h", "g", "g"]
    assert [group.correlated for group in design.groups] == [False] * 5
    nested = design.groups[1]
    pairs = list(zip(data.g, data.h, strict=True))
    assert set(nested.levels) == {f"{g}:{h}" for g, h in pairs}
    assert [nested.levels[code] for code in nested.codes] == [f"{g}:{h}" for g, h in pairs]


def test_offsets_trials_weights_and_standard_errors(data: pd.DataFrame) -> None:
    data = data.assign(n=20, hits=data.index % 7)
    text = "hits | trials(n) + weights(2 * w) ~ x + offset(log(w)) + offset(center(z))"
    design = make(text, data)
    assert design.response is not None
    assert design.response.name == "hits"
    assert design.response.y.dtype.kind == "i"
    assert design.trials is design.response.trials
    assert np.array_equal(design.trials, data.n)
    assert np.allclose(design.weights, 2 * data.w)
    assert design.se is None
    assert np.allclose(design.offset, np.log(data.w) + data.z - data.z.mean())
    new = design.on(data[["x", "w", "z", "n"]].iloc[:5])
    assert np.allclose(new.offset, design.offset[:5])
    assert new.trials.tolist() == [20] * 5
    assert np.allclose(new.weights, design.weights[:5])
    with pytest.raises(DataError, match="newdata has no column 'n'"):
        design.on(data[["x", "w", "z"]])
    assert design.on(data[["x", "w", "z"]], with_trials=False).trials is None
    constant = make("hits | trials(10) ~ x", data)
    assert constant.on({"x": [1.0, 2.0]}).trials.tolist() == [10, 10]
    known = make("y | se(w) ~ 1 + (1 | g)", data)
    assert np.array_equal(known.se, data.w)
    assert known.on(data[["g"]]).se is None


def test_responses_of_truth_values_and_comparisons(data: pd.DataFrame) -> None:
    for text in ("(u == 'day 2') ~ x", "flag ~ x", "I(v > 2) ~ x"):
        design = make(text, data.assign(flag=data.u == "day 2"))
        assert design.response is not None
        assert design.response.y.dtype.kind == "i"
        assert set(design.response.y.tolist()) == {0, 1}


def test_categories_keep_their_order_and_lose_what_no_row_has(data: pd.DataFrame) -> None:
    design = make("y ~ t + (1 | t:g) + (1 | t)", data)
    assert design.coefficients == ("t[mid]", "t[high]")
    assert design.groups[1].levels == ("low", "mid", "high")
    numbers = data.assign(v=pd.Categorical(data.v, categories=[7, 3, 2, 1, 0]))
    assert make("y ~ v + (1 | v)", numbers).groups[0].levels == (7, 3, 2, 1)
    mixed = data.assign(g=data.g.astype(object).where(data.g != "a", 12))
    assert make("y ~ (1 | g)", mixed).groups[0].levels == (12, "b", "c9", "c10")
    padded = data.assign(g=data.h.map({4: "s01", 5: "s1", 30: "s2"}))
    for frame in (padded, padded.iloc[::-1]):
        assert make("y ~ (1 | g)", frame).groups[0].levels == ("s01", "s1", "s2")


def test_changed_order_of_categories_gives_the_same_columns(data: pd.DataFrame) -> None:
    design = make("y ~ t * x + (0 + t | g)", data)
    for order in (["high", "never", "mid", "low"], ["low", "high", "mid"]):
        other = data.assign(t=pd.Categorical(data.t.astype(str), categories=order, ordered=True))
        new = design.on(other)
        assert np.array_equal(new.X, design.X)
        assert np.array_equal(new.groups[0].Z, design.groups[0].Z)


@pytest.mark.parametrize(
    ("short", "written_out"),
    [
        ("t/x", "t + t:x"),
        ("x/t", "x + x:t"),
        ("t/u", "t + t:u"),
        ("(t + x)**2", "t + x + t:x"),
        ("(t + u + x)**2 - t:u", "t + u + x + t:x + u:x"),
        ("x:(t + u)", "x:t + x:u"),
        ("t*u*x", "t + u + t:u + x + t:x + u:x + t:u:x"),
        ("x*t - t", "x + x:t"),
        ("x + x + t:t", "x + t"),
        ("t + x:t + t:x", "t + x:t"),
        ("t/(x*k)", "t + t:x + t:k + t:x:k"),
        ("t/((x + k)**2)", "t + t:x + t:k + t:x:k"),
        ("x:(t + k)**2", "x:t + x:k + x:t:k"),
        ("(x + k)/t", "x + k + x:k:t"),
        ("x:k*t", "x:k + t + x:k:t"),
        ("(x + k):(t + u)", "x:t + x:u + k:t + k:u"),
        ("(t + x + k)**3", "t + x + k + t:x + t:k + x:k + t:x:k"),
    ],
)
@pytest.mark.parametrize("intercept", ["1", "0"])
def test_operators_are_short_for_sums(
    short: str, written_out: str, intercept: str, data: pd.DataFrame
) -> None:
    one = make(f"y ~ {intercept} + {short} + ({intercept} + {short} | g)", data)
    two = make(f"y ~ {intercept} + {written_out} + ({intercept} + {written_out} | g)", data)
    for a, b in ((one, two), (one.on(data.iloc[:9]), two.on(data.iloc[:9]))):
        assert set(a.coefficients) == set(b.coefficients)
        order = [a.coefficients.index(name) for name in b.coefficients]
        assert np.array_equal(a.X[:, order], b.X)
        order = [a.groups[0].coefficients.index(name) for name in b.groups[0].coefficients]
        assert np.array_equal(a.groups[0].Z[:, order], b.groups[0].Z)
        # Columns of a factor alone or with a number are ones and zeros, or that number.
        for name, column in zip(a.coefficients, a.X.T, strict=True):
            factors = [part.split("[") for part in name.split(":")]
            expected = np.ones(len(a.X))
            for variable, *level in factors:
                values = a.data[variable].astype(str if level else float)
                expected = expected * ((values == level[0][:-1]) if level else values).to_numpy()
            assert np.array_equal(column, expected), name


@pytest.mark.parametrize("call", ["C(t)", "T(t, 'mid')", "S(t)", "C(v)", "C(t, Treatment('mid'))"])
def test_coded_categories_on_rows_of_one_level(call: str, data: pd.DataFrame) -> None:
    design = make(f"y ~ {call}", data)
    for row in range(6):
        assert np.array_equal(design.on(data.iloc[[row]]).X[0], design.X[row])


@pytest.mark.parametrize(
    "term", ["poly(x, 3)", "bs(x, df=5)", "scale(x):t", "center(log(w))", "I(x - center(z))"]
)
def test_transforms_remember(term: str, data: pd.DataFrame) -> None:
    design = make(f"y ~ {term}", data)
    some = data.iloc[[5, 3, 60]]
    np.testing.assert_allclose(design.on(some).X, design.X[[5, 3, 60]], rtol=1e-9, atol=1e-12)
    anew = design.on(some).on(data)
    np.testing.assert_allclose(anew.X, design.X, rtol=1e-9, atol=1e-12)


def test_types_of_numbers_make_no_difference(data: pd.DataFrame) -> None:
    plain = make("y ~ k + I(k ** 4) + C(v) + (1 | v)", data)
    other = data.astype({"k": "int8", "v": "Int64", "y": object})
    typed = make("y ~ k + I(k ** 4) + C(v) + (1 | v)", other)
    assert np.array_equal(plain.X, typed.X)
    assert typed.groups[0].levels == (1, 2, 3, 7)
    floats = plain.on(data.assign(v=data.v.astype(float)))
    assert np.array_equal(floats.X, plain.X)
    assert np.array_equal(floats.groups[0].codes, plain.groups[0].codes)


def test_data_may_be_a_dict_and_index_labels_may_repeat(data: pd.DataFrame) -> None:
    design = make("y ~ I(x + z) + (1 | g)", data)
    columns = {name: data[name].tolist() for name in ("y", "x", "z", "g")}
    assert np.array_equal(make("y ~ I(x + z) + (1 | g)", columns).X, design.X)
    repeated = data.set_index(np.zeros(len(data), dtype=int))
    assert np.array_equal(make("y ~ I(x + z) + (1 | g)", repeated).X, design.X)


def test_a_spline_beyond_its_data_is_warned_of(data: pd.DataFrame) -> None:
    design = make("y ~ bs(x, df=5) + (bs(z, df=4) | g)", data)
    design.on(data)
    far = data.assign(x=[9.0, -9.0, *data.x[2:]])
    with pytest.warns(DataWarning, match=r"2 of 72 rows of newdata .*`bs\(x, df=5\)`") as caught:
        design.on(far)
    assert caught[0].filename.endswith("test_design.py")


def test_labels_of_terms_are_distinct(data: pd.DataFrame) -> None:
    renamed = data.assign(**{"g.1": data.h})
    design = make("y ~ (1 | `g.1`) + (1 | g) + (0 + x | g) + (0 + z | g)", renamed)
    assert [group.label for group in design.groups] == ["g.1", "g", "g.2", "g.3"]


def test_a_design_with_less_needs_less_of_other_data(data: pd.DataFrame) -> None:
    """As complete pooling leaves the group terms out, and no pooling the population's part."""
    design = make("y ~ t + x + z + (1 + k | g) + (1 | h)", data)
    whole = design.on(data)
    few = dataclasses.replace(design, groups=())
    made = few.on(data[["t", "x", "z"]])
    assert made.groups == ()
    assert np.array_equal(made.X, whole.X)
    kept = [0, 3]
    names = tuple(design.coefficients[i] for i in kept)
    less = dataclasses.replace(
        design,
        intercept=False,
        coefficients=names,
        X=design.X[:, kept],
        groups=design.groups[1:],
    )
    made = less.on(data[["t", "x", "z", "h"]])
    assert (made.intercept, made.coefficients) == (False, names)
    assert np.array_equal(made.X, whole.X[:, kept])
    assert [group.label for group in made.groups] == ["h"]
    assert np.array_equal(made.groups[0].codes, whole.groups[1].codes)


# New groups


def test_unseen_groups(data: pd.DataFrame) -> None:
    design = make("y ~ x + (1 + x | g) + (1 | g:h)", data)
    new = pd.DataFrame(
        {"x": 1.0, "g": ["zoe", "a", "ann", "zoe", "a", "zoe"], "h": [4, 4, 99, 4, 99, 30]}
    )
    for how in ("sample", "population"):
        made = design.on(new, new_groups=how)
        first, second = made.groups
        assert first.new_levels == ("ann", "zoe")
        assert first.codes.tolist() == [-2, first.levels.index("a"), -1, -2, 0, -2]
        assert second.levels == design.groups[1].levels
        labels = [*second.levels, *second.new_levels[::-1]]  # -1 is the last, and so on
        expected = [f"{g}:{h}" for g, h in zip(new.g, new.h, strict=True)]
        assert [labels[code] for code in second.codes] == expected
        assert second.codes[1] >= 0
    with pytest.raises(DataError, match=r"`g` in newdata holds groups .*'ann', 'zoe' \(4 of 6"):
        design.on(new)
    with pytest.raises(OptionError, match="not 'guess'"):
        design.on(new, new_groups="guess")  # type: ignore[arg-type]


def test_groups_of_another_type_are_told(data: pd.DataFrame) -> None:
    design = make("y ~ (1 | h)", data)
    with pytest.raises(DataError, match=r"'4'.*known labels are of type int: 4"):
        design.on({"h": ["4", "5"]})


# Saving


def packed(frame: pd.DataFrame) -> bytes:
    """Write columns as plain arrays: codes and categories for categorical ones."""
    arrays: dict[str, np.ndarray] = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            arrays[f"codes {name}"] = column.cat.codes.to_numpy()
            arrays[f"categories {name}"] = np.array(column.cat.categories.tolist())
            arrays[f"ordered {name}"] = np.array(column.cat.ordered)
        else:
            arrays[f"column {name}"] = np.array(column.tolist())
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(content: bytes) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for key in arrays.files:
            kind, name = key.split(" ", 1)
            if kind == "column":
                columns[name] = arrays[key]
            elif kind == "codes":
                columns[name] = pd.Categorical.from_codes(
                    arrays[key], arrays[f"categories {name}"], bool(arrays[f"ordered {name}"])
                )
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    "text",
    [
        "y ~ t * scale(x) + C(v) + bs(z, df=5) + (1 + t | g/h) + (0 + poly(x, 2) || u)",
        "log(w) | weights(k + 9) ~ 0 + u + offset(center(z)) + (x | t)",
        "(t == 'low') ~ S(u) + (1 | v)",
    ],
)
def test_text_and_used_columns_make_the_same_design_again(text: str, data: pd.DataFrame) -> None:
    holes = data.copy()
    holes.iloc[3, holes.columns.get_loc("x")] = np.nan
    design = make(text, holes, na_action="drop")
    again = make(str(design.formula), unpacked(packed(design.data)))
    new = holes.dropna().iloc[10:20]
    pairs = [(design, again), (design.on(new), again.on(new))]
    for one, two in pairs:
        assert one.coefficients == two.coefficients
        for name in ("X", "offset", "weights"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), name
        for g, h in zip(one.groups, two.groups, strict=True):
            assert np.array_equal(g.Z, h.Z)
            assert np.array_equal(g.codes, h.codes)
            assert (g.levels, g.coefficients, g.label) == (h.levels, h.coefficients, h.label)
            assert [type(a) for a in g.levels] == [type(b) for b in h.levels]
    assert design.response is not None
    assert again.response is not None
    assert np.array_equal(design.response.y, again.response.y)


# Missing values


@pytest.fixture
def holes(data: pd.DataFrame) -> pd.DataFrame:
    frame = data.astype({"g": object})
    frame.iloc[[0, 1], frame.columns.get_loc("x")] = [np.nan, np.inf]
    frame.iloc[[1, 2], frame.columns.get_loc("g")] = None
    frame.iloc[4, frame.columns.get_loc("z")] = np.nan
    return frame


def test_missing_values_are_counted_by_column(holes: pd.DataFrame) -> None:
    message = r"3 of 72 rows .*'x' 1 NaN and 1 inf, 'g' 2 NaN.*na_action=\"drop\""
    with pytest.raises(DataError, match=message) as caught:
        make("y ~ x + (1 | g)", holes)
    assert "'z'" not in str(caught.value)
    nullable = holes.astype({"x": "Float64"})
    with pytest.raises(DataError, match="'x' 1 NaN and 1 inf, 'g' 2 NaN"):
        make("y ~ x + (1 | g)", nullable)
    with pytest.raises(OptionError, match="not 'keep'"):
        make("y ~ x", holes, na_action="keep")


def test_rows_are_dropped_when_asked(holes: pd.DataFrame) -> None:
    design = make("y ~ x + (1 | g)", holes, na_action="drop")
    assert design.dropped == 3
    assert list(design.data.index) == list(holes.index[3:])
    assert list(design.data.columns) == ["y", "x", "g"]
    assert np.array_equal(design.X[:, 0], holes.x.iloc[3:])
    assert make("y ~ x", holes.iloc[3:]).dropped == 0
    with pytest.raises(DataError, match="Every row of data"):
        make("y ~ x", holes.assign(x=np.nan), na_action="drop")


def test_missing_values_in_newdata(data: pd.DataFrame, holes: pd.DataFrame) -> None:
    design = make("y ~ x + (1 | g)", data)
    with pytest.raises(DataError, match=r"3 of 72 rows of newdata .*'x' 1 NaN and 1 inf"):
        design.on(holes)
    assert len(design.on(holes.assign(y=np.nan).iloc[3:]).X) == 69


# Bad input, in the user's words


def frame() -> pd.DataFrame:
    made = brute.table(0)
    made["double"] = 2 * made.x - 3 * made.k + 1
    made["same"] = 4.0
    made["site"] = "A"
    made["month"] = pd.period_range("2020-01", periods=len(made), freq="M")
    made[7] = made.z
    made["Intercept"] = made.x + made.z
    made["floor"] = ["3 rooms" if i == 5 else str(i % 4) for i in range(len(made))]
    made["answer"] = np.where(made.x > 0, "yes", "no")
    made["when"] = pd.date_range("2020-01-01", periods=len(made))
    made["zero"] = made.k.clip(lower=0) * (made.k > 5)
    made["upper"] = made.g.map({"a": 1.0, "b": 2.0, "c9": 3.0, "c10": 4.0})
    return made


BAD = [
    ("y ~ florr", r"no column 'florr'. Did you mean 'floor'\?"),
    ("y ~ X", r"no column 'X'. Did you mean 'x'\?"),
    ("y ~ x + (1 | count)", r"no column 'count'"),
    ("y ~ x + double + k", r"`k` in the fixed part is a linear combination.* 2 \* `x`|`k`.*0.33"),
    ("y ~ x + same", r"`same` in the fixed part is 4 in every row.*intercept"),
    ("y ~ 0 + x + I(0 * x)", r"`I\(0 \* x\)`.* is 0 in every row, so the data say nothing"),
    ("y ~ t * zero:C(v)", r"is 0 in every row|linear combination"),
    ("y ~ poly(x, 0)", r"`poly\(x, 0\)` gives no column"),
    ("y ~ scale(same)", r"`scale\(same\)` is not finite in 72 of 72 .* constant"),
    ("y ~ month", r"'month' holds Period such as"),
    ("y ~ x + `7`", r"no column '7'. Names of columns are text"),
    ("y ~ x + Intercept", r"'Intercept' is the name .* rename"),
    ("y ~ x + (1 | site)", r"`site` has one level only, 'A'"),
    ("y ~ site", r"`site` has one level only, 'A'"),
    ("y ~ C(same)", r"`C\(same\)` has one level only, 4.0"),
    ("y ~ floor", r"'floor' holds text such as '3 rooms' in 1 of 72 rows.*C\(floor\)"),
    ("floor ~ x", r"response `floor` must be a number.*'floor' holds text such as '3 rooms'"),
    ("y ~ log(floor)", r"`log\(floor\)` cannot be computed.*'floor' holds text such as '3 rooms'"),
    ("answer ~ x", r"holds text such as 'no'.*\(answer == 'yes'\) ~"),
    ("y ~ offset(g)", r"offset\(\) `g` must be a number.*'g' holds text"),
    ("y ~ when", r"'when' holds dates such as 2020-01-01.*make a number"),
    (
        "log(zero) ~ x",
        r"`log\(zero\)` is not finite in \d+ of 72 .*\(row 10\d\d, .*-inf there",
    ),
    ("y ~ log(zero)", r"`log\(zero\)` is not finite in \d+ of 72 rows"),
    ("y ~ (log(zero) | g)", r"`log\(zero\)` is not finite in \d+ of 72 rows"),
    ("y ~ offset(log(zero))", r"`log\(zero\)` is not finite in \d+ of 72 rows"),
    ("zero | trials(w) ~ x", r"trials\(w\) must be a whole number.*of 72 rows"),
    ("y | trials(k) ~ x", r"trials\(k\) must be a whole number, 0 or more; it is -"),
    ("y | weights(x) ~ x", r"weights\(x\) must be 0 or more"),
    ("y | se(zero) ~ x", r"se\(zero\) must be greater than 0; it is 0 in"),
    ("y ~ (1 | g) + (x | g)", r"\(1 \| g\) and \(1 \+ x \| g\) both give .* `Intercept`"),
    ("y ~ (x:z | g) + (0 + z:x | g)", r"both give .* a coefficient `z:x`, which is `x:z`: merge"),
    ("y ~ (x | g:h) + (1 | h:g)", r"both give the groups of `h:g` a coefficient `Intercept`"),
    ("y ~ (x + I(2 * x) | g)", r"in the group term \(1 \+ x \+ I\(2 \* x\) \| g\) is a linear"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[case[0] for case in BAD])
def test_bad_input_is_told(text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match=message):
        make(text, frame())
    assert capsys.readouterr().out == ""


def test_text_of_numbers_may_be_meant_as_categories() -> None:
    data = frame()
    assert len(make("y ~ C(floor)", data).coefficients) == 4
    assert len(make("y ~ floor", data.astype({"floor": "category"})).coefficients) == 4
    assert len(make("y ~ (1 | floor)", data).groups[0].levels) == 5


def test_the_combination_told_is_the_one_in_the_data() -> None:
    with pytest.raises(DataError, match=r"it is 1 \+ 2 \* `x` - 3 \* `k`\."):
        make("y ~ x + k + z + double", frame())
    with pytest.raises(DataError, match=r"it is 1 - `answer\[yes\]`\."):
        make("y ~ answer + I(1 * (answer == 'no'))", frame())


def test_nearly_collinear_columns_pass() -> None:
    data = frame()
    data["year"] = 2000 + data.k
    data["near"] = data.x + 1e-6 * data.z
    design = make("y ~ year + I(year ** 2) + I(year ** 3) + x + near", data)
    assert len(design.coefficients) == 5


def test_more_coefficients_than_rows() -> None:
    data = frame().iloc[:5]
    with pytest.raises(DataError, match="has 6 coefficients, but the data have 5 rows"):
        make("y ~ x + z + w + k + I(x ** 2)", data)


class Polars:
    def to_pandas(self) -> None: ...


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2], "data is of type list, not a pandas DataFrame"),
        (Polars(), r"of type Polars, .* pass data.to_pandas\(\)"),
        (None, "of type NoneType"),
        ({"y": [1.0, 2.0], "x": [1.0]}, "dict that makes no table"),
        ({}, "data has no rows"),
        (pd.DataFrame({"y": [], "x": []}), "data has no rows"),
        (pd.DataFrame([[1.0, 2.0, 3.0]], columns=["y", "x", "x"]), "2 columns named 'x'"),
        (pd.DataFrame([[1.0, 2.0]], columns=[["y", "x"], ["a", "b"]]), "several levels"),
    ],
)
def test_tables_that_are_none(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make("y ~ x", given)


def test_columns_of_the_same_name_that_are_not_used_do_no_harm() -> None:
    data = pd.DataFrame([[1.0, 2.0, 3, 3], [2.0, 4.0, 3, 3]], columns=["y", "x", "a", "a"])
    assert make("y ~ x", data).coefficients == ("x",)


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        ("y ~ t", {"t": "huge"}, r"`t` in newdata holds 'huge' \(72 of 72 rows\).*'low', 'mid'"),
        ("y ~ t", {"t": "never"}, r"`t` in newdata holds 'never'"),
        ("y ~ C(v)", {"v": 5}, r"`C\(v\)` in newdata holds 5 .*Known: 1, 2, 3, 7"),
        ("y ~ S(t)", {"t": "huge"}, r"`t` in newdata holds 'huge'"),
        ("y ~ (0 + t | g)", {"t": "huge"}, r"`t` in newdata holds 'huge'"),
        ("y ~ x", {"x": "1"}, r"'x' of newdata holds str such as '1', where .* numbers"),
        ("y ~ log(w)", {"w": 0.0}, r"`log\(w\)` is not finite in 72 of 72 rows of newdata"),
    ],
)
def test_newdata_that_do_not_fit(
    text: str, change: dict[str, Any], message: str, data: pd.DataFrame
) -> None:
    design = make(text, data)
    with pytest.raises(DataError, match=message):
        design.on(data.assign(**change))


def test_newdata_must_hold_what_the_terms_name(data: pd.DataFrame) -> None:
    design = make("log(y + 9) ~ x + z + (1 | g)", data)
    with pytest.raises(DataError, match="newdata has no column 'z'"):
        design.on(data[["x", "g"]])
    with pytest.raises(DataError, match="newdata has no column 'g'"):
        design.on(data[["x", "z"]])
    with pytest.raises(DataError, match="newdata has no rows"):
        design.on(data.iloc[:0])
    assert len(design.on({"x": [0.0], "z": [1.0], "g": ["a"]}).X) == 1


# Slopes that the groups do not tell


def test_a_slope_that_varies_within_no_group_is_warned_of() -> None:
    data = frame()
    with pytest.warns(DataWarning, match=r"'upper' varies within no group of `g`") as caught:
        design = make("y ~ upper + (1 + upper + x | g)", data)
    assert caught[0].filename.endswith("test_design.py")
    assert design.notes == ()
    with pytest.warns(DataWarning, match="'upper'"):
        make("y ~ (1 | g) + (0 + upper | g)", data)
    make("y ~ (0 + upper | g)", data)
    alone = data.assign(row=np.arange(len(data)))
    with pytest.warns(DataWarning, match=r"'x' varies .*\(72 of them have one row\)"):
        make("y ~ (x | row)", alone)


def test_groups_of_one_row_are_noted_where_slopes_differ() -> None:
    data = frame()
    data["g"] = ["lone", *data.g[1:]]
    (note,) = make("y ~ x + (1 + x | g)", data).notes
    assert note.startswith("`x` does not vary within 1 of 5 groups of `g` (1 of them has one row)")
    assert make("y ~ x + (1 | g)", data).notes == ()


def test_a_group_for_each_row_is_allowed(data: pd.DataFrame) -> None:
    design = make("y ~ x + (1 | row)", data.assign(row=np.arange(len(data))[::-1]))
    assert design.groups[0].codes.tolist() == list(range(len(data)))[::-1]


def test_how_a_design_is_shown(data: pd.DataFrame) -> None:
    shown = repr(make("y ~ x + t + (1 + x | g)", data))
    assert shown == (
        "y ~ x + t + (1 + x | g)\n72 rows: Intercept, x, t[mid], t[high]\n"
        "g: Intercept, x of 4 groups"
    )
