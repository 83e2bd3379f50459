"""Read a saved fit back as what it was."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..sampling import inference_data
from ..sampling.fit import Fit
from ..sampling.program import StanProgram
from .fit import ModelFit


def load(path: str | Path) -> Fit:
    """Read a fit that `Fit.save` wrote; one of a formula comes back as a `ModelFit`.

    Raises
    ------
    DataError
        If there is no such file, or it was not written by partialpool.
    """
    idata = inference_data.load(path)
    missing = {"program", "program_code"} - set(idata.attrs)
    if missing:
        raise DataError(
            f"{path} was not saved by partialpool (it has no {' and no '.join(sorted(missing))}); "
            "read it with ArviZ"
        )
    fit = Fit(StanProgram(idata.attrs["program"], None, idata.attrs["program_code"]), idata)
    return ModelFit.from_saved(fit) if "model" in idata.attrs else fit
