"""Models that people bring: real data of the package, and simulated ones in the shape of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import partialpool as pp

Codes = Mapping[str, Any]


class Task(NamedTuple):
    """Data, formula, family, further options of the model, and seeds at most."""

    data: pd.DataFrame
    formula: str
    family: str = "gaussian"
    options: Mapping[str, Any] = {}
    seeds: int = 1000


def balanced(groups: int, rows: int) -> Codes:
    """One factor g with as many rows in every group."""
    return {"g": np.repeat(np.arange(groups), rows)}


def full(**levels: int) -> Codes:
    """One row for each combination of the levels of some factors."""
    each = np.meshgrid(*(np.arange(n) for n in levels.values()), indexing="ij")
    return dict(zip(levels, (codes.ravel() for codes in each), strict=True))


def scattered(rows: int, seed: int = 1, **levels: int) -> Codes:
    """Rows whose levels of some factors are drawn at random."""
    rng = np.random.default_rng(seed)
    return {name: rng.integers(0, n, rows) for name, n in levels.items()}


def simulate(
    formula: str,
    codes: Codes,
    sds: Mapping[str, float],
    *,
    slopes: Mapping[str, float] | None = None,
    family: str = "gaussian",
    intercept: float = 1.0,
    sigma: float = 1.0,
    phi: float = 5.0,
    trials: int = 20,
    seed: int = 7,
    options: Mapping[str, Any] | None = None,
    seeds: int = 1000,
) -> Task:
    """Draw y from a family, with a slope of 0.5 of a standard normal x where the formula has one.

    Intercepts of each factor vary by `sds`, and slopes of x by `slopes`, independently.
    """
    rng = np.random.default_rng(seed)
    n = len(next(iter(codes.values())))
    x = rng.normal(size=n)
    eta = intercept + (0.5 * x if "x" in formula.split("~")[1] else 0)
    for name, sd in sds.items():
        eta = eta + sd * rng.normal(size=codes[name].max() + 1)[codes[name]]
    for name, sd in (slopes or {}).items():
        eta = eta + sd * rng.normal(size=codes[name].max() + 1)[codes[name]] * x
    chance = 1 / (1 + np.exp(-eta))
    data = pd.DataFrame({**codes, "x": x, "n": rng.integers(trials // 4, trials + 1, n)})
    if family == "gaussian":
        data["y"] = eta + sigma * rng.normal(size=n)
    elif family == "student":
        data["y"] = eta + sigma * rng.standard_t(3, size=n)
    elif family == "bernoulli":
        data["y"] = rng.binomial(1, chance)
    elif family == "binomial":
        data["y"] = rng.binomial(data["n"], chance)
    elif family == "beta_binomial":
        data["y"] = rng.binomial(data["n"], rng.beta(phi * chance, phi * (1 - chance)))
    elif family == "poisson":
        data["y"] = rng.poisson(np.exp(eta))
    else:
        data["y"] = rng.negative_binomial(phi, phi / (phi + np.exp(eta)))
    return Task(data, formula, family, options or {}, seeds)


def grouse() -> Task:
    data = pp.datasets.load("grouse_ticks")
    formula = "ticks ~ year + height + (1|brood) + (1|index) + (1|location)"
    return Task(data.assign(index=np.arange(len(data))), formula, "poisson")


def of_package(name: str, formula: str, family: str = "gaussian") -> Callable[[], Task]:
    return lambda: Task(pp.datasets.load(name), formula, family)


def schools() -> Task:
    rng = np.random.default_rng(4)
    room = np.sort(rng.integers(0, 34, 569))
    school, sex = room * 12 // 34, rng.integers(0, 2, 569)
    kind, ses = school % 3, rng.normal(size=569)
    score = 50 + 3 * ses + sex + 2 * kind + 2 * rng.normal(size=12)[school]
    score += 1.5 * rng.normal(size=34)[room] + 8 * rng.normal(size=569)
    columns = {"math": score, "ses": ses, "sex": np.array(["m", "f"])[sex], "school": school}
    data = pd.DataFrame(columns | {"type": np.array(list("abc"))[kind], "class": room})
    return Task(data, "math ~ ses + sex + type + (1|school/class)")


def crossed_slopes() -> Task:
    return simulate(
        "y ~ x + (1 + x|s) + (1 + x|i)", scattered(8000, s=100, i=40), {"s": 0.8, "i": 0.5},
        slopes={"s": 0.3, "i": 0.2},
    )  # fmt: skip


def lectures() -> Task:
    return simulate(
        "y ~ 1 + (1|s) + (1|d)", scattered(20_000, s=2972, d=1128), {"s": 0.33, "d": 0.5}, sigma=1.2
    )


def verbal_aggression() -> Task:
    rng = np.random.default_rng(8)
    codes = full(p=316, i=24)
    anger, mode = rng.normal(size=316)[codes["p"]], codes["i"] % 2
    eta = -0.3 + 0.4 * anger + 0.7 * mode
    eta += 1.3 * rng.normal(size=316)[codes["p"]] + 0.9 * rng.normal(size=24)[codes["i"]]
    y = rng.binomial(1, 1 / (1 + np.exp(-eta)))
    data = pd.DataFrame({**codes, "y": y, "anger": anger, "mode": mode})
    return Task(data, "y ~ anger + mode + (1|p) + (1|i)", "bernoulli")


def stores() -> Task:
    rng = np.random.default_rng(9)
    codes = full(store=25, week=104)
    store, promo = codes["store"], rng.integers(0, 2, 25 * 104)
    eta = 2 + 0.4 * promo + 0.2 * (store % 4) + 0.5 * rng.normal(size=25)[store]
    eta += 0.2 * rng.normal(size=25)[store] * promo + 0.3 * rng.normal(size=104)[codes["week"]]
    y = rng.negative_binomial(5, 5 / (5 + np.exp(eta)))
    region = np.array(list("nesw"))[store % 4]
    data = pd.DataFrame({**codes, "y": y, "promo": promo, "region": region})
    return Task(data, "y ~ promo + region + (1 + promo|store) + (1|week)", "negbinomial")


def blocks() -> Task:
    """Nested terms with slopes, and a term that is crossed with them."""
    codes = dict(scattered(3000, a=150, h=12))
    codes["st"] = codes["a"] // 10
    return simulate(
        "y ~ x + (1 + x|st/a) + (1|h)", codes, {"a": 1, "st": 0.7, "h": 0.5}, intercept=2
    )


def nested(*sizes: int) -> Codes:
    """Factors a, b, c, ..., each in those before; the last number is that of rows."""
    codes, total = {}, int(np.prod(sizes))
    for level in range(len(sizes) - 1):
        codes["abcd"[level]] = np.arange(total) // int(np.prod(sizes[level + 1 :]))
    return codes


def outliers() -> Task:
    task = simulate("y ~ x + (1|g)", balanced(15, 12), {"g": 0.7}, family="student")
    data = task.data
    data.loc[data.index[::30], "y"] += 15
    return task


def weighted() -> Task:
    task = simulate("y | weights(n) ~ x + (1|g)", balanced(20, 10), {"g": 0.5})
    return task._replace(data=task.data.assign(n=task.data["n"] / task.data["n"].mean()))


def offset() -> Task:
    task = simulate(
        "y ~ x + offset(log_time) + (1|g)", balanced(40, 8), {"g": 0.5}, family="poisson"
    )
    rng = np.random.default_rng(3)
    time = rng.uniform(0.5, 20, len(task.data))
    return task._replace(data=task.data.assign(log_time=np.log(time), y=rng.poisson(
        time * np.exp(-1 + 0.5 * task.data["x"] + 0.5 * rng.normal(size=40)[task.data["g"]])
    )))  # fmt: skip


def group_predictor() -> Task:
    formula = "log_radon ~ floor + log_uranium + (1|county)"
    return Task(pp.datasets.load("radon"), formula)


def years() -> Task:
    """Slopes of a predictor that is far from 0."""
    task = simulate("y ~ x + (1 + x|g)", balanced(25, 11), {"g": 0.8}, slopes={"g": 0.3})
    return task._replace(
        data=task.data.assign(year=2010 + np.round(3 * task.data["x"])),
        formula="y ~ year + (1 + year|g)",
    )


def conditions() -> Task:
    """An effect of each of three conditions in each group."""
    task = simulate("y ~ f + (0 + f|g)", balanced(24, 9), {"g": 0.8})
    return task._replace(data=task.data.assign(f=np.array(list("abc"))[np.arange(216) % 3]))


def two_slopes() -> Task:
    task = simulate(
        "y ~ x + z + (1 + x + z|g)", balanced(30, 15), {"g": 0.8}, slopes={"g": 0.4}
    )  # fmt: skip
    return task._replace(data=task.data.assign(z=np.random.default_rng(2).normal(size=450)))


def small_units() -> Task:
    task = simulate("y ~ x + (1|g)", balanced(20, 6), {"g": 0.5})
    return task._replace(data=task.data.assign(y=1e-6 * task.data["y"]))


def one_term(groups: int, rows: int, sd: float = 0.5, **more: Any) -> Callable[[], Task]:
    return lambda: simulate("y ~ x + (1|g)", balanced(groups, rows), {"g": sd}, **more)


def simulated(*given: Any, **more: Any) -> Callable[[], Task]:
    return lambda: simulate(*given, **more)


GAMMA = {"priors": {"sd(g)": pp.Gamma(2, 2)}}

MODELS: dict[str, Callable[[], Task]] = {
    # real data
    "grouse ticks": grouse,
    "pastes": of_package("pastes", "strength ~ 1 + (1|batch/cask)"),
    "penicillin": of_package("penicillin", "diameter ~ 1 + (1|plate) + (1|sample)"),
    "radon, slopes": of_package("radon", "log_radon ~ floor + (1 + floor|county)"),
    "radon, group predictor": group_predictor,
    "sleepstudy": of_package("sleepstudy", "reaction ~ days + (1 + days|subject)"),
    "sleepstudy, uncorrelated": of_package("sleepstudy", "reaction ~ days + (1 + days||subject)"),
    "Bangladesh, slopes": of_package(
        "bangladesh", "use_contraception ~ urban + (1 + urban|district)", "bernoulli"
    ),
    "rat tumors": of_package(
        "rat_tumors", "tumors | trials(rats) ~ 1 + (1|experiment)", "binomial"
    ),
    "surgical mortality": of_package(
        "surgical_mortality", "deaths | trials(operations) ~ 1 + (1|hospital)", "binomial"
    ),
    "baseball 1970": of_package(
        "baseball_1970", "hits | trials(at_bats) ~ 1 + (1|player)", "binomial"
    ),
    "baseball 2006": of_package(
        "baseball_2006", "hits | trials(at_bats) ~ 1 + (1|player)", "binomial"
    ),
    "eight schools": of_package("eight_schools", "effect | se(standard_error) ~ 1 + (1|school)"),
    # in the shape of known data
    "classes in schools": schools,
    "slopes of subjects and items": crossed_slopes,
    "lecture ratings": lectures,
    "verbal aggression": verbal_aggression,
    "stores and weeks": stores,
    "rails": simulated("y ~ 1 + (1|g)", balanced(6, 3), {"g": 25}, intercept=66, sigma=4),
    "blocks": blocks,
    # gaussian
    "3 groups of 10": one_term(3, 10),
    "5 groups of 4": one_term(5, 4),
    "8 groups of 2": one_term(8, 2),
    "20 groups of 5": one_term(20, 5),
    "100 groups of 50": one_term(100, 50),
    "5 groups of 20,000": one_term(5, 20_000),
    "6 groups of 5, gamma prior": one_term(6, 5, options=GAMMA),
    "6 groups of 5, gamma prior, sd 0": one_term(6, 5, sd=0.0, options=GAMMA),
    "sd 0": one_term(20, 10, sd=0.0),
    "large sd": one_term(10, 5, sd=30.0),
    "small units": small_units,
    "weights": weighted,
    "slopes, correlated": simulated(
        "y ~ x + (1 + x|g)", balanced(30, 6), {"g": 0.8}, slopes={"g": 0.4}
    ),
    "slopes, uncorrelated": simulated(
        "y ~ x + (1 + x||g)", balanced(30, 6), {"g": 0.8}, slopes={"g": 0.4}
    ),
    "slopes, 5 groups": simulated(
        "y ~ x + (1 + x|g)", balanced(5, 8), {"g": 0.8}, slopes={"g": 0.4}
    ),
    "two slopes": two_slopes,
    "slopes of years": years,
    "conditions": conditions,
    "three nested": simulated(
        "y ~ x + (1|a/b/c)", nested(6, 4, 3, 4), {"a": 0.8, "b": 0.5, "c": 0.5}
    ),
    "crossed, 5 x 4": simulated("y ~ 1 + (1|a) + (1|b)", full(a=5, b=4, k=2), {"a": 0.8, "b": 0.5}),
    "crossed, one sd tiny": simulated(
        "y ~ x + (1|a) + (1|b)", full(a=30, b=8), {"a": 0.8, "b": 0.01}
    ),
    "crossed, both sds 0": simulated("y ~ x + (1|a) + (1|b)", full(a=12, b=9), {}),
    "three crossed": simulated(
        "y ~ x + (1|a) + (1|b) + (1|c)", scattered(600, a=40, b=15, c=6),
        {"a": 0.8, "b": 0.5, "c": 0.5},
    ),
    "four terms": simulated(
        "y ~ x + (1|a) + (1|b) + (1|c) + (1|d)", scattered(1500, a=60, b=25, c=10, d=5),
        {"a": 0.8, "b": 0.5, "c": 0.5, "d": 0.3},
    ),
    "slopes in one of two terms": simulated(
        "y ~ x + (1 + x|a) + (1|b)", scattered(1200, a=60, b=20), {"a": 0.8, "b": 0.5},
        slopes={"a": 0.3},
    ),
    # other families
    "student with outliers": outliers,
    "student, two terms": simulated(
        "y ~ x + (1|a) + (1|b)", scattered(400, a=25, b=10), {"a": 0.8, "b": 0.5}, family="student"
    ),
    "student, slopes": simulated(
        "y ~ x + (1 + x|g)", balanced(30, 10), {"g": 0.8}, slopes={"g": 0.4}, family="student"
    ),
    "bernoulli, 6 groups": one_term(6, 20, family="bernoulli", intercept=0),
    "bernoulli, rare": one_term(40, 25, family="bernoulli", intercept=-4),
    "bernoulli, 200 groups of 3": one_term(200, 3, sd=1.0, family="bernoulli", intercept=0),
    "bernoulli, 8 x 6": simulated(
        "y ~ x + (1|a) + (1|b)", full(a=8, b=6, k=5), {"a": 0.8, "b": 0.5}, family="bernoulli",
        intercept=0,
    ),
    "bernoulli, slopes of both terms": simulated(
        "y ~ x + (1 + x|s) + (1 + x|i)", full(s=40, i=25), {"s": 1, "i": 0.7},
        slopes={"s": 0.4, "i": 0.3}, family="bernoulli", intercept=0,
    ),
    "bernoulli, 1e5 rows in 1,000 groups": simulated(
        "y ~ x + (1 + x|g)", balanced(1000, 100), {"g": 0.5}, slopes={"g": 0.3},
        family="bernoulli", intercept=0, seeds=2,
    ),
    "binomial, 5,000 groups": simulated(
        "y | trials(n) ~ 1 + (1|g)", balanced(5000, 1), {"g": 0.5}, family="binomial", intercept=-1
    ),
    "binomial, two terms": simulated(
        "y | trials(n) ~ x + (1|a) + (1|b)", scattered(200, a=30, b=8), {"a": 0.6, "b": 0.4},
        family="binomial", intercept=-1,
    ),
    "beta-binomial, two terms": simulated(
        "y | trials(n) ~ x + (1|g) + (1|h)", scattered(644, g=40, h=15), {"g": 0.6, "h": 0.4},
        family="beta_binomial", intercept=-0.5, phi=10, trials=30,
    ),
    "poisson with offset": offset,
    "poisson, slopes": simulated(
        "y ~ x + (1 + x|g)", balanced(30, 10), {"g": 0.6}, slopes={"g": 0.3}, family="poisson"
    ),
    "poisson, nested": simulated(
        "y ~ x + (1|a/b)", nested(12, 5, 6), {"a": 0.6, "b": 0.4}, family="poisson"
    ),
    "poisson, overdispersion by rows": simulated(
        "y ~ x + (1|r)", {"r": np.arange(200)}, {"r": 0.6}, family="poisson"
    ),
    "poisson, few counts": one_term(60, 3, sd=0.8, family="poisson", intercept=-1.5),
    "negbinomial": one_term(25, 10, family="negbinomial"),
    "negbinomial, slopes and a term": simulated(
        "y ~ x + (1 + x|g) + (1|h)", scattered(500, g=30, h=10), {"g": 0.5, "h": 0.4},
        slopes={"g": 0.3}, family="negbinomial",
    ),
}  # fmt: skip
"""Models by name, in the order of the table."""
