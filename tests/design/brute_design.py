"""Designs built column by column in plain NumPy, to compare those of the package with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Table = dict[str, np.ndarray]

# What a formula may name, and how NumPy computes it from the training data and other data.
NUMERIC: dict[str, Callable[[Table, Table], np.ndarray]] = {
    "x": lambda fit, new: new["x"],
    "k": lambda fit, new: new["k"],
    "center(x)": lambda fit, new: new["x"] - fit["x"].mean(),
    "scale(z)": lambda fit, new: (new["z"] - fit["z"].mean()) / fit["z"].std(),
    "I(z ** 2)": lambda fit, new: new["z"] ** 2,
    "log(w)": lambda fit, new: np.log(new["w"]),
    "np.sqrt(w)": lambda fit, new: np.sqrt(new["w"]),
    "I((k + 1) * w)": lambda fit, new: (new["k"] + 1) * new["w"],
}
LEVELS: dict[str, list[Any]] = {
    "t": ["low", "mid", "high"],  # an ordered choice of the user's: a categorical column
    "u": ["day 2", "day 10"],  # text, sorted with numbers by size
    "C(v)": [1, 2, 3, 7],
}
COLUMN = {"t": "t", "u": "u", "C(v)": "v"}


def table(seed: int, rows: int = 72) -> pd.DataFrame:
    """Random data in which every combination of categories occurs."""
    rng = np.random.default_rng(seed)
    cells = list(itertools.product(*LEVELS.values()))
    drawn = [cells[i % len(cells)] for i in rng.permutation(rows)]
    t, u, v = zip(*drawn, strict=True)
    return pd.DataFrame(
        {
            "y": rng.normal(size=rows),
            "x": rng.normal(size=rows),
            "z": rng.normal(3, 2, size=rows),
            "w": rng.gamma(2.0, size=rows) + 0.1,
            "k": rng.integers(-4, 9, size=rows),
            "t": pd.Categorical(t, categories=["never", *LEVELS["t"]]),
            "u": list(u),
            "v": list(v),
            "g": rng.choice(["b", "a", "c10", "c9"], size=rows),
            "h": rng.choice([30, 4, 5], size=rows),
        },
        index=rng.permutation(rows) + 1000,
    )


@dataclass(frozen=True)
class Built:
    """Names and columns, the intercept's among them."""

    names: list[str]
    columns: np.ndarray


def columns(
    terms: list[tuple[str, ...]], intercept: bool, fit: pd.DataFrame, new: pd.DataFrame
) -> Built:
    """Columns of a hierarchical sum of terms: each term after those it is made of.

    The first category of a factor is left out, but for the first factor by itself where there
    is no intercept.
    """
    arrays = {name: new[name].to_numpy() for name in new.columns}
    own = {name: fit[name].to_numpy() for name in fit.columns}
    names = ["Intercept"] * intercept
    found = [np.ones(len(new))] * intercept
    full = not intercept
    for term in terms:
        parts: list[list[tuple[str, np.ndarray]]] = []
        for atom in term:
            if atom in NUMERIC:
                parts.append([(atom, NUMERIC[atom](own, arrays))])
                continue
            levels = LEVELS[atom] if full and len(term) == 1 else LEVELS[atom][1:]
            full = full and len(term) > 1
            values = arrays[COLUMN[atom]]
            parts.append([(f"{atom}[{level}]", values == level) for level in levels])
        for chosen in itertools.product(*parts):
            names.append(":".join(name for name, _ in chosen))
            found.append(np.prod([np.asarray(v, dtype=float) for _, v in chosen], axis=0))
    return Built(names, np.array(found).T.reshape(len(new), len(found)))


def groups(factors: tuple[str, ...], frame: pd.DataFrame) -> tuple[list[Any], list[int]]:
    """Levels of a grouping factor, and each row's."""
    order = {"g": ["a", "b", "c9", "c10"], "h": [4, 5, 30], "u": LEVELS["u"], "t": LEVELS["t"]}
    rows = list(zip(*(frame[name].tolist() for name in factors), strict=True))

    def place(row: tuple[Any, ...]) -> list[int]:
        return [order[name].index(value) for name, value in zip(factors, row, strict=True)]

    used = sorted(set(rows), key=place)
    labels = [row[0] if len(row) == 1 else ":".join(map(str, row)) for row in used]
    return labels, [used.index(row) for row in rows]
