"""The functions that a formula may call, their signatures, and messages about other functions."""

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
"""The functions that make categories, with the name of their second argument."""
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
    """Return NumPy's elementwise function of a name, with one output; None if there is none."""
    if name in _NUMPY:
        name = f"np.{name}"
    function = getattr(np, name[3:], None) if name.startswith("np.") else None
    if not isinstance(function, np.ufunc) or function.nout > 1 or function.signature is not None:
        return None  # such as np.vecdot(), which sums over the rows
    return function if any("d" * function.nin in loop for loop in function.types) else None


@cache
def transforms() -> dict[str, Callable[..., Any]]:
    """Return the stateful transforms by name.

    They keep what they learn from the data of the fit (a mean, knots) in the dict `_state`.
    """
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
    """Subtract the mean of the fit's data and divide by their standard deviation (divisor n)."""
    from formulaic.transforms import scale

    return scale(x, ddof=0, _state=_state)


def _polynomials(x: Any, degree: int = 1, raw: bool = False, *, _state: dict[str, Any]) -> Any:
    from formulaic.transforms import poly

    from .splines import check_whole

    check_whole("degree", degree)
    if raw:  # products give the same digits on every processor, unlike powers
        return np.cumprod(np.broadcast_to(x[:, None], (len(x), degree)), axis=1)
    return poly(x, degree, raw=raw, _state=_state)


@cache
def signature(name: str) -> inspect.Signature | None:
    """Return the signature of a transform or category function; None for other names."""
    if name in CATEGORIES:
        any_of = inspect.Parameter.POSITIONAL_OR_KEYWORD
        second = inspect.Parameter(CATEGORIES[name], any_of, default=None)
        return inspect.Signature([inspect.Parameter("data", any_of), second])
    if name not in _TRANSFORMS:
        return None
    parameters = inspect.signature(transforms()[name]).parameters.values()
    return inspect.Signature([word for word in parameters if not word.name.startswith("_")])


def unknown_function(name: str) -> str:
    """Return the error message for a function that formulas do not have."""
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
            f"{name}() does not give one real number for real numbers in each row, as a formula "
            f"needs it. For truth values there are &, | and ~; compute anything else as a column "
            f"of the data first."
        )
    if name.startswith("np.") and callable(getattr(np, name[3:], None)):
        return (
            f"A formula can call NumPy's elementwise functions (ufuncs), and {name}() is not one: "
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
