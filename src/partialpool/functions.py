"""The functions that formulas know, and what to say of others."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
from formulae.categorical import ENCODINGS
from formulae.transforms import TRANSFORMS

CONSTANTS = ("np.pi", "np.e")
_NUMPY = ("abs", "cos", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sqrt", "tan")
NAMESPACE: dict[str, Any] = {
    **{name: getattr(np, name) for name in _NUMPY},
    "np": np,
    "np.pi": np.pi,
    "np.e": np.e,
}
_NOT_TERMS = frozenset({"offset", "B", "binary", "p", "prop", "proportion"})
FUNCTIONS = tuple(sorted((set(_NUMPY) | set(TRANSFORMS) | set(ENCODINGS)) - _NOT_TERMS))
_INSTEAD = {
    "factor": "C(x) makes categories of a column of numbers",
    "as.factor": "C(x) makes categories of a column of numbers",
    "s": "bs(x, df=5) is a spline",
    "ns": "bs(x, df=5) is a spline",
    "te": "bs(x, df=5) is a spline",
    "ln": "log(x) is the natural logarithm",
    "standardise": "standardize(x) does this",
    "zscore": "standardize(x) does this",
}


def arguments(name: str) -> int | None:
    """Count the arguments of a NumPy function that works value by value; None for others."""
    function = NAMESPACE.get(name)
    if name.startswith("np."):
        function = getattr(np, name[3:], None)
    return function.nin if isinstance(function, np.ufunc) else None


def unknown_function(name: str) -> str:
    """Say what to write in place of a function that formulas do not know."""
    if name == "offset":
        return "offset() stands by itself: y ~ x + offset(log(exposure))."
    if name in ("trials", "weights", "se"):
        return f"{name}() belongs to the response: y | {name}(column) ~ x."
    if name in _NOT_TERMS or name == "cbind":
        return f"{name}() is not used here: write binomial counts as hits | trials(n) ~ x."
    if name.startswith("np.") and callable(getattr(np, name[3:], None)):
        return (
            f"Of NumPy, formulas take what works value by value (ufuncs), and {name}() is none: "
            f"a summary such as np.mean(x) would differ in other data. center(x), scale(x), "
            f"poly(x, 2), bs(x, df=5) remember the data of the fit; I(x > 0) is 0 or 1; "
            f"compute anything else as a column of the data first."
        )
    near = difflib.get_close_matches(name, FUNCTIONS, n=1)
    hint = f" Did you mean {near[0]}()?" if near else ""
    if name in _INSTEAD:
        hint = f" Here {_INSTEAD[name]}."
    return (
        f"{name}() is not a function that formulas know.{hint} "
        f"Known: {', '.join(FUNCTIONS)}, and NumPy's such as np.tanh(). "
        f"Compute anything else as a column of the data first."
    )
