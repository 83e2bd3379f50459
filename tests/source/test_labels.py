"""Coords and dims: every mistake is found before anything is sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.sampling import methods as run
from partialpool.source.labels import as_labels, check_labels

PROGRAM = pp.programs.get("normal_known_variance/marginal")
DATA = PROGRAM.example_data()
SCHOOLS = list("ABCDEFGH")


def never(*arguments: Any, **options: Any) -> None:
    raise AssertionError("an engine was asked for")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"dims": {"theta": ["J"]}}, "'J' is a variable of the program"),
        ({"dims": {"theta": ["mu"]}}, "'mu' is a variable of the program"),
        ({"dims": {"theta": ["chain"]}}, "'chain' is a dimension of every draw"),
        ({"dims": {"theta": [None]}}, "name is text without '/', not None"),
        ({"dims": {"theta": ["a/b"]}}, "not 'a/b'"),
        ({"dims": {"theta": "school"}}, "must be a list of names, not 'school'"),
        ({"dims": {"theta": ["a", "b"]}}, r"vector\[J\] theta, with 1"),
        ({"dims": {"thet": ["a"]}}, "'thet', which the program does not declare"),
        ({"dims": ["theta"]}, "dims must be a mapping"),
        ({"coords": ["a"]}, "coords must be a mapping"),
        ({"coords": {"school": SCHOOLS}}, "'school', which is not a dimension; .* not named"),
        (
            {"coords": {"schol": SCHOOLS}, "dims": {"theta": ["school"]}},
            r"did you mean 'school'\?",
        ),
        (
            {"coords": {"school": SCHOOLS[:7]}, "dims": {"theta": ["school"]}},
            r"7 label\(s\) for 'school', but '\w+' has 8",
        ),
        (
            {"coords": {"school": ["A"] * 8}, "dims": {"theta": ["school"]}},
            "not all different",
        ),
        ({"inits": -1}, "inits must be a number at least 0"),
        ({"inits": [{"mu": 1.0}]}, "one mapping for each of the 4 chains, not 1"),
        ({"inits": {"nu": 1.0}}, "no parameter 'nu'"),
        ({"inits": {"tau": -1.0}}, "inits do not fit the parameters block"),
    ],
)
def test_is_refused_before_sampling(
    options: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "select", never)
    with pytest.raises(pp.PartialPoolError, match=says):
        PROGRAM.sample(DATA, seed=1, verbose=False, **options)


@pytest.mark.parametrize("data", [None, [1, 2], "x", 3])
def test_data_that_are_no_mapping(data: Any) -> None:
    with pytest.raises(pp.DataError, match="must be a mapping of names to values"):
        PROGRAM.sample(data, seed=1)


@pytest.mark.parametrize("inits", [-1, "foo", [{}, {}]])
@pytest.mark.parametrize("method", ["optimize", "laplace", "variational"])
def test_bad_inits_of_other_methods(
    method: str, inits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "select", never)
    with pytest.raises(pp.OptionError, match="inits"):
        getattr(PROGRAM, method)(DATA, seed=1, inits=inits)


def test_labels_that_turn_out_wrong_cost_no_draws(
    write_program: Any,
) -> None:
    """The size depends on transformed data, which only Stan computes."""
    program = write_program(
        "later",
        "data { int N; } transformed data { int M = N * 2; } "
        "parameters { vector[M] b; } model { b ~ std_normal(); }",
    )
    labels = {"coords": {"group": ["x", "y", "z"]}, "dims": {"b": ["group"]}}
    known = program.declarations.parameters["b"].shape({"N": 2})
    if known is not None:  # a compiler that sees through it
        with pytest.raises(pp.DataError, match="3 label"):
            program.sample({"N": 2}, engine="stanli", seed=1, verbose=False, **labels)
        return
    with pytest.warns(UserWarning, match="The draws are kept, without labels"):
        fit = program.sample({"N": 2}, engine="stanli", seed=1, verbose=False, **labels)
    assert fit.posterior["b"].shape == (4, 1000, 4)


def test_names_spread_and_labels_reach_the_fit() -> None:
    fit = PROGRAM.sample(
        DATA, engine="stanli", seed=1, progress=False, verbose=False, draws=20,
        coords={"school": np.array(SCHOOLS)}, dims={"theta": ["school"]},
    )  # fmt: skip
    assert fit.posterior["theta"].dims == ("chain", "draw", "school")
    assert list(fit.posterior["school"].values) == SCHOOLS
    _, spread = check_labels(
        PROGRAM.declarations.all, DATA, coords=None, dims={"theta": ["school"]}
    )
    assert spread["y"] == spread["sigma"] == ("school",)


def test_labels_of_any_kind_become_text() -> None:
    both = pd.MultiIndex.from_product([["a", "b"], [1, 2]])
    assert as_labels("cell", both).tolist() == ["a, 1", "a, 2", "b, 1", "b, 2"]
    assert as_labels("year", pd.Series([1988, 1989], index=[7, 8])).tolist() == [1988, 1989]
