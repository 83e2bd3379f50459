"""What `print(model)` says."""

from __future__ import annotations

from ..reduction.marginal import largest, too_many
from ..regression import Regression

HOW = {
    "marginal": "integrated out, drawn afterwards",
    "rescaled": "rescaled, by what its rows say of each group at a quick fit",
    "centered": "centered",
    "noncentered": "non-centered",
}
START = "about the mode, in the metric of the inverse Hessian there, where that is good enough"
NO_PILOT = "non-centered: a quick fit by which to rescale was not finite"


def describe(model: Regression) -> str:
    """Write formula, family, sizes, program, parameterisation and every prior of a model."""
    design, family = model.design, model.response_family
    rows = len(design.offset)
    dropped = f" ({design.dropped} with missing values dropped)" if design.dropped else ""
    reduced = model.prepared.reduced
    lines = [
        model.formula,
        f"  family   {family.name}, {family.link} link",
        f"  program  {model.program.name}.stan",
        f"  pooling  {model.pooling}",
        f"  rows     {rows}{dropped}",
    ]
    if reduced is not None:
        lines.append(f"  reduced  {reduced.line(design)}, exactly")
    elif model.prepared.rows < rows:
        lines.append(f"  reduced  {rows} rows -> {model.prepared.rows} distinct, exactly")
    for term in design.groups:
        how = _how(model, term.label)
        cor = ", correlated" if term.correlated else ""
        names = ", ".join(term.coefficients)
        lines.append(f"  groups   {len(term.levels)} {term.label}: {names}{cor}; {how}")
    hint = model.prepared.mode_hint
    if hint is not None and hint.smooth:
        lines.append(f"  start    {START}")
    why = why_sampled(model)
    lines += [f"  note     {note}" for note in (*design.notes, *([why] if why else []))]
    history = model.joint_prior
    if history is not None:
        lines.append(f"  history  {history.line()}")
    lines.append("  priors")
    at_zero = {
        name
        for term in design.groups
        if term.correlated and term.label not in model.centering.terms
        for name in (f"sd({term.label}, Intercept)", f"cor({term.label})")
        if "Intercept" in term.coefficients
    }
    table = model.prior_table.rows
    width = max((len(row.name) for row in table), default=0)
    middle = max((len(repr(row.prior)) for row in table), default=0)
    own = {} if history is None else dict.fromkeys(history.prior.names, history.own)
    for r in table:
        power = next((own[name] for name in own if _is_of(name, r.name)), 1.0)
        note = f"; to the power {power:.3g}" if power else "; the history's instead"
        source = r.source if power == 1 else r.source + note
        source += ", where the predictors are 0" if r.name in at_zero else ""
        lines.append(f"    {r.name:{width}}  {r.prior!r:{middle}}  {source}")
    return "\n".join(lines)


def _is_of(name: str, key: str) -> bool:
    """Whether a parameter of a history, such as ``cor(g)[a, b]``, has the prior of a key."""
    return name == key or (key.startswith("cor(") and name.startswith(f"{key}["))


def why_sampled(model: Regression) -> str | None:
    """Say why no effects are integrated out where they might be, but for the sums' size."""
    asked = model.parameterization
    by_term = {
        t.label: asked if isinstance(asked, str) else asked.get(t.label, "auto")
        for t in model.design.groups
    }
    free = [label for label, choice in by_term.items() if choice == "auto"]
    gaussian = model.response_family.name == "gaussian" and model.pooling == "partial"
    if not gaussian or not free or "marginal" in model.parameterizations.values():
        return None
    return too_many(model.design, largest(model.design, free))


def _how(model: Regression, label: str) -> str:
    """Say how a term's effects are dealt with, and why where that is not what was asked for."""
    chosen, prepared = model.parameterizations[label], model.prepared
    failed = prepared.reduced is None and prepared.mode_hint is None
    return NO_PILOT if failed and chosen == "rescaled" else HOW[chosen]
