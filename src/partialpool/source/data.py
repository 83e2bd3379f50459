"""Data for a Stan program: checked against its data block, and written as JSON.

What is refused, beyond what the declarations say: NaN anywhere, since Stan has no missing values;
and infinities in arrays, vectors and matrices, where they come from ``log(0)`` far more often than
by intent. A program that means them says so by an infinite bound, which changes nothing else:
``vector<upper=positive_infinity()>[N] censored_at``. A scalar may be infinite (a prior scale, say)
if its bounds let it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import DataError, nearest
from .declaration import Declaration, ProgramDeclarations
from .fitting import fit_value
from .values import Unfit, describe

Declared = Mapping[str, Declaration] | ProgramDeclarations

_UNNAMED = "the program"

_POSITION = re.compile(r"\w\[\d")


def check_data(
    declared: Declared,
    data: Mapping[str, Any],
    *,
    program_name: str = _UNNAMED,
    subject: str = "the data do not fit the data block",
) -> dict[str, Any]:
    """Check data against a data block and bring them into its types and shapes.

    Parameters
    ----------
    declared : mapping of name to Declaration, or ProgramDeclarations
        The data block.
    data : mapping
        Numbers, lists, NumPy arrays, pandas objects. Booleans become 0 and 1; 3.0 passes for
        the integer 3; an empty list passes for an array any of whose sizes is 0.
    program_name : str
        What to call the program in messages.
    subject : str
        How a message begins.

    Returns
    -------
    dict
        Every declared variable, in the order of the block: int or float for a scalar, an int64 or
        float64 array of the declared shape else (complex128 for complex types; a tuple for a
        tuple). Arrays are copies.

    Raises
    ------
    DataError
        With all that is wrong: names that are missing or not declared, and for every variable
        its declaration, what was given, and where and why it does not fit. Positions count
        from 1, as in Stan. What depends on values that only Stan can compute is left to it;
        `translate_stan_error` puts its complaints in the same form.
    """
    block = declared.data if isinstance(declared, ProgramDeclarations) else declared
    if not isinstance(data, Mapping):
        raise DataError(
            f"data for {program_name} must be a mapping of names to values, such as "
            f"{{{_example(block)}}}; given: {describe(data)}"
        )
    problems = _names(block, data)
    clean: dict[str, Any] = {}
    for name, declaration in block.items():
        if name in data:
            try:
                clean[name] = fit_value(name, declaration, data[name], clean)
            except Unfit as problem:
                problems.append(_entry(str(problem), declaration, describe(data[name])))
    if problems:
        found = len(problems)
        if any(_POSITION.search(problem.splitlines()[0]) for problem in problems):
            problems.append("(positions count from 1, as in Stan)")
        count = "" if found == 1 else f": {found} problems"
        raise DataError(f"{subject} of {program_name}{count}\n" + "\n".join(problems))
    return clean


def as_json(data: Mapping[str, Any]) -> str:
    """Write data as Stan's JSON; every number reads back as the same one.

    Parameters
    ----------
    data : mapping
        As `check_data` returns them.
    """
    import stanio

    text: str = stanio.dump_stan_json(data)
    return text


def translate_stan_error(message: str, declared: Declared) -> str | None:
    """Put what Stan says about data in the form of `check_data`'s messages.

    Parameters
    ----------
    message : str
        What CmdStan or stanli said.
    declared : mapping of name to Declaration, or ProgramDeclarations
        The data block.

    Returns
    -------
    str or None
        None where no variable of the data block is named.
    """
    block = declared.data if isinstance(declared, ProgramDeclarations) else declared
    for line in message.splitlines():
        for pattern in _STAN_SAYS:
            match = pattern.search(line)
            if match and match["name"] in block:
                said = _WHERE.sub("", _WHO.sub("", line)).strip()
                return f"Stan says: {said}\n    declared: {block[match['name']]}"
    return None


_WHO = re.compile(r"^(?:.*?Exception: |\s*Error: )?(?:\w+_namespace::\w+: )?(?:stanli [\w ]+: )?")
_WHERE = re.compile(r" \(in '.*$")
"""What stands around Stan's own words: who says it, and where in which file."""

_STAN_SAYS = (
    re.compile(r"variable name=(?P<name>\w+)"),
    re.compile(r"variable=(?P<name>\w+); dimension size"),
    re.compile(r"unknown data variable (?P<name>\w+)"),
    re.compile(r"Variable: (?P<name>\w+), error"),
    re.compile(r"(?:^|: )(?P<name>[A-Za-z]\w*)(?:\[[\d, ]*\]|\.\d+)* (?:is|does|has|\()"),
)
"""How Stan names a variable in its messages."""


def _names(block: Mapping[str, Declaration], data: Mapping[str, Any]) -> list[str]:
    """Problems of names: missing ones first, then those not declared."""
    missing = [name for name in block if name not in data]
    extra = [name for name in data if name not in block]
    problems = []
    for name in missing:
        near = nearest(name, extra)
        hint = f"; is it what you call {near!r}?" if near else ""
        problems.append(_entry(f"{name} is missing{hint}", block[name]))
    listed = ", ".join(block) or "nothing"
    for name in extra:
        near = nearest(str(name), missing) or nearest(str(name), block)
        hint = f"did you mean {near!r}?" if near else f"declared are: {listed}"
        problems.append(f"- {name!r} is given but not declared; {hint}")
    return problems


def _entry(problem: str, declaration: Declaration, given: str | None = None) -> str:
    lines = [f"- {problem}", f"    declared: {declaration}"]
    return "\n".join(lines if given is None else [*lines, f"    given: {given}"])


def _example(block: Mapping[str, Declaration]) -> str:
    return ", ".join([f'"{name}": ...' for name in block][:3])
