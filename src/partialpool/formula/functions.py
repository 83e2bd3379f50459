"""The functions that formulas know, how they are called, and what to say of others."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..errors import nearest
from .tokens import ENCODINGS

_NUMPY = ("abs", "cos", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sqrt", "tan")
_TRANSFORMS = ("bs", "cc", "center", "cr", "cs", "poly", "scale", "standardize")
CATEGORIES = {"C": "contrast", "S": "omit", "T": "ref"}
"""Functions that make categories, and the name of their second argument."""
FUNCTIONS = tuple(sorted({*_NUMPY, *_TRANSFORMS, *CATEGORIES, *ENCODINGS, "I"}))
_INSTEAD = {
    "factor": "C(x) makes categories of a column of numbers",
    "as.factor": "C(x) makes categories of a column of numbers",
    "s": "bs(x, df=5) is a spline",
    "ns": "cr(x, df=5) is a natural spline",
    "te": "bs(x, df=5) is a spline",
    "tp": "cr(x, df=5) is a spline of as many columns, with knots at quantiles",
    "ln": "log(x) is the natural logarithm",
    "standardise": "standardize(x) does this",
    "zscore": "standardize(x) does this",
}


def ufunc(name: str) -> np.ufunc | None:
    """Return a NumPy function that works value by value and gives one value; None for others."""
    if name in _NUMPY:
        name = f"np.{name}"
    function = getattr(np, name[3:], None) if name.startswith("np.") else None
    if not isinstance(function, np.ufunc) or function.nout > 1 or function.signature is not None:
        return None  # such as np.vecdot(), which sums over the rows
    return function if any("d" * function.nin in each for each in function.types) else None


@cache
def transforms() -> dict[str, Callable[..., Any]]:
    """Functions that remember the data of the fit: formulaic's, in a dict passed as `_state`."""
    from . import splines

    return {
        "bs": splines.bs,
        "cc": splines.cc,
        "center": _centered,
        "cr": splines.cr,
        "cs": splines.cr,
        "poly": _polynomials,
        "scale": _standardized,
        "standardize": _standardized,
    }


def _centered(x: Any, *, _state: dict[str, Any]) -> Any:
    from formulaic.transforms import center

    return center(x, _state=_state)


def _standardized(x: Any, *, _state: dict[str, Any]) -> Any:
    """Take off the mean of the fit's data and divide by their standard deviation (of n)."""
    from formulaic.transforms import scale

    return scale(x, ddof=0, _state=_state)


def _polynomials(x: Any, degree: int = 1, raw: bool = False, *, _state: dict[str, Any]) -> Any:
    from formulaic.transforms import poly

    from .splines import check_whole

    check_whole("degree", degree)
    if raw:  # by products, which do not depend on the processor's vector units
        return np.cumprod(np.broadcast_to(x[:, None], (len(x), degree)), axis=1)
    return poly(x, degree, raw=raw, _state=_state)


@cache
def signature(name: str) -> inspect.Signature | None:
    """Return how a transform, or a function that makes categories, is called."""
    if name in CATEGORIES:
        any_of = inspect.Parameter.POSITIONAL_OR_KEYWORD
        second = inspect.Parameter(CATEGORIES[name], any_of, default=None)
        return inspect.Signature([inspect.Parameter("data", any_of), second])
    if name not in _TRANSFORMS:
        return None
    found = inspect.signature(transforms()[name])
    kept = [each for each in found.parameters.values() if not each.name.startswith("_")]
    return inspect.Signature(kept)


def unknown_function(name: str) -> str:
    """Say what to write in place of a function that formulas do not know."""
    if name == "offset":
        return "offset() stands by itself: y ~ x + offset(log(exposure))."
    if name in ("trials", "weights", "se"):
        return f"{name}() belongs to the response: y | {name}(column) ~ x."
    if name in ENCODINGS:
        return f"{name}() is the second argument of C(): C(column, {name}('level'))."
    if name in ("B", "binary", "p", "prop", "proportion", "cbind"):
        return f"{name}() is not used here: write binomial counts as hits | trials(n) ~ x."
    if name.startswith("np.") and isinstance(getattr(np, name[3:], None), np.ufunc):
        return (
            f"{name}() does not make one real number of real numbers, row by row, as formulas "
            f"need it. For truth values there are &, | and ~; compute anything else as a column "
            f"of the data first."
        )
    if name.startswith("np.") and callable(getattr(np, name[3:], None)):
        return (
            f"Of NumPy, formulas take what works value by value (ufuncs), and {name}() is none: "
            f"a summary such as np.mean(x) would differ in other data. center(x), scale(x), "
            f"poly(x, 2), bs(x, df=5) remember the data of the fit; I(x > 0) is 0 or 1; "
            f"compute anything else as a column of the data first."
        )
    near = nearest(name, FUNCTIONS)
    hint = f" Did you mean {near}()?" if near else ""
    if name in _INSTEAD:
        hint = f" Here {_INSTEAD[name]}."
    return (
        f"{name}() is not a function that formulas know.{hint} "
        f"Known: {', '.join(FUNCTIONS)}, and NumPy's such as np.tanh(). "
        f"Compute anything else as a column of the data first."
    )
