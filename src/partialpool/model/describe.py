"""The text that `print(model)` shows."""

from __future__ import annotations

from ..reduction.marginal import label_with_most_effects, reason_to_sample
from ..regression import Regression

HOW = {
    "marginal": "integrated out, drawn afterwards",
    "rescaled": "rescaled, by what its rows say of each group at a quick fit",
    "centered": "centered",
    "noncentered": "non-centered",
}
START = "about the mode, in the metric of the inverse Hessian there, where that is good enough"
CONDITIONAL = (
    "about the mode given a quick fit's sds, in the metric there, where that is good enough"
)
NO_PILOT = "non-centered: a quick fit by which to rescale was not finite"


def describe(model: Regression) -> str:
    """Return the text of `print(model)`.

    Formula, family, program, numbers of rows and groups, how each term's group effects are sampled
    or integrated out, and every prior with where it comes from.
    """
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
        treatment = _treatment(model, term.label)
        cor = ", correlated" if term.correlated else ""
        names = ", ".join(term.coefficients)
        lines.append(f"  groups   {len(term.levels)} {term.label}: {names}{cor}; {treatment}")
    hint = model.prepared.mode_hint
    if hint is not None and (hint.smooth or hint.given):
        lines.append(f"  start    {START if hint.smooth else CONDITIONAL}")
    reason = why_sampled(model)
    lines += [f"  note     {note}" for note in (*design.notes, *([reason] if reason else []))]
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
    powers = {} if history is None else dict.fromkeys(history.prior.names, history.own)
    for row in table:
        power = next((powers[name] for name in powers if _has_prior(name, row.name)), 1.0)
        note = f"; to the power {power:.3g}" if power else "; the history's instead"
        source = row.source if power == 1 else row.source + note
        source += ", where the predictors are 0" if row.name in at_zero else ""
        lines.append(f"    {row.name:{width}}  {row.prior!r:{middle}}  {source}")
    return "\n".join(lines)


def _has_prior(name: str, key: str) -> bool:
    """Whether the prior named `key` is that of a history's parameter, such as ``cor(g)[a, b]``."""
    return name == key or (key.startswith("cor(") and name.startswith(f"{key}["))


def why_sampled(model: Regression) -> str | None:
    """Return why group effects are sampled that could be integrated out exactly, or None.

    The reason is size: the cross-products of the term's columns would be too large.
    """
    choice = model.parameterization
    by_term = {
        term.label: choice if isinstance(choice, str) else choice.get(term.label, "auto")
        for term in model.design.groups
    }
    automatic = [label for label, form in by_term.items() if form == "auto"]
    gaussian = model.response_family.name == "gaussian" and model.pooling == "partial"
    if not gaussian or not automatic or "marginal" in model.parameterizations.values():
        return None
    return reason_to_sample(model.design, label_with_most_effects(model.design, automatic))


def _treatment(model: Regression, label: str) -> str:
    """Say whether a term's effects are integrated out, or in which form they are sampled.

    The text also says if "rescaled" was not possible because the quick fit was not finite.
    """
    chosen, prepared = model.parameterizations[label], model.prepared
    failed = prepared.reduced is None and prepared.mode_hint is None
    return NO_PILOT if failed and chosen == "rescaled" else HOW[chosen]
