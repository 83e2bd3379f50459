"""What `print(model)` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model


HOW = {
    "marginal": "integrated out, drawn afterwards",
    "centered": "centered: its rows tell much about a group",
    "noncentered": "non-centered: its rows tell little about a group",
}
GIVEN = {"centered": "centered", "noncentered": "non-centered"}


def describe(model: Model) -> str:
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
        lines.append(f"  reduced  {reduced.line(design.groups[0].label)}, exactly")
    elif model.prepared.rows < rows:
        lines.append(f"  reduced  {rows} rows -> {model.prepared.rows} distinct, exactly")
    for term in design.groups:
        how = _how(model, term.label)
        cor = ", correlated" if term.correlated else ""
        names = ", ".join(term.coefficients)
        lines.append(f"  groups   {len(term.levels)} {term.label}: {names}{cor}; {how}")
    lines += [f"  note     {note}" for note in design.notes]
    history = model.joint_prior
    if history is not None:
        lines.append(f"  history  {history.line()}")
    lines.append("  priors")
    table = model.prior_table.rows
    width = max((len(row.name) for row in table), default=0)
    middle = max((len(repr(row.prior)) for row in table), default=0)
    own = {} if history is None else dict.fromkeys(history.prior.names, history.own)
    for r in table:
        power = next((own[name] for name in own if name.split("[")[0] == r.name), 1.0)
        note = f"; to the power {power:.3g}" if power else "; the history's instead"
        source = r.source if power == 1 else r.source + note
        lines.append(f"    {r.name:{width}}  {r.prior!r:{middle}}  {source}")
    return "\n".join(lines)


def _how(model: Model, label: str) -> str:
    """Say how a term's effects are dealt with, and why where that was decided for the user."""
    given = model.parameterization
    asked = given if isinstance(given, str) else given.get(label, "auto")
    chosen = model.parameterizations[label]
    automatic = asked == "auto" and model.pooling == "partial"
    return HOW[chosen] if automatic else GIVEN.get(chosen, HOW[chosen])
