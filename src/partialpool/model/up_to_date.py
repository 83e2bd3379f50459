"""Bring a saved fit up to date: today's names of dimensions, and its groups in model order."""

from __future__ import annotations

from typing import Any

import xarray as xr

from ..data.levels import list_values
from ..design.design import Design, GroupDesign
from ..errors import DataError
from ..naming.names import dim_of, renamed
from ..naming.variables import level_labels
from ..sampling import inference_data


def up_to_date(idata: Any, design: Design) -> Any:
    """Rename and reorder the posterior of a saved fit so that it matches its model.

    partialpool 0.1 had other names for some dimensions. It also read labels of some types back as
    text, which sorts in another order.

    Parameters
    ----------
    idata : InferenceData or DataTree
    design : Design
        Design of the model, which was built again from the saved data.

    Returns
    -------
    InferenceData or DataTree
        `idata` itself if nothing had to change.

    Raises
    ------
    DataError
        If the groups or coefficients in the file are not those of the model.
    """
    saved = inference_data.group(idata, "posterior")
    posterior = renamed(saved, design.groups)
    for term in design.groups:
        posterior = _in_order(posterior, term)
    _check_coefficients(posterior, design)
    if posterior is saved:
        return idata
    groups = {name: inference_data.group(idata, name) for name in inference_data.group_names(idata)}
    return inference_data.assemble(groups | {"posterior": posterior}, idata.attrs)


def _in_order(posterior: xr.Dataset, term: GroupDesign) -> xr.Dataset:
    """Put the groups of a term into the order of its levels."""
    dim = dim_of(term)
    if dim not in posterior.coords:
        return posterior
    saved = [str(label) for label in posterior[dim].values.tolist()]
    expected = [str(label) for label in level_labels(term).tolist()]
    if saved == expected:
        return posterior
    if sorted(saved) != sorted(expected) or len(set(saved)) < len(saved):
        different = sorted(set(saved) ^ set(expected)) or saved
        raise DataError(
            f"the groups of {term.label} in this file are not those of its data: they differ in "
            f"{list_values(different)}. Read the draws with ArviZ, and fit the model again"
        )
    places = {label: place for place, label in enumerate(saved)}
    reordered: xr.Dataset = posterior.isel({dim: [places[label] for label in expected]})
    return reordered


def _check_coefficients(posterior: xr.Dataset, design: Design) -> None:
    """Raise `DataError` if the population coefficients in a file are not those of the design."""
    saved = posterior["coefficient"].values.tolist() if "coefficient" in posterior.coords else []
    expected = [*(["Intercept"] if design.intercept else []), *design.coefficients]
    if saved != expected:
        raise DataError(
            f"the coefficients in this file are {', '.join(saved)}, but its formula and data give "
            f"{', '.join(expected)}. Read the draws with ArviZ, and fit the model again"
        )
