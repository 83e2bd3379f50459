"""The data on which the programs in `glmm/` are tested: designs of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from programs.checks import Array
from programs.densities_glmm import LIKELIHOODS, sizes

FAMILIES = tuple(LIKELIHOODS)
GLMM = tuple(f"glmm/{family}" for family in FAMILIES)

DATA_NAMES = frozenset(
    {"N", "y", "trials", "known_se", "se", "weights", "known", "K", "X", "has_intercept", "x_mean"}
    | {"T", "q", "J", "Q", "C", "R", "correlated", "group", "Z", "tau_fixed"}
    | {"P", "b_hat", "B", "tau_unit", "form", "G", "H", "ZWZ", "ZWe"}
    | {"turn", "nested", "E", "ZWZ_above"}
    | {"D", "joint_at", "own_power"}
)

DIMENSIONS = dict.fromkeys(
    ("xi", "alpha", "beta", "tau_raw", "cpc", "z", "tau", "r", "z_density", "Intercept", "rho"), 1
)
"""What every program in `glmm/` offers."""


def dimensions(name: str) -> dict[str, int]:
    """Dimensions of all that a program declares."""
    own = LIKELIHOODS[name.split("/")[1]][1]
    return DIMENSIONS | dict.fromkeys(own, int(name == "glmm/gaussian"))


def codes(kind: str, rows: int, groups: int, before: Array | None, rng: Any) -> Array:
    """Group of each row, from 0: crossed with others, nested in those before, or few rows each."""
    if kind == "nested" and before is not None:
        return np.asarray((before * 2 + rng.integers(0, 2, rows)) % groups)
    if kind == "crossed":
        return np.arange(rows) % groups
    share = rng.dirichlet(np.full(groups, 0.5 if kind == "unbalanced" else 5))
    return np.asarray(rng.choice(groups, rows, p=share))


def response(family: str, rows: int, known_se: int, rng: Any) -> dict[str, Any]:
    """Made-up outcomes, among them nothing and everything."""
    if family in ("gaussian", "student"):
        y = {"y": rng.normal(1, 2, rows).tolist()}
        if family == "student":
            return y
        return y | {"known_se": known_se, "se": rng.uniform(0.3, 2, rows).tolist()}
    trials = rng.integers(0, 40, rows)
    if family in ("binomial", "beta_binomial"):
        y = rng.binomial(trials, rng.choice([0, 0.3, 1], rows, p=[0.1, 0.8, 0.1]))
        return {"trials": trials.tolist(), "y": y.tolist()}
    return {"y": (trials * rng.integers(0, 2, rows)).tolist()}


def design(
    family: str,
    *,
    rows: int,
    predictors: int,
    terms: list[dict[str, Any]],
    weights: str = "random",
    intercept: int = 1,
    known_se: int = 0,
    rotation: int = 0,
    joined: int = 0,
    seed: int = 0,
) -> dict[str, Any]:
    """Data of glmm/`family`; `rotation` says which prior families go to which parameters.

    `joined`, in bits, says which of them have a joint prior too.
    """
    rng = np.random.default_rng(seed)
    group: list[Array] = []
    for term in terms:
        before = group[-1] if group else None
        group.append(codes(term["kind"], rows, term["J"], before, rng))
    q, groups = [term["q"] for term in terms], [term["J"] for term in terms]
    correlated = [int(term["correlated"]) for term in terms]
    total = sum(q)
    fixed = [int(x) for term in terms for x in term["fixed"][: term["q"]]]
    kinds = {"ones": np.ones(rows), "zeros": np.zeros(rows)}
    power = kinds.get(weights, rng.exponential(1, rows) * (rng.random(rows) < 0.8))
    z = np.hstack([np.ones((rows, 1)), rng.normal(scale=0.7, size=(rows, 12))])
    made: dict[str, Any] = {"N": rows} | response(family, rows, known_se, rng)
    made |= {
        "weights": power.tolist(),
        "known": rng.normal(size=rows).tolist(),
        "K": predictors,
        "X": rng.normal(2, 0.7, (rows, predictors)).tolist(),
        "has_intercept": intercept,
        "x_mean": rng.normal(2, 0.7, predictors).tolist(),
        "T": len(terms),
        "q": q,
        "J": groups,
        "Q": total,
        "C": sum(c * n * (n - 1) // 2 for c, n in zip(correlated, q, strict=True)),
        "R": sum(n * j for n, j in zip(q, groups, strict=True)),
        "correlated": correlated,
        "group": [(each + 1).tolist() for each in group],
        "Z": z[:, :total].tolist(),
        "tau_fixed": fixed,
        "prior_cor_eta": rng.uniform(0.6, 3, len(terms)).tolist(),
    }
    made |= coordinates(made, [term["form"] for term in terms], seed)
    made |= priors("alpha", 1, rotation, rng, scalar=True)
    made |= priors("beta", predictors, rotation + 1, rng)
    made |= priors("tau", total, rotation, rng, positive=True)
    for place, name in enumerate(LIKELIHOODS[family][1]):
        made |= priors(name, 1, rotation + 2 * place, rng, positive=True, scalar=True)
    auxiliaries = 1 - known_se if family == "gaussian" else len(LIKELIHOODS[family][1])
    free = [[1 - f for f in fixed], [1] * made["C"], [1] * auxiliaries]
    return made | joint([[1] * intercept, [1] * predictors, *free], joined, rng)


def joint(free: list[list[int]], joined: int, rng: Any) -> dict[str, Any]:
    """A joint prior of some kinds of parameters: intercept, slopes, tau, cpc, those of y.

    `free` says of each parameter whether it is one.
    """
    taken = [joined >> place & 1 for place in range(len(free))]
    member = [t * f for t, kind in zip(taken, free, strict=True) for f in kind]
    at = rng.permutation(np.flatnonzero(member)) + 1
    root = rng.normal(size=(len(at), len(at)))
    factor = np.linalg.cholesky(root @ root.T + np.eye(len(at)))
    return {
        "D": len(at),
        "joint_at": at.tolist(),
        "prior_joint_mean": rng.normal(size=len(at)).tolist(),
        "prior_joint_L": factor.tolist(),
        "own_power": 0.35 * (joined % 3 > 0),
    }


def coordinates(data: dict[str, Any], form: list[int], seed: int) -> dict[str, Any]:
    """Any coordinates at all: the density must be right about every pilot fit."""
    rng = np.random.default_rng([seed, 1])
    P, T, q, J = data["K"] + data["has_intercept"], data["T"], data["q"], data["J"]
    ZWZ: list[Array] = []
    ZWe: list[Array] = []
    above: list[Array] = []
    nested = (rng.random((T, T)) < 0.5).astype(int) * (1 - np.eye(T, dtype=int))
    for t in range(T):
        if form[t] == 2:
            root = rng.normal(size=(J[t], q[t], q[t])) * rng.choice([0, 1, 3], (J[t], 1, 1))
            i, j = np.tril_indices(q[t])
            ZWZ.append((root @ root.swapaxes(1, 2))[:, i, j].T.ravel())
            ZWe.append(rng.normal(size=q[t] * (1 + P) * J[t]))
            above += [rng.normal(size=q[u] * q[t] * J[t]) for u in range(T) if nested[t, u]]
    parts = {"ZWZ": ZWZ, "ZWe": ZWe, "ZWZ_above": above}
    made: dict[str, Any] = {
        name: np.concatenate([np.empty(0), *part]).tolist() for name, part in parts.items()
    }
    sizes = {"G": len(made["ZWZ"]), "H": len(made["ZWe"]), "E": len(made["ZWZ_above"])}
    unit = rng.uniform(0.3, 2, data["Q"]) * (rng.random(data["Q"]) < 0.7)
    at = np.repeat(form, q) == 1
    return {
        **(made | sizes),
        "P": P,
        "b_hat": rng.normal(size=P).tolist(),
        "B": (np.eye(P) + rng.normal(scale=0.3, size=(P, P))).tolist(),
        "tau_unit": np.where(at, 0, unit).tolist(),
        "form": form,
        "turn": (rng.permutation(T) + 1).tolist(),
        "nested": nested.tolist(),
    }


def priors(
    name: str, count: int, rotation: int, rng: Any, *, positive: bool = False, scalar: bool = False
) -> dict[str, Any]:
    """Prior constants of a parameter, families in rotation: 0 to 3, or 1 to 5 if positive."""
    turn = np.arange(count) + rotation
    each = {"family": (turn % 5 + 1 if positive else turn % 4).tolist()}
    if not positive:
        each["location"] = rng.normal(size=count).tolist()
    each["scale"] = rng.uniform(0.5, 2, count).tolist()
    each["df"] = rng.uniform(1.5, 5, count).tolist()
    return {f"prior_{name}_{part}": x[0] if scalar else x for part, x in each.items()}


def group_term(**chosen: Any) -> dict[str, Any]:
    """A group term: one intercept, one group per few rows, unless chosen otherwise."""
    usual = {"q": 1, "J": 3, "kind": "balanced", "correlated": False, "form": 0}
    return usual | {"fixed": [False] * 4} | chosen


def full(family: str, rotation: int = 0) -> dict[str, Any]:
    """Something of everything: three terms of 4, 3 and 2 coefficients."""
    terms = [
        group_term(q=4, J=2, correlated=True, form=(rotation + 1) % 3, kind="unbalanced"),
        group_term(q=3, J=4, correlated=True, form=(rotation + 2) % 3, kind="nested"),
        group_term(q=2, J=3, form=rotation % 3, fixed=[False, True], kind="crossed"),
    ]
    joined = (0, 31, 18, 13, 25)[rotation]
    return design(
        family, rows=9, predictors=3, terms=terms, rotation=rotation, joined=joined, seed=rotation
    )


@st.composite
def designs(draw: st.DrawFn, family: str) -> dict[str, Any]:
    """Any design of up to three terms of up to four coefficients each."""
    switch = st.booleans()
    terms = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "q": st.integers(1, 4),
                    "J": st.integers(1, 4),
                    "kind": st.sampled_from(["balanced", "unbalanced", "crossed", "nested"]),
                    "correlated": switch,
                    "form": st.integers(0, 2),
                    "fixed": st.lists(switch, min_size=4, max_size=4),
                }
            ),
            max_size=3,
        )
    )
    return design(
        family,
        rows=draw(st.integers(1, 10)),
        predictors=draw(st.integers(0, 3)),
        terms=terms,
        weights=draw(st.sampled_from(["random", "random", "ones", "zeros"])),
        intercept=draw(st.integers(0, 1)),
        known_se=draw(st.integers(0, 1)) if family == "gaussian" else 0,
        rotation=(rotation := draw(st.integers(0, 19))),
        joined=rotation * 7 % 32,
        seed=draw(st.integers(0, 1000)),
    )


def points(family: str, data: dict[str, Any], *, count: int = 4) -> Array:
    """Some points of the unconstrained space, at which no mean of a count is beyond reason.

    No tau is so near 0 that the logarithm of a joint prior bends between differences.
    """
    rng = np.random.default_rng([count, data["R"]])
    q = rng.normal(scale=0.6, size=(count, sum(sizes(family, data))))
    raw = q[:, data["P"] :][:, : data["Q"] - sum(data["tau_fixed"])]
    raw += 0.1 * np.sign(raw)
    return q
