"""Keep the draws if something fails after sampling has ended."""

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
"""Folder for kept draws, in partialpool's cache folder."""


@contextlib.contextmanager
def keeping(fit: Fit, doing: str) -> Iterator[None]:
    """Keep a fit if the code in the ``with`` block fails or is interrupted.

    Parameters
    ----------
    fit : Fit
    doing : str
        What the block does, for the message: "naming its draws".

    Raises
    ------
    KeptDrawsError
        If the block fails: the error has the fit and the path of the file to which it was saved.
        After an interrupt, KeyboardInterrupt is raised with a note that has the path.
    """
    with _keeping(doing, fit=fit):
        yield


@contextlib.contextmanager
def keeping_all(fits: Mapping[str, Fit], doing: str) -> Iterator[None]:
    """Keep several fits, as `keeping` keeps one; if there are none yet, errors are not changed."""
    with _keeping(doing, fits=fits):
        yield


@contextlib.contextmanager
def keeping_draws(draws: Draws, name: str) -> Iterator[None]:
    """Keep the draws that an engine returned for the program `name`, as `keeping` keeps a fit."""
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
    """Run a ``with`` block; if it fails, save fits or draws and raise `KeptDrawsError`."""
    try:
        yield
    except KeptDrawsError as error:
        if fits:
            error.fits |= fits
            error.paths += tuple(filter(None, map(_saved, fits.values())))
        raise
    except (Exception, KeyboardInterrupt) as error:
        to_save = [*(fits or {}).values(), *([] if fit is None else [fit])]
        if not to_save and draws is None:
            raise
        attempts = [_saved(unsaved) for unsaved in to_save]
        attempts += [] if draws is None else [_saved_arrays(draws)]
        paths = tuple(path for path in attempts if path is not None)
        attribute = ".fits" if fits else ".fit" if fit is not None else ".draws"
        files = f"saved to {', '.join(map(str, paths))}" + _reader(draws) if paths else "not saved"
        if isinstance(error, KeyboardInterrupt):
            error.add_note(f"Sampling had ended: the draws are {files}")
            raise
        advice = f"The draws are kept: this error has them as `{attribute}`"
        advice += f"; they are also {files}" if paths else ""
        raise KeptDrawsError(
            f"sampling ended, but {doing} failed: {type(error).__name__}: {error}. {advice}",
            fit=fit,
            fits=fits,
            draws=draws,
            paths=paths,
        ) from error


def _reader(draws: Draws | None) -> str:
    """Say which function reads the saved file."""
    return " (pp.load reads them)" if draws is None else " (numpy.load reads it)"


def _path(suffix: str) -> Path:
    """Return a new path in the folder for kept draws."""
    folder = cache_dir() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    return folder / f"{now}-{secrets.token_hex(4)}{suffix}"


def _saved(fit: Fit) -> Path | None:
    """Save a fit in the cache and return its path, or None if that fails too."""
    try:
        return fit.save(_path(".nc"))
    except Exception:
        return None


def _saved_arrays(draws: Draws) -> Path | None:
    """Save draws in the cache and return the path, or None if that fails too."""
    try:
        path = _path(".npz")
        np.savez(path, values=draws.values, names=np.array(draws.names))
    except Exception:
        return None
    return path


def print_diagnosis(fit: Fit, before: str = "") -> None:
    """Print the diagnosis of a fit in one line, after the text `before`.

    If the diagnosis fails, that is a warning.

    Raises
    ------
    KeptDrawsError
        If it fails and warnings are errors.
    """
    with keeping(fit, "checking whether its draws can be trusted"):
        try:
            print(before + fit.diagnose().line())
        except Exception as error:
            warn(
                f"sampling ended, but the diagnosis of the draws failed: {type(error).__name__}: "
                f"{error}. fit.diagnose() tries again",
            )
