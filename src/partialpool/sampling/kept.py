"""Draws that are kept, whatever fails after they were drawn."""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engines.base import Draws
from ..errors import KeptDrawsError, warn
from ..options import cache_dir

if TYPE_CHECKING:
    from .fit import Fit

FOLDER = "kept-draws"
"""In partialpool's cache folder."""


@contextlib.contextmanager
def keeping(fit: Fit, doing: str) -> Iterator[None]:
    """Keep a fit if what is done with it fails, or is interrupted.

    Parameters
    ----------
    fit : Fit
    doing : str
        What is done: "naming its draws".

    Raises
    ------
    KeptDrawsError
        With the fit, and the file that it was also saved to.
    """
    with _keeping(doing, fit=fit):
        yield


@contextlib.contextmanager
def keeping_all(fits: Mapping[str, Fit], doing: str) -> Iterator[None]:
    """Keep several fits, as `keeping` does one; without any, errors are as they were."""
    with _keeping(doing, fits=fits):
        yield


@contextlib.contextmanager
def keeping_draws(draws: Draws, name: str) -> Iterator[None]:
    """Keep what an engine returned for a program of that name, as `keeping` does a fit."""
    with _keeping(f"making a fit of the draws of {name}", draws=draws):
        yield


@contextlib.contextmanager
def _keeping(
    doing: str,
    *,
    fit: Fit | None = None,
    fits: Mapping[str, Fit] | None = None,
    draws: Draws | None = None,
) -> Iterator[None]:
    try:
        yield
    except KeptDrawsError as error:
        if fits:
            error.fits |= fits
            error.paths += tuple(filter(None, map(_saved, fits.values())))
        raise
    except (Exception, KeyboardInterrupt) as error:
        every = dict(fits or {}) | ({} if fit is None else {"fit": fit})
        if not every and draws is None:
            raise
        paths = [_saved(each) for each in every.values()]
        paths += [] if draws is None else [_saved_arrays(draws)]
        done = tuple(path for path in paths if path is not None)
        where = ".fits" if fits else ".fit" if fit is not None else ".draws"
        files = f"saved to {', '.join(map(str, done))}" + _how(draws) if done else "not saved"
        if isinstance(error, KeyboardInterrupt):
            error.add_note(f"Sampling had ended: the draws are {files}")
            raise
        told = f"The draws are kept: this error has them as `{where}`; they are also {files}"
        told = told if done else f"The draws are kept: this error has them as `{where}`"
        raise KeptDrawsError(
            f"sampling ended, but {doing} failed: {type(error).__name__}: {error}. {told}",
            fit=fit,
            fits=fits,
            draws=draws,
            paths=done,
        ) from error


def _how(draws: Draws | None) -> str:
    return " (pp.load reads them)" if draws is None else " (numpy.load reads it)"


def _path(suffix: str) -> Path:
    folder = cache_dir() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    return folder / f"{now}-{secrets.token_hex(4)}{suffix}"


def _saved(fit: Fit) -> Path | None:
    """Save a fit into the cache; None if that fails too."""
    try:
        return fit.save(_path(".nc"))
    except Exception:
        return None


def _saved_arrays(draws: Draws) -> Path | None:
    try:
        path = _path(".npz")
        np.savez(path, values=draws.values, names=np.array(draws.names))
    except Exception:
        return None
    return path


def say_diagnosis(fit: Fit, before: str = "") -> None:
    """Print a fit's diagnosis in one line; that it failed is a warning.

    Raises
    ------
    KeptDrawsError
        Where warnings are errors.
    """
    with keeping(fit, "saying whether its draws can be trusted"):
        try:
            print(before + fit.diagnose().line())
        except Exception as error:
            warn(
                f"the draws are there, but their diagnosis failed: {type(error).__name__}: "
                f"{error}. fit.diagnose() tries again",
            )
