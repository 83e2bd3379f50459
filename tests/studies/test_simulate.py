"""Simulated data are those of the example files, and come with their truth."""

from __future__ import annotations

import numpy as np
import pytest

import partialpool as pp
from partialpool.errors import DataError
from partialpool.reproduce.tools import simulate
from partialpool.reproduce.tools.truth import truth_table

PROGRAMS = {
    "complete_pooling": simulate.regression,
    "grouped_means_centered": simulate.grouped_means,
    "individual_slopes_centered": simulate.individual_slopes,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_data_are_those_of_the_example_file(name: str) -> None:
    example = pp.programs.get(f"linear/{name}").example_data()
    for key, value in PROGRAMS[name]().data.items():
        np.testing.assert_array_equal(np.asarray(value), np.asarray(example[key]), err_msg=key)
    other = PROGRAMS[name](seed=2018).data
    assert not np.array_equal(other["y"], example["y"])


def test_truth_is_what_the_data_were_made_with() -> None:
    slopes = simulate.individual_slopes()
    np.testing.assert_allclose(slopes.y, 2 + slopes.slopes * slopes.x, atol=5.1e-5)
    noisy = simulate.individual_slopes(noise=2.0)
    np.testing.assert_array_equal(noisy.slopes, slopes.slopes)
    assert np.std(noisy.y - slopes.y) == pytest.approx(2, abs=5 * 2 / np.sqrt(200))
    groups = simulate.grouped_means(new=500)
    residual = groups.y_new - groups.means[groups.group_new - 1]
    assert abs(residual.mean()) < 5 / np.sqrt(2500)
    for j, average in enumerate(groups.raw_means, start=1):
        assert average == pytest.approx(groups.y[groups.group == j].mean())
    line = simulate.regression(new=1000)
    assert np.std(line.y_new - 2 * line.x_new) == pytest.approx(1, abs=5 / np.sqrt(2000))


def test_more_held_out_leaves_the_data_as_they_are() -> None:
    for make in (simulate.regression, simulate.grouped_means):
        np.testing.assert_array_equal(make(new=3).y, make(new=30).y)


def test_truth_table() -> None:
    draws = np.linspace(0, 1, 2001).reshape(3, 667)
    table = truth_table({"in": draws, "out": draws}, {"in": 0.25, "out": 0.9997})
    assert table.loc["in", "below"] == pytest.approx(0.25, abs=1e-3)
    assert table["within"].tolist() == [True, False]
    assert table.loc["in", ["q5", "q95"]].tolist() == pytest.approx([0.05, 0.95])
    assert truth_table({"out": draws}, {"out": 0.9997}, probability=0.9999)["within"].all()
    with pytest.raises(DataError, match="only one of them has b, c"):
        truth_table({"a": draws, "b": draws}, {"a": 0.0, "c": 0.0})
