"""`load`: read a saved fit, as the `Fit` or `ModelFit` that was saved."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..sampling import inference_data
from ..sampling.fit import Fit
from ..sampling.program import StanProgram
from ..storage import frames
from .fit import ModelFit
from .restore import restore
from .up_to_date import up_to_date


def load(path: str | Path) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Fit or ModelFit
        A `ModelFit`, with its model and data, if a formula model was saved.

    Raises
    ------
    DataError
        If there is no such file, it was not written by partialpool, or its draws do not belong to
        the model and data in it.
    """
    idata = inference_data.load(path)
    missing = {"program", "program_code"} - set(idata.attrs)
    if missing:
        raise DataError(
            f"{path} was not saved by partialpool (it has no {' and no '.join(sorted(missing))}); "
            "read it with ArviZ"
        )
    fit = Fit(StanProgram(idata.attrs["program"], None, idata.attrs["program_code"]), idata)
    return model_fit(fit) if "model" in idata.attrs else fit


def model_fit(fit: Fit) -> ModelFit:
    """Make a saved fit a `ModelFit`: build its model again from the data saved with it."""
    data = frames.from_dataset(inference_data.group(fit.idata, "constant_data"))
    model = restore(fit.attrs, data)
    return ModelFit(fit.program, up_to_date(fit.idata, model.design), model)
