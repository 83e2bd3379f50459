"""Names of factors, columns, parameters and dimensions: none can be another's."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import partialpool as pp
from partialpool.errors import DataError
from partialpool.model.fit import ModelFit
from partialpool.model.load import model_fit
from partialpool.naming.names import (
    TAKEN,
    dim_of,
    name_of,
    names_of,
    renamed,
    response_variable,
)
from partialpool.naming.variables import level_labels
from partialpool.posterior.prior import draw_prior
from partialpool.sampling import inference_data
from partialpool.stan_data import history as joint_layout
from partialpool.storage import frames
from partialpool.transfer import prior_from

pytestmark = pytest.mark.filterwarnings(
    "ignore::partialpool.errors.DataWarning"  # names are made at random, and columns with them
)

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 2, "warmup": 60, "draws": 20, "verbose": False
}  # fmt: skip
PARTS = ("child", "pair", "coefficient", "group", "sd", "cor", "r", "coef", "center", "of", "row",
         "chain", "draw", "beta", "sigma", "nu", "phi", "response", "1")  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(
        ("child", "child_pair", "sd_child", "r_child", "row", "chain", "draw", "sigma")
    ),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("_".join),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=2).map(".".join),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=2).map("/".join),
    st.text("ab_./ :,()[]∕", min_size=1, max_size=4).filter(lambda text: "`" not in text),
)
KEY_NAMES = st.one_of(
    NAMES,
    st.sampled_from(("b", "b(x)", "sd(g)", "cor(g)", "coef(g, x)", "cor(g)[a, b]", "Intercept.")),
)


class Term:
    def __init__(self, label: str) -> None:
        self.label = label


@settings(max_examples=500, deadline=None)
@given(st.sets(NAMES, min_size=2, max_size=6))
def test_no_two_labels_share_a_name(labels: set[str]) -> None:
    if len({label.replace("/", "∕") for label in labels}) < len(labels):
        return  # "a/b" beside "a∕b" is refused: see below
    owner: dict[str, str] = dict.fromkeys(TAKEN, "")
    for label in labels:
        own = names_of(Term(label))
        assert len(set(own)) == len(own)
        for name in own:
            assert owner.setdefault(name, label) == label


def quoted(name: str) -> str:
    return f"`{name}`"


def table(names: list[str], rows: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    kinds = itertools.cycle((2, 3, 4))
    columns = {name: rng.permutation(np.arange(rows) % next(kinds)) for name in names}
    return pd.DataFrame({name: [f"L{i}" for i in values] for name, values in columns.items()})


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    factors=st.lists(NAMES, min_size=2, max_size=4, unique=True),
    column=KEY_NAMES,
    response=NAMES,
    again=st.booleans(),
)
def test_whatever_can_be_a_model_can_be_named_saved_and_loaded(
    factors: list[str], column: str, response: str, again: bool, tmp_path_factory: Any
) -> None:
    """Or it is refused when the model is made, in words that name a column."""
    names = list(dict.fromkeys([response, column, *factors]))
    assume(len(names) == 2 + len(factors))
    rng = np.random.default_rng(2)
    data = table(factors)
    data[response], data[column] = rng.normal(size=24), rng.normal(size=24)
    terms = [f"(1 + {quoted(column)} | {quoted(factors[0])})"]
    terms += [f"(1 | {quoted(name)})" for name in factors[1:]]
    terms += [f"(0 + I({quoted(column)} ** 2) | {quoted(factors[0])})"] if again else []
    formula = f"{quoted(response)} ~ {quoted(column)} + {' + '.join(terms)}"
    try:
        model = pp.Model(formula, data)
    except DataError as error:
        assert "rename" in str(error).lower()
        event("refused")
        return
    event("built")
    keys = [row.name for row in model.prior_table.rows]
    assert len(set(keys)) == len(keys)
    known = joint_layout.coordinate_names(model.design, model.response_family)
    assert len(set(known)) == len(known)
    drawn = draw_prior(model.design, model.response_family, model.prior_table, draws=3, seed=1)
    raw = xr.Dataset({name: drawn[name] for name in drawn})
    for term in model.design.groups:
        sizes = (1, 3, len(term.levels), len(term.coefficients))
        assert raw[name_of("r", term)].shape == sizes
        assert raw[name_of("sd", term)].dims == ("chain", "draw", name_of("coefficient", term))
        assert raw[dim_of(term)].values.tolist() == level_labels(term).tolist()
    observed = xr.Dataset(
        {response_variable(model.design.response.name): ("row", model.design.response.y)},
        coords={"row": np.arange(24)},
    )
    groups = {
        "posterior": drawn,
        "observed_data": observed,
        "constant_data": frames.to_dataset(model.full_design.data),
    }
    path = tmp_path_factory.mktemp("names") / "fit.nc"
    inference_data.save(inference_data.assemble(groups, {}), path)
    back = inference_data.load(path)
    for name in groups:
        xr.testing.assert_identical(
            inference_data.group(back, name).drop_attrs(), groups[name].drop_attrs()
        )
    model.prior_predictive(draws=2, seed=1)


def test_a_pair_of_children_is_fitted(tmp_path: Path) -> None:
    data = table(["child", "child_pair", "sd_child", "a.1", "a"])
    rng = np.random.default_rng(3)
    data["row"], data["x"] = rng.normal(size=24), rng.normal(size=24)
    formula = (
        "row ~ x + (1 + x | child) + (1 | child_pair) + (1 | sd_child) + (1 | a) + (0 + x | a)"
        " + (1 | `a.1`)"
    )
    fit = pp.fit(formula, data, **SHORT)
    assert {"child", "child_pair_group", "of_sd_child", "a", "a.1", "a.2"} >= {
        dim_of(term) for term in fit.model.design.groups
    }
    assert fit.posterior["cor_child"].dims == ("chain", "draw", "child_pair")
    assert inference_data.group(fit.idata, "observed_data")["row_response"].shape == (24,)
    back = pp.load(fit.save(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(back.coef(), fit.coef())
    pd.testing.assert_frame_equal(back.varcorr(), fit.varcorr())
    xr.testing.assert_identical(back.predict(data), fit.predict(data))


def test_columns_that_would_be_one_name_are_refused() -> None:
    data = table(["a/b", "a∕b"]).assign(y=np.arange(24.0))
    with pytest.raises(DataError, match="'a/b' and 'a∕b' would both be called"):
        pp.Model("y ~ (1 | `a/b`) + (1 | `a∕b`)", data)
    data = table(["a:b", "a", "b"]).assign(y=np.arange(24.0))
    with pytest.raises(DataError, match="called 'a:b': the column 'a:b' and the combinations of"):
        pp.Model("y ~ (1 | `a:b`) + (1 | a:b)", data)
    data = table(["f", "g"]).assign(y=np.arange(24.0))
    data["f[L1]"] = np.random.default_rng(1).normal(size=24)
    with pytest.raises(DataError, match=r"two coefficients the same name: 'f\[L1\]'. Rename"):
        pp.Model("y ~ f + `f[L1]` + (1 | g)", data)


# --- priors ---

OWN = pp.Normal(0, 0.25)


def columns(**more: Any) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    own = {name: rng.normal(size=40) for name in ("sigma", "phi", "nu", "b", "x")}
    return pd.DataFrame(
        {"y": rng.normal(size=40), "g": np.repeat(list("abcdefgh"), 5), **own} | more
    )


def priors_of(model: pp.Model) -> dict[str, Any]:
    return {row.name: row.prior for row in model.prior_table.rows}


@pytest.mark.parametrize(
    ("family", "name"), [("gaussian", "sigma"), ("student", "nu"), ("negbinomial", "phi")]
)
def test_a_column_called_as_a_parameter_has_a_prior_of_its_own(family: str, name: str) -> None:
    data = columns(y=np.random.default_rng(1).poisson(3, 40))
    formula = f"y ~ {name} + (1 | g)"
    default = priors_of(pp.Model(formula, data, family=family))
    model = pp.Model(formula, data, family=family, priors={name: pp.Exponential(7)})
    assert priors_of(model) == default | {name: pp.Exponential(7)}
    model = pp.Model(formula, data, family=family, priors={f"b({name})": OWN})
    assert priors_of(model) == default | {f"b({name})": OWN}
    assert f"b({name})" in model.prior_summary().index
    assert f"b({name})" in str(model)
    assert model.stan_data["prior_beta_scale"][0] < 0.5  # in units of the column
    without = pp.Model(formula.replace(name, "x"), data, family=family)
    assert default[name] == priors_of(without)[name]


def test_where_there_is_no_such_parameter_the_message_says_what_to_type() -> None:
    data = columns(y=np.random.default_rng(1).poisson(3, 40))
    with pytest.raises(
        DataError, match=r"'sigma' is reserved for another parameter.*write 'b\(sigma\)'"
    ):
        pp.Model("y ~ sigma + (1 | g)", data, family="poisson", priors={"sigma": OWN})
    model = pp.Model("y ~ sigma + (1 | g)", data, family="poisson", priors={"b(sigma)": OWN})
    assert priors_of(model)["b(sigma)"] == OWN


def test_b_of_a_column_is_always_understood() -> None:
    data = columns()
    model = pp.Model("y ~ x + b + (1 | g)", data, priors={"b(x)": OWN})
    assert priors_of(model)["x"] == OWN != priors_of(model)["b(b)"]
    every = pp.Model("y ~ x + b + (1 | g)", data, priors={"b": OWN, "b(b)": pp.Normal(0, 9)})
    assert priors_of(every)["x"] == OWN
    assert priors_of(every)["b(b)"] == pp.Normal(0, 9)
    with pytest.raises(DataError, match=r"'x' and 'b\(x\)' are the same"):
        pp.Model("y ~ x", data, priors={"x": OWN, "b(x)": OWN})


def test_keys_that_would_stand_for_two_parameters_are_refused() -> None:
    data = columns().rename(columns={"x": "b, c"})
    data["a"], data["a, b"] = data["g"], np.tile(list("pqrs"), 10)
    data["c"] = np.random.default_rng(8).normal(size=40)
    with pytest.raises(DataError, match=r"'sd\(a, b, c\)' would stand for .* rename"):
        pp.Model("y ~ (0 + `b, c` | a) + (0 + c | `a, b`)", data)


@pytest.mark.filterwarnings("ignore:the posterior is far from normal")
def test_a_history_tells_the_column_from_the_parameter() -> None:
    fit = pp.fit("y ~ sigma + I(x**2) + (1 | g)", columns(), **SHORT | {"draws": 400})
    prior = prior_from(fit, names=["Intercept", "b", "sigma"])
    assert prior.names == ("Intercept", "b(sigma)", "I(x ** 2)", "sigma")
    assert prior_from(fit, names=["b(sigma)", "b(I(x ** 2))"]).names == ("b(sigma)", "I(x ** 2)")
    model = pp.Model("y ~ sigma + I(x**2) + (1 | g)", columns(), history=prior)
    assert model.stan_data["joint_at"].tolist() == [1, 2, 3, 5]
    drawn = model.sample(**SHORT).posterior["beta"].sel(coefficient="sigma")
    before = fit.posterior["beta"].sel(coefficient="sigma")
    assert float(drawn.std()) < float(before.std())


@pytest.mark.filterwarnings("ignore:the posterior is far from normal")
def test_some_columns_of_a_polynomial_can_be_a_history() -> None:
    """They are no correlations, of which all or none must be there."""
    fit = pp.fit("y ~ poly(x, 2) + (1 | g)", columns(), **SHORT | {"draws": 400})
    names = [name for name in prior_from(fit).names if name.startswith("poly")]
    prior = prior_from(fit, names=names[:1])
    model = pp.Model("y ~ poly(x, 2) + (1 | g)", columns(), history=prior)
    assert model.stan_data["D"] == 1


def test_a_ladder_takes_the_keys_of_columns() -> None:
    ladder = pp.pooling_ladder(
        "y ~ sigma + (1 | g)",
        columns(),
        priors={"b(sigma)": OWN, "sd(g)": pp.HalfNormal(1)},
        **SHORT,
    )
    for fit in ladder.fits.values():
        assert priors_of(fit.model)["b(sigma)"] == OWN


def test_a_group_called_as_the_population_is_a_group() -> None:
    """Rows without a group column have the population's mean, whatever groups are called."""
    data = columns(g=np.repeat(["(population)", *"abcdefg"], 5))
    fit = pp.fit("y ~ x + (1 | g)", data, **SHORT)
    predicted = fit.predict(pd.DataFrame({"x": [0.0]}), kind="linpred", new_groups="population")
    beta = fit.posterior["beta"].sel(coefficient="Intercept")
    np.testing.assert_allclose(predicted[..., 0], beta)


def test_large_numbers_without_a_sign_stay_positive() -> None:
    x = np.arange(40, dtype=np.uint64) + np.uint64(2**63)
    large = x // np.uint64(2) * np.uint64(2) + x % np.uint64(7) * np.uint64(2**40)
    with pytest.warns(pp.DataWarning, match="whole numbers beyond"):
        design = pp.Model("y ~ x", columns(x=large)).design
    assert design.X.min() >= 2**63


def test_numpy_numbers_in_priors_are_saved(tmp_path: Path) -> None:
    prior = pp.Normal(np.int64(0), np.float32(0.5))
    fit = pp.fit("y ~ x + (1 | g)", columns(), priors={"x": prior}, **SHORT)
    assert pp.load(fit.save(tmp_path / "fit.nc")).model.priors["x"] == prior


def test_names_that_no_file_can_hold_are_refused() -> None:
    data = columns().rename(columns={"g": "g\ud800"})
    with pytest.raises(DataError, match="no saved fit can hold"):
        pp.Model("y ~ x + (1 | `g\ud800`)", data)
    data = columns(f=np.tile(["a", "b\0c", "c", "d"], 10))
    with pytest.raises(DataError, match="no saved fit can hold.*recode its levels"):
        pp.Model("y ~ f + (1 | g)", data)


# --- fits that partialpool 0.1 saved ---

OLD = Path(__file__).parents[1] / "data" / "fit_0_1.nc"


def test_a_fit_of_0_1_is_read() -> None:
    """y ~ f + sigma + (1 + x | child) + (1 | mother_pair) + (1 | sd_child), sigma's prior given."""
    fit = pp.load(OLD)
    assert isinstance(fit, ModelFit)
    assert fit.posterior["r_mother_pair"].dims[2] == "mother_pair_group"
    assert fit.posterior["r_sd_child"].dims[2:] == ("of_sd_child", "of_sd_child_coefficient")
    given = {row.name for row in fit.model.prior_table.rows if row.source == "given"}
    assert given == {"sigma", "b(sigma)"}  # where both had it
    raw = xr.open_datatree(OLD, engine="h5netcdf")
    slope = raw["posterior/r_child"].values[..., 1] + 0.0
    np.testing.assert_array_equal(fit.effects(factor="child").values[..., 1], slope)
    raw.close()
    assert fit.coef().index.get_level_values("factor").unique().tolist() == [
        "child", "mother_pair", "sd_child"
    ]  # fmt: skip
    data = fit.model.full_design.data
    np.testing.assert_allclose(fit.predict(data), fit.predict())


def test_dimensions_of_effects_that_were_not_kept_are_renamed() -> None:
    with xr.open_datatree(OLD, engine="h5netcdf") as tree:
        old = tree["posterior"].to_dataset().load()
    terms = pp.load(OLD).model.design.groups
    assert {"mother_pair", "sd_child_group"} < set(old.dims)
    new = renamed(old.drop_vars(["r_mother_pair", "r_sd_child"]), terms)
    assert {"mother_pair_group", "of_sd_child"} < set(new.coords)
    assert not {"mother_pair", "sd_child_group"} & set(new.coords)
    assert renamed(new, terms) is new


def test_groups_in_another_order_are_put_right() -> None:
    """As of Decimal labels, which 0.1 read back as text, sorted otherwise."""
    fit = pp.load(OLD)
    posterior = fit.posterior.isel(child=[3, 0, 1, 5, 4, 2])
    groups = {name: inference_data.group(fit.idata, name) for name in ("constant_data",)}
    moved = inference_data.assemble({"posterior": posterior, **groups}, fit.attrs)
    again = model_fit(pp.Fit(fit.program, moved))
    np.testing.assert_array_equal(again.effects(factor="child"), fit.effects(factor="child"))
    labels = [f"{label}?" for label in posterior["child"].values]
    other = posterior.assign_coords(child=labels)
    wrong = inference_data.assemble({"posterior": other, **groups}, fit.attrs)
    with pytest.raises(DataError, match="the groups of child in this file are not those"):
        model_fit(pp.Fit(fit.program, wrong))
