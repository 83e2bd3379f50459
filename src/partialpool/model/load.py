"""Read a saved fit back as what it was."""

from __future__ import annotations

from pathlib import Path

from ..sampling import fit as fits
from ..sampling.fit import Fit


def load(path: str | Path) -> Fit:
    """Read a fit that `Fit.save` wrote; one of a formula comes back as a `ModelFit`.

    Raises
    ------
    DataError
        If there is no such file, or it was not written by partialpool.
    """
    loaded = fits.load(path)
    if "model" not in loaded.attrs:
        return loaded
    from .fit import ModelFit

    return ModelFit.from_saved(loaded)
