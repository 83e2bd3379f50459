"""A saved fit brought up to date: its names of today, its groups in the order of its model."""

from __future__ import annotations

from typing import Any

import xarray as xr

from ..data.levels import listed
from ..design.design import Design, GroupDesign
from ..errors import DataError
from ..naming.names import dim_of, renamed
from ..naming.variables import level_labels
from ..sampling import inference_data


def up_to_date(idata: Any, design: Design) -> Any:
    """Bring a saved fit to the names of today, and check that its model is the one it is of.

    partialpool 0.1 named some dimensions otherwise, and read labels of some types back as text,
    which is sorted otherwise.

    Parameters
    ----------
    idata : InferenceData or DataTree
    design : Design
        Of the model that was built from its data again.

    Raises
    ------
    DataError
        If the groups or coefficients are not those of the model.
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
    dim = dim_of(term)
    if dim not in posterior.coords:
        return posterior
    saved = [str(label) for label in posterior[dim].values.tolist()]
    wanted = [str(label) for label in level_labels(term).tolist()]
    if saved == wanted:
        return posterior
    if sorted(saved) != sorted(wanted) or len(set(saved)) < len(saved):
        other = sorted(set(saved) ^ set(wanted)) or saved
        raise DataError(
            f"the groups of {term.label} in this file are not those of its data: they differ in "
            f"{listed(other)}. Read the draws with ArviZ, and fit the model again"
        )
    places = {label: place for place, label in enumerate(saved)}
    found: xr.Dataset = posterior.isel({dim: [places[label] for label in wanted]})
    return found


def _check_coefficients(posterior: xr.Dataset, design: Design) -> None:
    saved = posterior["coefficient"].values.tolist() if "coefficient" in posterior.coords else []
    wanted = [*(["Intercept"] if design.intercept else []), *design.coefficients]
    if saved != wanted:
        raise DataError(
            f"the coefficients in this file are {', '.join(saved)}, but its formula and data give "
            f"{', '.join(wanted)}. Read the draws with ArviZ, and fit the model again"
        )
