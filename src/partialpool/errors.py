"""The errors and warnings of partialpool.

Every message says what was given, where, and what to do next. `PartialPoolError` catches all
of them; each also derives from the built-in exception of its kind.
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class PartialPoolError(Exception):
    """Base of every error raised by partialpool."""


class DataError(PartialPoolError, ValueError):
    """The data do not suit the program, formula or function."""


class FormulaError(PartialPoolError, ValueError):
    """A model formula cannot be read, or does not suit the data's columns."""


class OptionError(PartialPoolError, ValueError):
    """An option (a number of chains, a seed, a file name) is not usable."""


class ProgramError(PartialPoolError, ValueError):
    """A Stan program does not compile, or its name is unknown."""


class EngineError(PartialPoolError, RuntimeError):
    """An engine is not installed, or does not support what was requested."""


class SamplingError(PartialPoolError, RuntimeError):
    """Stan failed while running; the message contains Stan's messages."""


class KeptDrawsError(PartialPoolError, RuntimeError):
    """Sampling ended but a later step failed; the error carries the draws.

    Attributes
    ----------
    fit : Fit or None
        The draws, under the program's own names and in the units of `Model.stan_data`;
        ``pp.ModelFit.from_program(model, error.fit)`` tries again to name them.
    fits : mapping of str to ModelFit
        The fits that `pooling_ladder` had completed.
    draws : Draws or None
        What the engine returned, if no `Fit` could be made of it.
    paths : tuple of Path
        Files in which the fits were saved; ``pp.load(path)`` reads one.
    """

    def __init__(
        self,
        message: str,
        *,
        fit: Any = None,
        fits: Mapping[str, Any] | None = None,
        draws: Any = None,
        paths: tuple[Path, ...] = (),
    ) -> None:
        super().__init__(message)
        self.fit, self.fits, self.draws, self.paths = fit, dict(fits or {}), draws, paths


class AccuracyError(PartialPoolError, ArithmeticError):
    """A result is too inaccurate to be trusted; the message says what to use instead."""


class DataWarning(UserWarning):
    """The data are usable, but may not be what the user means or not inform every parameter."""


def nearest(name: object, candidates: Iterable[object], *, cutoff: float = 0.6) -> str | None:
    """Return the candidate that is spelt most like a name, ignoring letter case.

    Parameters
    ----------
    name : object
    candidates : iterable of object
        Compared as text.
    cutoff : float
        Least similarity, from 0 to 1, as in `difflib.get_close_matches`.

    Returns
    -------
    str or None
        None if no candidate is similar enough.
    """
    folded: dict[str, str] = {}
    for candidate in candidates:
        folded.setdefault(str(candidate).casefold(), str(candidate))
    near = difflib.get_close_matches(str(name).casefold(), folded, 1, cutoff)
    return folded[near[0]] if near else None


def caller_depth() -> int:
    """Return the stacklevel of a warning that is to point at the first frame outside this package.

    A frame's package is read from the name of its module, not from its file, because a
    dataclass's ``__init__`` has no file.
    """
    frame, depth = inspect.currentframe(), 0
    package = __name__.partition(".")[0]
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == package:
        frame, depth = frame.f_back, depth + 1
    return depth


def warn(message: str, category: type[Warning] = DataWarning) -> None:
    """Issue a warning that points at the user's line, the first caller outside this package."""
    warnings.warn(message, category, stacklevel=caller_depth())
