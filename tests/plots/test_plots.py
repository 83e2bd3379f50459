"""Every figure at 18 and 85 groups: what is drawn, in which order, on whose axes, in silence."""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from scipy import stats

import partialpool as pp
from partialpool.arrays import natural_order
from partialpool.errors import DataError
from partialpool.plots import style

SIZES = [18, 85]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(params=SIZES)
def groups(request: pytest.FixtureRequest) -> list[str]:
    """Names that text order would sort wrongly: county 10 before county 2."""
    return [f"County {i}" for i in range(request.param)][::-1]


def effects(groups: list[str], *, seed: int = 1, draws: int = 50) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.normal(size=len(groups)), 0.5, size=(2, draws, len(groups)))
    return xr.DataArray(
        values, dims=("chain", "draw", "county"), coords={"county": groups}, name="alpha"
    )


def rendered(ax: Axes) -> Axes:
    """Draw it, so that whatever warns or fails does so in the test."""
    ax.figure.canvas.draw()
    return ax


def row_names(ax: Axes) -> list[str]:
    """Names of rows from top to bottom."""
    return [text.get_text() for text in ax.get_yticklabels()][::-1]


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


def line(ax: Axes, label: str):
    return next(each for each in ax.get_lines() if each.get_label() == label)


def inside(ax: Axes) -> bool:
    """Is every name of a row, every name in the axes, and the legend within the figure?"""
    renderer = ax.figure.canvas.get_renderer()
    frame = ax.figure.bbox
    low, high = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    names = [*(text for tick, text in ticks if low <= tick <= high), *ax.texts]
    artists = [*names, *([ax.get_legend()] if ax.get_legend() else [])]
    boxes = [artist.get_window_extent(renderer) for artist in artists]
    return all(
        b.x0 >= -1 and b.x1 <= frame.x1 + 1 and b.y0 >= -1 and b.y1 <= frame.y1 + 1 for b in boxes
    )


def overlapping(ax: Axes) -> int:
    """Names of rows that are written over the next."""
    renderer = ax.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.get_yticklabels()]
    return sum(below.y1 > above.y0 + 0.5 for below, above in itertools.pairwise(boxes))


# Trace


def test_trace() -> None:
    draws = effects(["A", "B"]).sel(county="A")
    diverging = (draws > draws.quantile(0.9)).rename("diverging")
    ax = rendered(pp.plots.trace(draws, divergent=diverging, truth=1.25))
    *chains, parting = ax.get_lines()[:3]
    for i, chain in enumerate(chains):
        np.testing.assert_array_equal(chain.get_ydata(), draws.values[i])
        np.testing.assert_array_equal(chain.get_xdata(), np.arange(50) + 50 * i)
    assert list(parting.get_xdata()) == [49.5] * 2
    ticks = line(ax, "divergent draws (10 of 100)")
    np.testing.assert_array_equal(ticks.get_xdata(), np.flatnonzero(diverging.values))
    assert list(line(ax, "truth: 1.25").get_ydata()) == [1.25] * 2
    assert legend(ax) == ["truth: 1.25", "divergent draws (10 of 100)"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["chain 0", "chain 1"]
    assert ax.get_ylabel() == "alpha[A]"
    assert inside(ax)


def test_trace_on_a_log_scale_shows_the_truth_however_far_it_is() -> None:
    sigma = np.exp(np.random.default_rng(2).normal(-3, 1, size=(4, 100)))
    ax = rendered(pp.plots.trace(sigma, truth=20.0, log=True, ylabel="sigma"))
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log"
    assert 0 < low < sigma.min()
    assert high > 20
    assert ax.get_ylabel() == "sigma"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": np.ones((2, 9, 3))}, "draws must have dimensions chain and draw only"),
        ({"draws": np.full((2, 9), np.nan)}, "draws has draws that are not finite"),
        ({"divergent": np.ones((2, 8))}, r"divergent has shape \(2, 8\), but draws have \(2, 9\)"),
        ({"truth": np.inf}, "truth must be a finite number"),
        ({"draws": np.zeros((2, 9)), "log": True}, "log=True needs positive values"),
        ({"truth": 0.0, "log": True}, "log=True needs positive values"),
    ],
)
def test_trace_refuses(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.trace(options.pop("draws", np.ones((2, 9))), **options)


# Conditional means


def conditional(**options) -> Axes:
    scale = np.linspace(0, 10, 50)
    means = {name: 5 + slope * scale for name, slope in (("A", 1.0), ("B", 0.99), ("C", -1.0))}
    return pp.plots.conditional_means(
        options.pop("scale", scale), options.pop("means", means), **options
    )


def test_conditional_means() -> None:
    ax = rendered(conditional(density=np.linspace(1, 0, 50), limits=(0, 8), xlabel="tau"))
    for name, slope in (("A", 1.0), ("C", -1.0)):
        x = np.asarray(line(ax, name).get_xdata())
        assert x.max() <= 8
        np.testing.assert_allclose(line(ax, name).get_ydata(), 5 + slope * x)
    assert len({each.get_linestyle() for each in ax.get_lines()}) == 3
    names = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert names["A"].y0 >= names["B"].y1 > names["C"].y1  # not written over each other
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() < ax.get_lines()[2].get_ydata()[-1]
    assert inside(ax)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"means": {}}, "means is empty"),
        ({"scale": np.linspace(10, 0, 50)}, "scale must be increasing"),
        ({"scale": np.linspace(-1, 10, 50)}, "not negative"),
        ({"means": {"A": [1.0]}}, "A must be 50 finite numbers"),
        ({"density": np.full(50, np.nan)}, "density must be 50 finite numbers"),
        ({"limits": (11.0, 12.0)}, "fewer than two values of scale"),
    ],
)
def test_conditional_means_refuse(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        conditional(**options)


# Shrinkage


def test_shrinkage(groups: list[str]) -> None:
    raw = np.linspace(0, 1, len(groups))
    ax = rendered(pp.plots.shrinkage(raw, raw / 2 + 0.25, labels=groups, xlabel="share"))
    assert row_names(ax) == groups[::-1]
    assert overlapping(ax) == 0
    assert inside(ax)
    short = np.abs(raw / 2 - 0.25) < 0.03
    assert len(ax.texts) == len(groups) - np.count_nonzero(short)
    with pytest.raises(DataError, match="estimate has shape"):
        pp.plots.shrinkage(raw, raw[1:], labels=groups)


# Shrinkage in a plane


def test_shrinkage_plane(groups: list[str]) -> None:
    rng = np.random.default_rng(1)
    raw = rng.uniform(size=(2, len(groups)))
    raw[1, :3] = np.nan
    estimate = 0.5 + 0.3 * (np.nan_to_num(raw, nan=0.5) - 0.5)
    ax = rendered(
        pp.plots.shrinkage_plane(
            (raw[0], raw[1]),
            (estimate[0], estimate[1]),
            labels=groups,
            size=np.arange(1, len(groups) + 1),
            pooled=(0.5, 0.5),
            diagonal=True,
            name=4,
            xlabel="country",
            ylabel="town",
        )
    )
    own, pooled, without = ax.collections
    assert [len(each.get_offsets()) for each in ax.collections] == [
        *(len(groups) - 3, len(groups) - 3, 3)
    ]
    np.testing.assert_allclose(pooled.get_offsets(), estimate[:, 3:].T)
    np.testing.assert_allclose(without.get_offsets(), estimate[:, :3].T)
    assert np.all(np.diff(own.get_sizes()) > 0)
    moved = np.hypot(*(raw - estimate))
    arrows = [text for text in ax.texts if not text.get_text()]
    side = np.ptp(np.concatenate([raw[0, 3:], estimate[0]]))
    side = max(side, np.ptp(np.concatenate([raw[1, 3:], estimate[1]])))
    assert len(arrows) == np.count_nonzero(moved[3:] > 0.025 * side)
    named = {name for text in ax.texts for name in text.get_text().split(", ") if name}
    furthest = np.argsort(-np.nan_to_num(moved))[:4]
    assert named == {groups[i] for i in furthest}
    assert inside(ax)
    assert legend(ax) == [
        *("equal", "raw", "partially pooled", "partially pooled, without raw value"),
        "completely pooled",
    ]


def test_shrinkage_plane_names_neighbours_together() -> None:
    raw = ([0.0, 0.01, 1.0], [1.0, 1.0, 0.0])
    ax = pp.plots.shrinkage_plane(raw, ([0.5] * 3, [0.5] * 3), labels=["a", "b", "c"], name=3)
    texts = sorted(text.get_text() for text in ax.texts if text.get_text())
    assert len(texts) == 2
    assert sorted(texts[0].split(", ") + texts[1].split(", ")) == ["a", "b", "c"]


def test_shrinkage_plane_without_any_raw_value() -> None:
    nothing = [np.nan, np.nan]
    ax = rendered(
        pp.plots.shrinkage_plane((nothing, nothing), ([0, 1], [0, 1]), labels=["x", "y"], name=2)
    )
    assert len(ax.texts) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"raw": ([0.0], [0.0])}, "raw has shape"),
        ({"raw": ([0.0, 1.0], [0.0])}, "raw has shape"),
        ({"estimate": ([0.0, np.nan], [0.0, 1.0])}, "not finite for y"),
        ({"estimate": ([0.0], [0.0, 1.0])}, "estimate, x has shape"),
        ({"size": [-1, 1]}, "negative"),
        ({"size": [0, 0]}, "positive"),
    ],
)
def test_shrinkage_plane_refuses(change: dict, message: str) -> None:
    given = {"raw": ([0.0, 1.0], [1.0, 0.0]), "estimate": ([0.4, 0.6], [0.6, 0.4])}
    with pytest.raises(DataError, match=message):
        pp.plots.shrinkage_plane(**given | {"labels": ["x", "y"]} | change)


# Funnel


def test_funnel_marks_divergences() -> None:
    rng = np.random.default_rng(1)
    log_tau = rng.normal(size=(2, 200))
    tau = xr.DataArray(np.exp(log_tau), dims=("chain", "draw"), name="tau")
    theta = effects(["A", "B"], draws=200).sel(county="A")
    diverging = (tau < 0.5).rename("diverging")
    ax = rendered(pp.plots.funnel(theta, tau, divergent=diverging))
    plain, marked = ax.get_lines()
    count = int(diverging.sum())
    assert len(marked.get_xdata()) == count > 0
    assert len(plain.get_xdata()) == 400 - count
    assert np.all(marked.get_ydata() < np.log(0.5))
    assert plain.get_marker() != marked.get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("alpha[A]", "log tau")
    assert legend(ax) == ["draws (400)", f"of them divergent ({count})"]


def test_funnel_of_a_fit() -> None:
    schools = pp.datasets.load("eight_schools")
    fit = pp.programs.get("normal_known_variance/centered").sample(
        {"J": 8, "y": schools["effect"], "sigma": schools["standard_error"]},
        coords={"school": schools["school"]},
        dims={"theta": ["school"]},
        engine="stanli",
        seed=1,
        draws=200,
        progress=False,
        verbose=False,
    )
    ax = pp.plots.funnel(
        fit.posterior["theta"].sel(school="A"),
        fit.posterior["tau"],
        divergent=fit.sample_stats["diverging"],
        xlabel="effect of school A (points)",
    )
    assert len(rendered(ax).get_lines()[1].get_xdata()) == int(fit.sample_stats["diverging"].sum())


@pytest.mark.parametrize(
    ("effect", "scale", "divergent", "message"),
    [
        (
            np.ones((2, 9)),
            -np.ones((2, 9)),
            None,
            "must be positive, because its logarithm is drawn",
        ),
        (np.ones((2, 8)), np.ones((2, 9)), None, r"effect has shape \(2, 8\), but scale has"),
        (np.ones((2, 9)), np.ones((2, 9)), np.ones((2, 8)), "divergent has shape"),
        (np.ones((2, 9, 3)), np.ones((2, 9)), None, "effect must have dimensions chain and draw"),
    ],
)
def test_funnel_refuses(effect, scale, divergent, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.funnel(effect, scale, divergent=divergent)


# Pooling ladder


def ladder(groups: list[str], **options) -> Axes:
    rng = np.random.default_rng(2)
    none = rng.normal(size=len(groups))
    given = {
        "group_size": rng.integers(1, 100, size=len(groups)),
        "none": none,
        "partial": none / 2,
        "complete": 0.1,
        "labels": groups,
        "interval": (none / 2 - 1, none / 2 + 1),
    }
    return pp.plots.pooling_ladder(**{**given, **options})


def test_pooling_ladder(groups: list[str]) -> None:
    ax = rendered(ladder(groups, ylabel="effect (log odds)"))
    assert legend(ax) == ["complete pooling", "interval", "no pooling", "partial pooling"]
    for label in ("no pooling", "partial pooling"):
        assert len(line(ax, label).get_xdata()) == len(groups)
    assert line(ax, "no pooling").get_marker() != line(ax, "partial pooling").get_marker()
    np.testing.assert_allclose(
        line(ax, "partial pooling").get_ydata(), line(ax, "no pooling").get_ydata() / 2
    )
    assert list(line(ax, "complete pooling").get_ydata()) == [0.1, 0.1]
    assert ax.get_xscale() == "log"
    named = [text.get_text() for text in ax.texts]
    assert set(named) <= set(groups)
    assert (len(named) <= 6) if len(groups) > 20 else (len(named) > 12)
    assert inside(ax)


def test_groups_of_one_size_stand_side_by_side() -> None:
    groups = [f"player {i}" for i in range(18)]
    ax = rendered(ladder(groups, group_size=np.full(18, 45)))
    across = line(ax, "no pooling").get_xdata()
    assert len(set(across)) == 18
    order = np.argsort(across)
    assert np.all(np.diff(line(ax, "no pooling").get_ydata()[order]) >= 0)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["45"]
    assert len(ax.texts) == 18


def test_neighbouring_sizes_do_not_mix() -> None:
    size = np.repeat([1, 2, 3, 4], 20)
    ax = ladder([str(i) for i in range(80)], group_size=size)
    across = line(ax, "no pooling").get_xdata()
    for small, large in ((1, 2), (2, 3), (3, 4)):
        assert across[size == small].max() < across[size == large].min()


def test_named_groups_only(groups: list[str]) -> None:
    ax = ladder(groups, named=groups[:2])
    assert [text.get_text() for text in ax.texts] == groups[:2]
    with pytest.raises(DataError, match="named has 'Nowhere', which is not a label"):
        ladder(groups, named=["Nowhere"])
    with pytest.raises(DataError, match="group_size must be positive"):
        ladder(groups, group_size=np.zeros(len(groups)))
    with pytest.raises(DataError, match="none is not finite for County"):
        ladder(groups, none=np.full(len(groups), np.nan))
    with pytest.raises(DataError, match="interval's lower end has shape"):
        ladder(groups, interval=(np.zeros(3), np.zeros(3)))


# Forest


def test_forest(groups: list[str]) -> None:
    one, two = effects(groups, seed=1), effects(groups, seed=2)
    shuffled = two.isel(county=np.random.default_rng(1).permutation(len(groups)))
    ax = rendered(pp.plots.forest({"no": one, "partial": shuffled}, xlabel="effect (log odds)"))
    assert row_names(ax) == groups[::-1]  # County 0, 1, 2, ..., 10, ...
    assert legend(ax) == ["no", "partial"]
    assert overlapping(ax) == 0
    assert inside(ax)
    first, second = line(ax, "no"), line(ax, "partial")
    assert first.get_marker() != second.get_marker()
    np.testing.assert_allclose(second.get_xdata(), two.median(("chain", "draw")))
    assert len(ax.collections) == 4
    for thin, thick in (ax.collections[:2], ax.collections[2:]):
        for outer, inner in zip(thin.get_segments(), thick.get_segments(), strict=True):
            assert outer[0, 0] < inner[0, 0] < inner[1, 0] < outer[1, 0]


def test_forest_sorted_by_estimate(groups: list[str]) -> None:
    ax = pp.plots.forest({"fit": effects(groups)}, sort="estimate", reference=0.0)
    assert np.all(np.diff(line(ax, "fit").get_xdata()) >= 0)
    assert ax.get_legend() is None
    assert row_names(pp.plots.forest({"fit": effects(groups)}, sort="given")) == groups


@pytest.mark.parametrize(
    ("fits", "options", "message"),
    [
        ({}, {}, "fits is empty"),
        ({"a": effects(["x"]), "b": effects(["y"])}, {}, "b and a differ in their groups: x, y"),
        ({"a": effects(["x"])}, {"sort": "size"}, "sort must be 'name', 'estimate' or 'given'"),
        ({"a": effects(["x"])}, {"probabilities": (0.9, 0.5)}, "must increase between 0 and 1"),
        ({"a": np.ones((2, 9))}, {}, "a must have dimensions chain, draw and one group dimension"),
    ],
)
def test_forest_refuses(fits: dict, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.forest(fits, **options)


# Rank histograms


def test_rank_histogram() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 500))
    draws[3] += 2
    ax = rendered(pp.plots.rank_histogram(draws, bins=10))
    assert row_names(ax) == ["chain 3", "chain 2", "chain 1", "chain 0"]
    heights = np.array([bar.get_height() for bar in ax.patches]).reshape(4, 10)
    assert np.all(heights.sum(axis=1) == 500)
    assert np.all(heights.sum(axis=0) == 200)
    assert heights[3, -1] > 3 * heights[0, -1]  # the odd chain has the largest draws
    bottoms = np.array([bar.get_y() for bar in ax.patches]).reshape(4, 10)
    assert np.all(bottoms[:-1, 0] >= bottoms[1:, 0] + heights[1:].max())
    for bins in (1, 501):
        with pytest.raises(DataError, match="between 2 and the 500 draws"):
            pp.plots.rank_histogram(draws, bins=bins)


# Ranks and probabilities of groups


def test_probability_bars(groups: list[str]) -> None:
    table = pp.summaries.probability_best(effects(groups), best="largest")
    ax = rendered(pp.plots.probability_bars(table, xlabel="probability of being best"))
    order = table["probability"].sort_values(ascending=False, kind="stable")
    assert len(ax.patches) == len(groups)
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], order.to_numpy()[::-1])
    assert table.loc[row_names(ax), "probability"].is_monotonic_decreasing
    assert len(ax.collections[0].get_segments()) == table["mcse"].notna().sum() > 0
    assert overlapping(ax) == 0
    assert inside(ax)


def test_probability_bars_of_pairs_and_of_certainties() -> None:
    pairs = pp.summaries.pairwise_probability(effects(["x", "y"]))
    assert row_names(rendered(pp.plots.probability_bars(pairs))) == ["x > y"]
    certain = pp.summaries.event_probability(np.ones((2, 9), dtype=bool))
    assert rendered(pp.plots.probability_bars(certain)).get_legend() is None
    with pytest.raises(DataError, match="table has no column probability; it has tied"):
        pp.plots.probability_bars(pairs[["tied", "mcse"]])
    with pytest.raises(DataError, match="between 0 and 1"):
        pp.plots.probability_bars(pairs.assign(probability=50.0))


def test_rank_heatmap(groups: list[str]) -> None:
    table = pp.summaries.rank_probability(effects(groups), best="largest")
    ax = rendered(pp.plots.rank_heatmap(table))
    mean = pp.summaries.rank_distribution(effects(groups), best="largest")["mean"]
    assert mean[row_names(ax)].is_monotonic_increasing
    shown = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(shown, table.loc[row_names(ax)[::-1]].to_numpy())
    np.testing.assert_allclose(np.sort(line(ax, "mean rank").get_xdata()), np.sort(mean))
    assert overlapping(ax) == 0
    assert inside(ax)
    with pytest.raises(DataError, match=r"take it from summaries.rank_probability; its shape is"):
        pp.plots.rank_heatmap(table.iloc[1:])


def test_rank_bars(groups: list[str]) -> None:
    table = pp.summaries.rank_probability(effects(groups), best="largest")
    row = table.loc[groups[0]]
    ax = rendered(pp.plots.rank_bars(row))
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], row)
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(middles, np.arange(1, len(groups) + 1))
    assert line(ax, "all ranks alike").get_ydata()[0] == pytest.approx(1 / len(groups))
    assert inside(ax)
    for wrong in (0.5 * row, row[:0]):
        with pytest.raises(DataError, match="row of summaries.rank_probability"):
            pp.plots.rank_bars(wrong)


# Effective sample sizes


def test_ess_bars(groups: list[str]) -> None:
    table = pp.summaries.summary(effects(groups).to_dataset())["ess_bulk"]
    ax = rendered(pp.plots.ess_bars({"centered": table, "other": 2 * table[::-1]}))
    assert row_names(ax) == [f"alpha[{name}]" for name in groups]
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(2, -1)
    np.testing.assert_allclose(widths[1], 2 * widths[0])
    assert ax.patches[0].get_hatch() != ax.patches[-1].get_hatch()
    assert set(legend(ax)) == {"centered", "other", "enough: 400"}
    assert overlapping(ax) == 0
    assert inside(ax)


def test_ess_bars_of_what_fits_have_in_common() -> None:
    ax = rendered(
        pp.plots.ess_bars({"a": {"mu": 9.0, "z": 5.0, "L": np.nan}, "b": {"L": 1.0, "mu": 7.0}})
    )
    assert row_names(ax) == ["mu", "L"]


@pytest.mark.parametrize(
    ("fits", "message"),
    [
        ({}, "fits is empty"),
        ({"a": {"mu": 1.0}, "b": {"tau": 1.0}}, "no quantity is in all of a, b"),
        ({"a": {"mu": -1.0}}, "negative"),
        ({"a": {"mu": np.nan}}, "no effective sample size is a positive number"),
    ],
)
def test_ess_bars_refuse(fits: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.ess_bars(fits)


# Observed against predicted


def test_observed_predicted(groups: list[str]) -> None:
    predicted = effects(groups, draws=200)
    observed = predicted.median(("chain", "draw")).values.copy()
    observed[:2] += [9, -9]
    ax = rendered(pp.plots.observed_predicted(observed, predicted, xlabel="observed (log odds)"))
    assert legend(ax) == [
        "predicted = observed",
        f"within its 90% interval ({len(groups) - 2} of {len(groups)})",
        f"outside it (2 of {len(groups)})",
    ]
    assert {text.get_text() for text in ax.texts} == {groups[0], groups[1]}
    hit, missed = ax.get_lines()[1:]
    assert (len(hit.get_xdata()), len(missed.get_xdata())) == (len(groups) - 2, 2)
    assert hit.get_marker() != missed.get_marker()
    np.testing.assert_allclose(hit.get_xdata(), hit.get_ydata())
    assert len(ax.collections[0].get_segments()) == len(groups) - 2
    assert inside(ax)
    with pytest.raises(DataError, match="observed has shape"):
        pp.plots.observed_predicted(observed[1:], predicted)
    with pytest.raises(DataError, match="probability must be between 0 and 1, not 90"):
        pp.plots.observed_predicted(observed, predicted, probability=90)


# Regression lines


def regression(names: list[str], **options) -> np.ndarray:
    rng = np.random.default_rng(3)
    rows = [name for name in names for _ in range(3)]
    given = {
        "x": rng.integers(0, 2, len(rows)),
        "y": rng.normal(size=len(rows)),
        "group": rows,
        "intercept": effects(names),
        "slope": effects(names, seed=5).isel(county=slice(None, None, -1)),
        "complete": (0.0, -0.5),
        "xlabel": "floor",
        "ylabel": "log radon",
        **options,
    }
    return pp.plots.regression_lines(given.pop("x"), given.pop("y"), given.pop("group"), **given)


def test_regression_lines(groups: list[str]) -> None:
    panels = regression(groups)
    rendered(panels[0])
    assert panels.shape == (len(groups),)
    assert len(panels[0].figure.axes) == len(groups)
    assert [panel.get_title() for panel in panels] == [f"{name} (3)" for name in groups[::-1]]
    a = effects(groups).mean(("chain", "draw"))
    b = effects(groups, seed=5).mean(("chain", "draw"))
    for panel, name in zip(panels[:3], groups[::-1], strict=False):
        assert len(panel.collections[0].get_segments()) == 30
        assert len(panel.get_lines()) == 3
        mean = line(panel, "posterior mean")
        x, y = mean.get_xdata(), mean.get_ydata()
        np.testing.assert_allclose(y, float(a.sel(county=name)) + float(b.sel(county=name)) * x)
        assert len(line(panel, "data (number)").get_xdata()) == 3
        np.testing.assert_allclose(
            line(panel, "complete pooling").get_ydata(), -0.5 * np.asarray(x)
        )
        assert list(panel.get_xticks()) == [0, 1]


def test_regression_lines_of_chosen_groups_on_given_axes(groups: list[str]) -> None:
    figure, axes = plt.subplots(1, 2)
    shared = np.random.default_rng(1).normal(size=(2, 50))
    panels = regression(groups, groups=groups[:2], slope=shared, ax=axes, lines=5)
    assert list(panels) == list(axes)
    assert plt.get_fignums() == [figure.number]
    assert [panel.get_title() for panel in panels] == [f"{name} (3)" for name in groups[:2]]
    assert panels[1].get_xlabel() == "floor"
    assert len(panels[0].collections[0].get_segments()) == 5


def test_regression_lines_with_the_truth() -> None:
    names = ["County 0", "County 1"]
    truth = {"County 0": (1.0, -2.0), "County 1": (9.0, 0.5)}
    for panel, name in zip(regression(names, truth=truth), names, strict=True):
        true = line(panel, "truth")
        x = np.asarray(true.get_xdata())
        np.testing.assert_allclose(true.get_ydata(), truth[name][0] + truth[name][1] * x)
        assert panel.get_ylim()[1] > 9
        assert true.get_linestyle() != line(panel, "posterior mean").get_linestyle()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truth": {"County 0": (0.0, 1.0)}}, "truth has no line for county County 1"),
        ({"groups": ["County 0", "Nowhere"]}, r"groups must name some .* not \['Nowhere'\]"),
        ({"groups": []}, "groups must name some"),
        ({"group": ["Nowhere"] * 54}, "intercept has no draws for county Nowhere"),
        ({"slope": np.ones((2, 9))}, r"slope has \(chain, draw\) \(2, 9\), not \(2, 50\)"),
        ({"slope": effects(["a", "b"])}, "same chains, draws and groups"),
        ({"y": np.ones(3)}, r"y has shape \(3,\), but there are 54 labels"),
    ],
)
def test_regression_lines_refuse(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        regression([f"County {i}" for i in range(18)], **options)


def test_regression_lines_need_an_axes_per_panel() -> None:
    _, axes = plt.subplots(1, 2)
    with pytest.raises(DataError, match="ax has 2 axes, but there are 18 panels"):
        regression([f"County {i}" for i in range(18)], ax=axes)


# Priors


def test_prior_density() -> None:
    posterior = np.abs(np.random.default_rng(1).normal(size=(2, 4000)))
    ax = rendered(
        pp.plots.prior_density(
            {"half-normal": stats.halfnorm(), "exponential": lambda x: np.exp(-x)},
            limits=(0, 2),
            posterior=posterior,
            xlabel="tau (points)",
        )
    )
    curve = line(ax, "half-normal")
    np.testing.assert_allclose(curve.get_ydata(), stats.halfnorm.pdf(curve.get_xdata()))
    assert curve.get_linestyle() != line(ax, "exponential").get_linestyle()
    share = np.mean(posterior <= 2)
    assert f"posterior ({share:.1%} of it within)" in legend(ax)
    area = sum(bar.get_height() * bar.get_width() for bar in ax.patches)
    assert area == pytest.approx(share)


def test_a_prior_with_a_pole() -> None:
    ax = rendered(pp.plots.prior_density({"beta": stats.beta(0.5, 0.5)}, limits=(0, 1)))
    assert np.isnan(line(ax, "beta").get_ydata()[[0, -1]]).all()


@pytest.mark.parametrize(
    ("priors", "limits", "message"),
    [
        ({}, (0, 1), "priors is empty"),
        ({"p": stats.norm()}, (1, 1), "two increasing numbers"),
        ({"p": 3}, (0, 1), "'p' must have a method pdf or be a function, not 3"),
        ({"p": lambda x: -x}, (0, 1), "negative, or finite nowhere"),
    ],
)
def test_priors_refused(priors: dict, limits: tuple, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.prior_density(priors, limits=limits)


# Marginals, densities along a path, group predictors


def test_marginals() -> None:
    draws = np.abs(np.random.default_rng(1).normal(size=(2, 4000)))
    nodes = np.geomspace(0.01, 4, 200)[::-1]
    ax = rendered(
        pp.plots.marginals(
            {"centered": draws, "marginal": draws / 4},
            limits=(0, 2),
            bins=20,
            exact=(nodes, stats.halfnorm.pdf(nodes)),
        )
    )
    share = np.mean(draws > 2)
    assert legend(ax) == ["exact", f"centered ({share:.1%} beyond)", "marginal"]
    outlines = [patch for patch in ax.patches if hasattr(patch, "get_data")]
    heights, edges, _ = outlines[0].get_data()
    assert (heights * np.diff(edges)).sum() == pytest.approx(1 - share)
    assert (np.diff(line(ax, "exact").get_xdata()) > 0).all()
    assert outlines[0].get_linestyle() != outlines[1].get_linestyle()


@pytest.mark.parametrize(
    ("fits", "options", "message"),
    [
        ({}, {}, "fits is empty"),
        ({"a": np.ones((2, 9))}, {"limits": (1, 0)}, "two increasing numbers"),
        ({"a": np.ones((2, 9, 3))}, {}, "a must have dimensions chain and draw only"),
        ({"a": np.ones((2, 9))}, {"exact": ([1, 2], [1])}, "two arrays of one length"),
        ({"a": np.ones((2, 9))}, {"exact": ([1, 2], [1, -1])}, "the second not negative"),
    ],
)
def test_marginals_refuse(fits: dict, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.marginals(fits, **{"limits": (0, 2), **options})


def test_density_path() -> None:
    scale = np.geomspace(0.01, 10, 61)
    curves = {"has a mode": -(np.log(scale) ** 2), "has none": -85 * np.log(scale)}
    ax = rendered(pp.plots.density_path(scale, curves, reference=0.5, limits=(-9, 30)))
    for name in curves:
        y = np.interp(np.log(0.5), np.log(scale), line(ax, name).get_ydata())
        assert y == pytest.approx(0, abs=1e-9)
    marked = [each for each in ax.get_lines() if len(each.get_xdata()) == 1]
    assert [float(each.get_xdata()[0]) for each in marked] == [pytest.approx(1)]
    assert ax.get_xscale() == "log"
    assert ax.get_ylim() == (-9, 30)


@pytest.mark.parametrize(
    ("scale", "curves", "reference", "message"),
    [
        ([0, 1], {"a": [1, 2]}, 1, "positive and increasing"),
        ([2, 1], {"a": [1, 2]}, 1, "positive and increasing"),
        ([1, 2], {}, 1, "log_densities is empty"),
        ([1, 2], {"a": [1, 2]}, 3, "between 1 and 2, not 3"),
        ([1, 2], {"a": [1, np.inf]}, 1, "a must be 2 finite numbers"),
    ],
)
def test_density_paths_refused(scale: list, curves: dict, reference: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.density_path(scale, curves, reference=reference)


def predicted(groups: list[str], **options) -> Axes:
    rng = np.random.default_rng(2)
    given = {
        "intercept": rng.normal(size=(2, 50)),
        "slope": rng.normal(3, 0.1, size=(2, 50)),
        "named": groups[:2],
    }
    u = np.linspace(-1, 1, len(groups))
    return pp.plots.group_predictor(u, effects(groups), **(given | options))


def test_group_predictor(groups: list[str]) -> None:
    ax = rendered(predicted(groups, xlabel="log uranium"))
    assert {text.get_text() for text in ax.texts} == set(groups[:2])
    points = line(ax, "group (median)")
    median = np.median(effects(groups).values.reshape(-1, len(groups)), axis=0)
    np.testing.assert_allclose(points.get_ydata(), median)
    rule = line(ax, "line of the groups")
    x, y = rule.get_xdata(), rule.get_ydata()
    assert (y[-1] - y[0]) / (x[-1] - x[0]) == pytest.approx(3, abs=0.05)
    assert x[0] < -1 < 1 < x[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"named": ["Nowhere"]}, "'Nowhere', which is not a label"),
        ({"slope": np.ones((2, 9))}, "must have the effect's chains and draws"),
        ({"probability": 1}, "between 0 and 1, not 1"),
        ({"u": [1.0]}, r"u has shape \(1,\)"),
    ],
)
def test_group_predictor_refuses(options: dict, message: str) -> None:
    groups = ["a", "b", "c"]
    u = options.pop("u", np.arange(3.0))
    given = {"intercept": np.ones((2, 50)), "slope": np.ones((2, 50))} | options
    with pytest.raises(DataError, match=message):
        pp.plots.group_predictor(u, effects(groups), **given)


# Predictive checks


@pytest.mark.parametrize("statistic", ["max", "sd"])
def test_predictive_check(statistic: str, groups: list[str]) -> None:
    rng = np.random.default_rng(4)
    replicated = rng.binomial(45, 0.27, size=(2, 500, len(groups)))
    observed = rng.binomial(45, 0.27, size=len(groups))
    check = pp.summaries.posterior_p_value(replicated, observed, statistic=statistic)
    ax = rendered(pp.plots.predictive_check(check, xlabel=f"{statistic} (hits)"))
    hatched = [bar for bar in ax.patches if bar.get_hatch()]
    plain = [bar for bar in ax.patches if not bar.get_hatch()]
    assert sum(bar.get_height() for bar in plain) == 1000
    assert sum(bar.get_height() for bar in hatched) == pytest.approx(1000 * check.p_value)
    assert list(ax.get_lines()[0].get_xdata()) == [check.observed] * 2
    assert f"p = {check.p_value:.3f} ± {check.mcse:.3f}" in ax.get_title()
    assert legend(ax) == ["replicates at least as large", f"observed: {check.observed:.4g}"]
    with pytest.raises(DataError, match="bins must be positive, not 0"):
        pp.plots.predictive_check(check, bins=0)


def test_replicates_that_are_all_alike() -> None:
    check = pp.summaries.posterior_p_value(np.ones((2, 9, 3)), [0.5] * 3, statistic="mean")
    ax = rendered(pp.plots.predictive_check(check))
    assert ax.get_title() == "mean: p = 1.000"


# All of them

ONE = {
    "conditional_means": lambda ax: conditional(ax=ax),
    "density_path": lambda ax: pp.plots.density_path([1, 2], {"a": [0, 1]}, reference=1, ax=ax),
    "ess_bars": lambda ax: pp.plots.ess_bars({"a": {"mu": 9.0}}, ax=ax),
    "forest": lambda ax: pp.plots.forest({"a": effects(["x", "y"])}, ax=ax),
    "funnel": lambda ax: pp.plots.funnel(np.ones((2, 9)), np.ones((2, 9)), ax=ax),
    "group_predictor": lambda ax: predicted(["x", "y"], ax=ax),
    "marginals": lambda ax: pp.plots.marginals({"a": np.ones((2, 9))}, limits=(0, 2), ax=ax),
    "observed_predicted": lambda ax: pp.plots.observed_predicted(
        [0.0, 1.0], effects(["x", "y"]), ax=ax
    ),
    "pooling_ladder": lambda ax: ladder(["x", "y"], ax=ax),
    "predictive_check": lambda ax: pp.plots.predictive_check(
        pp.summaries.posterior_p_value(np.ones((2, 9, 3)), [0, 1, 1], statistic="min"), ax=ax
    ),
    "prior_density": lambda ax: pp.plots.prior_density(
        {"normal": stats.norm()}, limits=(-3, 3), ax=ax
    ),
    "probability_bars": lambda ax: pp.plots.probability_bars(
        pp.summaries.probability_best(effects(["x", "y"]), best="largest"), ax=ax
    ),
    "rank_bars": lambda ax: pp.plots.rank_bars(
        pp.summaries.rank_probability(effects(["x", "y"]), best="largest").loc["x"], ax=ax
    ),
    "rank_heatmap": lambda ax: pp.plots.rank_heatmap(
        pp.summaries.rank_probability(effects(["x", "y"]), best="largest"), ax=ax
    ),
    "rank_histogram": lambda ax: pp.plots.rank_histogram(effects(["x"])[:, :, 0], ax=ax),
    "regression_lines": lambda ax: regression(["x"], ax=[ax])[0],
    "replicates": lambda ax: pp.plots.replicates(np.ones((2, 9, 3)), [0, 1, 1], ax=ax),
    "shrinkage": lambda ax: pp.plots.shrinkage([0, 1], [0.4, 0.6], labels=["x", "y"], ax=ax),
    "trace": lambda ax: pp.plots.trace(np.ones((2, 9)), ax=ax),
    "shrinkage_plane": lambda ax: pp.plots.shrinkage_plane(
        ([0, 1], [1, 0]), ([0.4, 0.6], [0.6, 0.4]), labels=["x", "y"], ax=ax
    ),
}


@pytest.mark.parametrize(
    "name", [name for name in pp.plots.__all__ if name not in ("panels", "transfer_path")]
)
def test_given_axes_are_used_and_no_figure_is_made(name: str) -> None:
    figure, ax = plt.subplots()
    assert ONE[name](ax) is ax
    assert plt.get_fignums() == [figure.number]
    rendered(ax)


def test_names_are_sorted_as_people_do() -> None:
    names = ["b10", "a", "B2", "10", "9", "é", ""]
    assert [names[i] for i in natural_order(names)] == ["", "9", "10", "a", "B2", "b10", "é"]


def test_series_differ_in_more_than_colour() -> None:
    looks = [style.series(i) for i in range(7)]
    for aspect in ("colour", "marker", "line", "hatch"):
        assert len({getattr(look, aspect) for look in looks}) == 7


# Panels, replicates


def test_panels_draw_each_figure_under_its_name(groups: list[str]) -> None:
    alpha = effects(groups)
    seen = alpha.values.mean(axis=(0, 1))
    draw = {
        name: lambda ax: pp.plots.observed_predicted(seen, alpha, most_named=0, ax=ax)
        for name in ("one", "two", "three")
    }
    ax = rendered(pp.plots.panels(draw, share="all", legends=False))
    axes = ax.figure.axes
    assert [each.get_title() for each in axes] == ["one", "two", "three"]
    assert not any(legend(each) for each in axes)
    assert axes[0].get_xlim() == axes[2].get_xlim()
    assert [each.get_ylabel() for each in axes] == ["predicted", "", "predicted"]
    assert [each.get_xlabel() for each in axes] == ["", "observed", "observed"]
    apart = pp.plots.panels(draw, columns=5)
    assert len(apart.figure.axes) == 3
    assert legend(apart)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ({}, {}, "at least one figure and one column; there are 0"),
        ({"a": lambda ax: None}, {"columns": 0}, "and columns is 0"),
        ({"a": lambda ax: None}, {"share": True}, "share must be 'none', 'columns' or 'all'"),
    ],
)
def test_panels_that_cannot_be(given: dict, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.panels(given, **options)


def test_no_more_are_named_than_asked_for(groups: list[str]) -> None:
    alpha = effects(groups)
    far = alpha.values.mean(axis=(0, 1)) + np.linspace(5, 9, len(groups))
    counts = [
        len(pp.plots.observed_predicted(far, alpha, most_named=most).texts) for most in (0, 2, 8)
    ]
    assert counts[:2] == [0, 2]
    assert 2 < counts[2] <= 8


def test_replicates_stack_equal_values() -> None:
    counts = np.array([3, 3, 3, 5])
    replicated = np.tile([1, 2, 2, 9, 9], (2, 10, 1))
    ax = rendered(pp.plots.replicates(replicated, counts, count=4, xlabel="hits"))
    assert row_names(ax) == ["observed", *(f"replicate {i}" for i in range(1, 5))]
    rows = [each for each in ax.get_lines() if each.get_marker() == "o"]
    observed, first = rows[0], rows[1]
    assert observed.get_xdata().tolist() == [3, 3, 3, 5]
    step = np.diff(observed.get_ydata())
    assert step[0] == pytest.approx(step[1])
    assert observed.get_ydata()[3] == observed.get_ydata()[0]
    assert observed.get_ydata().max() < ax.get_ylim()[1]
    assert first.get_ydata().max() < observed.get_ydata().min()
    assert observed.get_color() != first.get_color()
    assert inside(ax)


def test_replicates_that_cannot_be() -> None:
    with pytest.raises(DataError, match="count must be between 1 and the 6 replicates, not 7"):
        pp.plots.replicates(np.zeros((2, 3, 4)), [1, 2], count=7)
    with pytest.raises(DataError, match="observed must be finite numbers"):
        pp.plots.replicates(np.zeros((2, 9, 4)), [np.nan])


# Transfer path


def path_frame() -> pd.DataFrame:
    names = ["a", "b", "a", "b"]
    return pd.DataFrame(
        {
            **{"knob": "between-sample sd", "value": [0.1, 0.1, 10.0, 10.0], "parameter": names},
            **{"mean": [1.0, 2.0, 3.0, 4.0], "low": [0.5, 1.0, 2.5, 3.0]},
            **{"high": [1.5, 3.0, 3.5, 5.0], "mean_alone": [3.0, 4.0] * 2},
            "mean_history": [1.0, 2.0] * 2,
        }
    )


def test_transfer_path() -> None:
    ax = rendered(pp.plots.transfer_path(path_frame(), ylabel="effect"))
    assert [each.get_title() for each in ax.figure.axes] == ["a", "b"]
    second = ax.figure.axes[1]
    np.testing.assert_array_equal(line(second, "mean").get_ydata(), [2, 4])
    assert list(line(second, "new sample alone").get_ydata()) == [4, 4]
    assert list(line(second, "history alone").get_ydata()) == [2, 2]
    assert second.get_xlim() == (10, 0.1)  # copying the history is to the right
    assert ax.get_xscale() == "log"
    (shown,) = ax.figure.legends
    labels = [text.get_text() for text in shown.get_texts()]
    assert labels == ["90% interval", "mean", "new sample alone", "history alone"]
    one = pp.plots.transfer_path(path_frame().assign(knob="a0"), parameters=["b"])
    assert one.get_xscale() == "linear"
    assert one.get_xlim() == (0.1, 10)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda p: p.drop(columns="low"), {}, "path has no column low"),
        (lambda p: p.assign(knob=["a0", "a0", "lambda", "lambda"]), {}, "one method"),
        (lambda p: p.iloc[:2], {}, "with at least two values"),
        (lambda p: p, {"parameters": ["c"]}, r"parameters must be some of .*, not \['c'\]"),
    ],
)
def test_transfer_paths_that_are_none(change, options, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.plots.transfer_path(change(path_frame()), **options)
