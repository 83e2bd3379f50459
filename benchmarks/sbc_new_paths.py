"""Simulation-based calibration of the ways of sampling, at the defaults, on stanli.

python benchmarks/sbc_new_paths.py [--replications 200] [--paths nested ...] [--minutes 8]

Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv:1804.06788. Parameters are drawn from the
priors that the model is given, and data from the parameters, both in NumPy without the package.
Among draws of the fit that are nearly independent, the truth has every rank equally often. Two
tests: chi-square of ten bins, and the rank's distribution function against a simulated simultaneous
band (Säilynoja, Bürkner & Vehtari 2022, Statistics and Computing 32:32).

Writes results/sbc_new_paths.md. Every replication is a line of results/sbc_new_paths.jsonl, which
is not kept in git; those made at this commit of partialpool are not made again.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import dataclasses
import datetime
import functools
import json
import logging
import time
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ordinary import commit
from ordinary_models import balanced, full, nested, scattered
from scipy import stats

import partialpool as pp

RESULTS = Path(__file__).parent / "results"
LINES = RESULTS / "sbc_new_paths.jsonl"
RANKS = 99
BINS = 10
SIMULATIONS = 20_000
"""Of the band of the distribution function."""
TOO_LARGE = 1.1
"""Factor of the sds' draws in the first control."""

TEXT = """# Simulation-based calibration of the ways of sampling

Made by `python benchmarks/sbc_new_paths.py`: stanli at the defaults, ranks of the truth among
{ranks} of 4,000 draws, {made}; each path at the commit of partialpool that stands beside it.

At the mode: fits that started about it, in the metric found there; the others had Stan's own
warmup. Flagged: fits with a finding of `fit.diagnose()`; they count as the others do. A path that
takes minutes is cut after some (`--minutes`), and has fewer replications.

Ranked: coefficients, sds, correlations, sigma or phi, and the last coefficient of two groups of
every term. Smallest p-values of all quantities: by a chi-square test of ten bins; by the largest
departure of the distribution function, in its own simulated distribution; and of both, by Holm's
correction for all quantities and both tests, with the quantity. If ranks are uniform, the last is
below 0.05 in one of 20 paths or fewer.

Controls, corrected in the same way, should be small; where they are not, an error of this kind
would not be found: sds {factor} times too large; a posterior in which the slope of the sds' logs is
counted twice (draws taken again with weights in proportion to the product of the sds). The last
line is a model without the effect of rows that the data have.

| path | model | program | commit | replications | at the mode | flagged | quantities | bins \
| distribution | Holm | control: too large | control: counted twice |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""

Quantity = tuple[str, tuple[int, ...]]


def positive(prior: pp.HalfNormal | pp.Gamma, rng: np.random.Generator) -> float:
    """A draw from a prior of a positive parameter."""
    if isinstance(prior, pp.HalfNormal):
        return abs(rng.normal(0, prior.scale))
    return rng.gamma(prior.shape, 1 / prior.rate)


@dataclasses.dataclass(frozen=True)
class Way:
    """A way of sampling: codes of the factors, and a model with the priors of all its parameters.

    `slopes` are terms with a slope of x, correlated by LKJ(2). `program` is what should be run.
    """

    name: str
    codes: Mapping[str, np.ndarray]
    terms: Mapping[str, str]
    """Factors by label of the term."""
    formula: str
    priors: Mapping[str, Any]
    family: str = "gaussian"
    program: str = ""
    slopes: tuple[str, ...] = ()
    fitted: str = ""
    """A formula instead that is wrong."""
    most: int = 10_000
    """Replications at most."""

    def draw(self, k: int) -> tuple[pd.DataFrame, dict[Quantity, float]]:
        """Parameters, and data given them, of replication k."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), k])
        n = len(next(iter(self.codes.values())))
        x = rng.normal(size=n)
        x -= x.mean()  # priors hold where x is at its mean
        location = self.priors["Intercept"]
        beta = [rng.normal(location.location, location.scale)]
        if "x" in self.priors:
            beta.append(rng.normal(self.priors["x"].location, self.priors["x"].scale))
        truth: dict[Quantity, float] = {("beta", (i,)): b for i, b in enumerate(beta)}
        eta = beta[0] + (beta[1] * x if len(beta) > 1 else 0)
        for label, factor in self.terms.items():
            effects, of_term = self._effects(label, factor, rng)
            truth |= of_term
            eta = eta + effects[self.codes[factor], 0]
            if label in self.slopes:
                eta = eta + effects[self.codes[factor], 1] * x
        for name in ("sigma", "phi"):
            if name in self.priors:
                truth[name, ()] = positive(self.priors[name], rng)
        data = pd.DataFrame({**self.codes, "x": x})
        if self.family == "gaussian":
            data["y"] = rng.normal(eta, truth["sigma", ()])
        elif self.family == "bernoulli":
            data["y"] = rng.binomial(1, 1 / (1 + np.exp(-eta)))
        elif self.family == "poisson":
            data["y"] = rng.poisson(np.exp(eta))
        else:  # a gamma mixture of Poissons: mean mu, variance mu + mu^2 / phi
            phi = truth["phi", ()]
            data["y"] = rng.poisson(np.exp(eta) * rng.gamma(phi, 1 / phi, n))
        return data, truth

    def _effects(
        self, label: str, factor: str, rng: np.random.Generator
    ) -> tuple[np.ndarray, dict[Quantity, float]]:
        """Effects of one term, (group, coefficient), and what is ranked of it."""
        groups = int(self.codes[factor].max()) + 1
        size = 1 + (label in self.slopes)
        keys = (f"sd({label}, Intercept)", f"sd({label}, x)")[:size]
        sds = np.array([positive(self.priors[key], rng) for key in keys])
        truth: dict[Quantity, float] = {(f"sd_{label}", (i,)): sd for i, sd in enumerate(sds)}
        z = rng.normal(size=(groups, size))
        if size == 2:
            rho = 2 * rng.beta(2, 2) - 1  # LKJ(2)
            z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
            truth[f"cor_{label}", (0,)] = rho
        effects = z * sds
        truth |= {(f"r_{label}", (j, size - 1)): effects[j, -1] for j in (0, 1)}
        return effects, truth

    def replicate(self, k: int) -> dict[str, Any]:
        """Ranks of the truth in one fit, those of both controls, and what is found of the fit."""
        data, truth = self.draw(k)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = pp.Model(
                self.fitted or self.formula, data, family=self.family, priors=self.own_priors()
            )
            fit = model.sample(engine="stanli", seed=k + 1, progress=False, verbose=False)
        posterior = fit.posterior
        rng = np.random.default_rng(k)
        total = posterior.sizes["chain"] * posterior.sizes["draw"]
        kept = np.linspace(0, total - 1, RANKS).astype(int)
        draws = {
            f"{name}{list(at) if at else ''}": posterior[name].values[(..., *at)].ravel()
            for name, at in truth
            if name in posterior
        }
        values = {f"{name}{list(at) if at else ''}": value for (name, at), value in truth.items()}
        weights = np.prod([draws[name] for name in draws if name.startswith("sd_")], axis=0)
        other = rng.choice(total, RANKS, p=weights / weights.sum())
        ranks = {name: int((x[kept] < values[name]).sum()) for name, x in draws.items()}
        return {
            "ranks": ranks,
            "too large": {
                name: int((TOO_LARGE * x[kept] < values[name]).sum())
                for name, x in draws.items()
                if name.startswith("sd_")
            },
            "twice": {name: int((x[other] < values[name]).sum()) for name, x in draws.items()},
            "failed": [check.name for check in fit.diagnose().failed],
            "program": fit.attrs["program"].removeprefix("glmm/"),
            "forms": model.parameterizations,
            "start": fit.attrs.get("start", ""),
        }

    def own_priors(self) -> dict[str, Any]:
        """The priors of the model that is fitted: none of a term that it leaves out."""
        fitted = self.fitted or self.formula
        left = {factor for factor in self.terms.values() if factor not in fitted}
        return {
            name: prior
            for name, prior in self.priors.items()
            if not any(name.startswith(f"sd({factor},") for factor in left)
        }


def half(scale: float, *keys: str) -> dict[str, Any]:
    """Half-normal priors of some sds."""
    return {f"sd({key})": pp.HalfNormal(scale) for key in keys}


STANDARD = {"Intercept": pp.Normal(0, 1), "sigma": pp.HalfNormal(1)}
X = {"x": pp.Normal(0, 1)}
COUNTS = {"Intercept": pp.Normal(1, 0.5), "x": pp.Normal(0, 0.5)}
ROWS = Way(
    "poisson, levels and rows", nested(8, 3, 4, 1), {"a": "a", "b": "b", "c": "c"},
    "y ~ x + (1|a) + (1|b) + (1|c)",
    COUNTS | half(0.5, "a, Intercept", "b, Intercept", "c, Intercept"), "poisson", "poisson",
)  # fmt: skip
PATHS = {
    path.name: path
    for path in (
        Way(
            "nested", nested(10, 3, 2), {"a": "a", "a:b": "b"}, "y ~ 1 + (1|a/b)",
            STANDARD | half(1, "a, Intercept", "a:b, Intercept"), program="gaussian_marginal_all",
        ),
        Way(
            "crossed", full(a=24, b=6), {"a": "a", "b": "b"}, "y ~ x + (1|a) + (1|b)",
            STANDARD | X | half(1, "a, Intercept", "b, Intercept"),
            program="gaussian_marginal_all",
        ),
        Way(
            "crossed slopes", scattered(1500, s=100, i=40), {"s": "s", "i": "i"},
            "y ~ x + (1 + x|s) + (1 + x|i)",
            STANDARD | X | half(1, "s, Intercept", "i, Intercept") | half(0.5, "s, x", "i, x")
            | {"cor(s)": pp.LKJ(2), "cor(i)": pp.LKJ(2)},
            program="gaussian_marginal_crossed", slopes=("s", "i"),
        ),
        Way(
            "bernoulli, crossed", full(p=60, i=12), {"p": "p", "i": "i"}, "y ~ x + (1|p) + (1|i)",
            {"Intercept": pp.Normal(0, 1)} | X | half(1, "p, Intercept", "i, Intercept"),
            "bernoulli", "binomial",
        ),
        ROWS,
        Way(
            "negbinomial, slopes and a term", scattered(300, g=20, h=8), {"g": "g", "h": "h"},
            "y ~ x + (1 + x|g) + (1|h)",
            COUNTS | half(0.5, "g, Intercept", "h, Intercept") | half(0.3, "g, x")
            | {"cor(g)": pp.LKJ(2), "phi": pp.Gamma(4, 1)},
            "negbinomial", "negbinomial", slopes=("g",),
        ),
        Way(
            "gamma prior of the sd", balanced(6, 5), {"g": "g"}, "y ~ x + (1|g)",
            STANDARD | X | {"sd(g, Intercept)": pp.Gamma(2, 2)},
            program="gaussian_marginal_patterns",
        ),
        dataclasses.replace(
            ROWS, name="control: rows' effect left out", fitted="y ~ x + (1|a) + (1|b)", most=60
        ),
    )
}  # fmt: skip


def p_of_bins(ranks: np.ndarray) -> float:
    """Chi-square of ten bins."""
    counts = np.bincount(ranks * BINS // (RANKS + 1), minlength=BINS)
    return float(stats.chisquare(counts).pvalue)


@functools.cache
def _tails(n: int) -> np.ndarray:
    """Two-sided tail probability of each count of n at or below each rank, (count, rank)."""
    count, chance = np.arange(n + 1)[:, None], np.arange(1, RANKS + 1) / (RANKS + 1)
    below, above = stats.binom.cdf(count, n, chance), stats.binom.sf(count - 1, n, chance)
    return np.minimum(1, 2 * np.minimum(below, above))


def _least_tail(histogram: np.ndarray) -> np.ndarray:
    n = int(histogram.sum(axis=-1).flat[0])
    counts = histogram.cumsum(axis=-1)[..., :RANKS]
    return _tails(n)[counts, np.arange(RANKS)].min(axis=-1)


@functools.cache
def _of_uniform(n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.sort(
        _least_tail(rng.multinomial(n, np.full(RANKS + 1, 1 / (RANKS + 1)), SIMULATIONS))
    )


def p_of_distribution(ranks: np.ndarray) -> float:
    """Chance that the distribution function of uniform ranks leaves a narrower band."""
    found = _least_tail(np.bincount(ranks, minlength=RANKS + 1))
    at_most = np.searchsorted(_of_uniform(len(ranks)), found, side="right")
    return float((1 + at_most) / (1 + SIMULATIONS))


def smallest(rows: list[dict[str, Any]], key: str) -> tuple[float, float, float, str]:
    """Smallest p-values of both tests, the smallest of all by Holm, and the quantity it is of."""
    columns = {name: np.array([row[key][name] for row in rows]) for name in rows[0][key]}
    bins = {name: p_of_bins(column) for name, column in columns.items()}
    bands = {name: p_of_distribution(column) for name, column in columns.items()}
    least = min(columns, key=lambda name: min(bins[name], bands[name]))
    first, second = min(bins.values()), min(bands.values())
    return first, second, min(1.0, 2 * len(columns) * min(first, second)), least


def read() -> dict[tuple[str, str, int], dict[str, Any]]:
    """All lines by commit, path and replication."""
    text = LINES.read_text(encoding="utf-8") if LINES.exists() else ""
    rows = [json.loads(line) for line in text.splitlines()]
    return {(row["commit"], row["path"], row["k"]): row for row in rows}


def run(path: Way, replications: int, minutes: float) -> None:
    """Make the replications that are not there yet, until the time is over."""
    here, known, begin = commit(), read(), time.monotonic()
    for k in range(min(replications, path.most)):
        if (here, path.name, k) in known:
            continue
        if time.monotonic() - begin > 60 * minutes:
            print(f"{path.name}: stopped after {minutes} minutes", flush=True)
            break
        row: dict[str, Any] = {"commit": here, "path": path.name, "k": k}
        try:
            row |= path.replicate(k)
        except Exception as error:  # counted in the table
            row |= {"error": f"{type(error).__name__}: {error}"}
            print(f"{path.name}, replication {k}: {row['error']}", flush=True)
        with LINES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def number(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def cells(path: Way, rows: list[dict[str, Any]]) -> str:
    """One line of the table."""
    fine = [row for row in rows if "error" not in row]
    flagged = sum(bool(row["failed"]) for row in fine)
    formula = (path.fitted or path.formula).replace("|", "\\|")
    programs = sorted({f"`{row['program']}`" for row in fine})
    if any(row["program"] != path.program for row in fine):
        programs.append(f"not `{path.program}` as meant")
    bins, bands, holm, least = smallest(fine, "ranks")
    larger, twice = smallest(fine, "too large")[2], smallest(fine, "twice")[2]
    at_mode = sum(row["start"].startswith("about the mode") for row in fine)
    errors = f", {len(rows) - len(fine)} errors" if len(fine) < len(rows) else ""
    return (
        f"| {path.name} | `{formula}` | {', '.join(programs)} | "
        f"{rows[0]['commit']} | {len(fine)}{errors} | {at_mode} | {flagged} | "
        f"{len(fine[0]['ranks'])} | {number(bins)} | {number(bands)} | "
        f"{number(holm)} (`{least}`) | {number(larger)} | {number(twice)} |"
    )


def report() -> str:
    """The table; each path at the last commit at which it was run."""
    known, lines = read(), []
    commits = list(dict.fromkeys(key[0] for key in reversed(known)))
    for name, path in PATHS.items():
        last = next((c for c in commits if any(key[:2] == (c, name) for key in known)), "")
        rows = [row for key, row in known.items() if key[:2] == (last, name)]
        if any("error" not in row for row in rows):
            lines.append(cells(path, rows))
    made = str(datetime.date.today())
    return TEXT.format(made=made, ranks=RANKS, factor=TOO_LARGE) + "\n".join([*lines, ""])


def main() -> None:
    """Make what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=8, help="for each path at most")
    parser.add_argument("--paths", nargs="+", choices=PATHS, default=list(PATHS), metavar="NAME")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    for name in options.paths:
        begin = time.monotonic()
        run(PATHS[name], options.replications, options.minutes)
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
    text = report()
    (RESULTS / "sbc_new_paths.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
