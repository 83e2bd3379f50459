"""Options are checked before any engine sees them, in the user's words."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest

import partialpool as pp
from partialpool.engines import SamplerConfig, select
from partialpool.engines.options import SamplerOptions
from partialpool.errors import EngineError, OptionError

BAD = [
    ({"chains": 0}, "chains must be a whole number of at least 1, not 0"),
    ({"chains": 2.5}, "chains must be a whole number"),
    ({"chains": True}, "chains must be a whole number"),
    ({"parallel_chains": 0}, "parallel_chains must be a whole number of at least 1"),
    ({"warmup": -1}, "warmup must be a whole number of at least 0"),
    ({"draws": 0}, "draws must be a whole number of at least 1"),
    ({"thin": 0}, "thin must be a whole number of at least 1"),
    ({"max_treedepth": 0}, "max_treedepth must be"),
    ({"seed": 0}, "seed must be a whole number from 1 to 4294967295, not 0"),
    ({"seed": 2**32}, "seed must be"),
    ({"seed": "1"}, "seed must be"),
    ({"adapt_delta": 1.0}, "adapt_delta must be a number above 0 and below 1, not 1.0"),
    ({"adapt_delta": 0}, "adapt_delta must be"),
    ({"adapt_delta": np.nan}, "adapt_delta must be"),
    ({"step_size": -0.1}, "step_size must be a number above 0"),
    ({"metric": "dense"}, "metric must be 'diag_e', 'dense_e' or 'unit_e', not 'dense'"),
    ({"inv_metric": np.eye(2)}, "must be 1-dimensional and finite, not an array of shape"),
    ({"inv_metric": np.ones(2), "metric": "dense_e"}, "must be 2-dimensional"),
    ({"inv_metric": np.ones(2), "metric": "unit_e"}, "takes no inv_metric"),
    ({"inits": -1.0}, "inits must be a number at least 0"),
    ({"inits": "zeros"}, "inits must be a number .* or a list of one mapping per chain"),
    ({"inits": [{"mu": 0}]}, "inits must have one mapping for each of the 4 chains, not 1"),
    ({"warmup": 0}, "pass adapt_engaged=False"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda value: str(value)[:40])
def test_unusable_option_is_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SamplerConfig(**options)


@pytest.mark.parametrize(
    ("draws", "thin", "stored"), [(1000, 1, 1000), (10, 3, 4), (9, 3, 3), (1, 5, 1)]
)
def test_stored_draws(draws: int, thin: int, stored: int) -> None:
    assert SamplerConfig(draws=draws, thin=thin).stored_draws == stored


def test_warmup_is_stored_only_when_saved() -> None:
    assert SamplerConfig(warmup=10, thin=4).stored_warmup == 0
    assert SamplerConfig(warmup=10, thin=4, save_warmup=True).stored_warmup == 3


def test_unknown_engine() -> None:
    with pytest.raises(EngineError, match="no engine 'pystan': choose 'auto', 'cmdstan' or"):
        select("pystan")


@pytest.mark.parametrize(
    ("function", "passed_on"),
    [
        (pp.fit, {"family", "priors", "pooling", "history", "engine", "seed", "verbose"}),
        (pp.pooling_ladder, {"family", "priors", "parameterization", "engine", "seed"}),
        (pp.Model.sample, {"engine", "seed", "verbose"}),
        (pp.StanProgram.sample, {"coords", "dims", "engine", "seed", "verbose"}),
    ],
)
def test_signatures_name_every_option(function: Any, passed_on: set[str]) -> None:
    """`help` and editors show what is passed on by **options, with types and defaults."""
    parameters = inspect.signature(function).parameters
    sampler = dataclasses.fields(SamplerConfig)
    assert {field.name for field in sampler} | passed_on <= set(parameters)
    assert all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for field in sampler:
        if field.name != "seed":
            assert parameters[field.name].default == field.default
            assert SamplerOptions.__annotations__[field.name] is not None
    assert set(SamplerOptions.__annotations__) == {field.name for field in sampler} - {"seed"}


def test_ladder_takes_no_pooling() -> None:
    assert "pooling" not in inspect.signature(pp.pooling_ladder).parameters
