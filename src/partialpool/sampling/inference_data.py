"""Make ArviZ InferenceData with labels from arrays of draws, and save and load it as NetCDF.

Everything that differs between ArviZ 0.23 (`InferenceData`) and ArviZ 1.x (`xarray.DataTree`) is in
this module. Groups are built, written and read with xarray, so that a file that was written under
one version can be read under the other.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..errors import DataError
from ..source.labels import as_labels

Attrs = Mapping[str, str | int | float]


def arviz_major() -> int:
    """Return the major version of the installed ArviZ."""
    return int(importlib.metadata.version("arviz").split(".")[0])


def dataset(
    variables: Mapping[str, Any],
    *,
    coords: Mapping[str, Any],
    dims: Mapping[str, Sequence[str]],
    sample_dims: Sequence[str] = (),
) -> xr.Dataset:
    """Make one group of InferenceData.

    Parameters
    ----------
    variables : mapping of str to array
        Each has the dimensions `sample_dims`, then the dimensions of the variable.
    coords : mapping of dimension to labels
    dims : mapping of variable to names of its dimensions
        Without `sample_dims`. A dimension without a name is called
        ``{variable}_dim_{position}``, as in ArviZ.
    sample_dims : sequence of str
        Leading dimensions that all variables share: ("chain", "draw") or none.

    Raises
    ------
    DataError
        If names or labels do not fit a variable's shape.
    """
    arrays: dict[str, tuple[tuple[str, ...], NDArray[Any]]] = {}
    labels: dict[str, Any] = {}
    for name, values in variables.items():
        array = np.asarray(values)
        shape = array.shape[len(sample_dims) :]
        named = tuple(dims.get(name, ()))
        if len(named) > len(shape):
            raise DataError(
                f"dims names {len(named)} dimension(s) of {name!r} ({', '.join(named)}), "
                f"but {name} has {len(shape)}: its shape is {shape}"
            )
        all_dims = named + tuple(f"{name}_dim_{i}" for i in range(len(named), len(shape)))
        arrays[name] = ((*sample_dims, *all_dims), array)
        for dim, size in zip(all_dims, shape, strict=True):
            labels[dim] = _labels(name, dim, size, coords)
    sizes = next((array.shape[: len(sample_dims)] for _, array in arrays.values()), ())
    for dim, size in zip(sample_dims, sizes, strict=False):
        labels[dim] = np.arange(size)
    return xr.Dataset(arrays, coords=labels)


def _labels(name: str, dim: str, size: int, coords: Mapping[str, Any]) -> NDArray[Any]:
    """Return the labels of a dimension; 0, 1, ... if it has none."""
    if dim not in coords:
        return np.arange(size)
    labels = as_labels(dim, coords[dim])
    if len(labels) != size:
        raise DataError(
            f"coords gives {labels.size} label(s) for {dim!r}, but {name!r} has {size} along it"
        )
    return labels


def assemble(groups: Mapping[str, xr.Dataset], attrs: Attrs) -> Any:
    """Put groups together as `InferenceData` (ArviZ 0.23) or `DataTree` (ArviZ 1.x)."""
    if arviz_major() < 1:
        import arviz

        contents: dict[str, Any] = dict(groups)
        return arviz.InferenceData(attrs=dict(attrs), **contents)
    return _tree(groups, attrs)


def group(idata: Any, name: str) -> xr.Dataset:
    """Return one group as a Dataset.

    Raises
    ------
    DataError
        If there is no such group; the message lists the groups.
    """
    if name not in group_names(idata):
        raise DataError(f"this fit has no group {name!r}; it has {', '.join(group_names(idata))}")
    node = idata[name]
    return node if isinstance(node, xr.Dataset) else node.to_dataset()


def group_names(idata: Any) -> tuple[str, ...]:
    """Return the names of the groups in `idata`."""
    return tuple(idata.children if isinstance(idata, xr.DataTree) else idata.groups())


def psis_loo(
    posterior: xr.Dataset, log_likelihood: xr.DataArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute leave-one-out scores by Pareto-smoothed importance sampling, with ArviZ.

    Parameters
    ----------
    posterior : Dataset
        Its effective sample sizes are used in smoothing the weights.
    log_likelihood : DataArray, (chain, draw, row)

    Returns
    -------
    scores : array, (row,)
        Expected log predictive densities.
    pareto_k : array, (row,)
        Pareto k-hat.
    """
    import importlib
    import warnings

    arviz: Any = importlib.import_module("arviz")
    likelihood = log_likelihood.drop_vars("row", errors="ignore").to_dataset(name="y")
    idata = assemble({"posterior": posterior, "log_likelihood": likelihood}, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the caller reports large k-hat, by row
        result: Any = arviz.loo(idata, pointwise=True)
    scores = result.loo_i if arviz_major() < 1 else result.elpd_i
    return np.asarray(scores, np.float64), np.asarray(result.pareto_k, np.float64)


def save(idata: Any, path: str | Path) -> Path:
    """Write a NetCDF file; an existing file is replaced only when the new one is complete.

    Raises
    ------
    DataError
        If the folder does not exist or cannot be written to.
    """
    path = Path(path).expanduser()
    target = path.resolve()  # a symbolic link is kept, and the file it points to is replaced
    groups = {name: group(idata, name) for name in group_names(idata)}
    try:
        handle, scratch = tempfile.mkstemp(suffix=".nc", prefix=f".{path.stem}-", dir=target.parent)
    except OSError as error:
        raise DataError(f"cannot save to {path}: {error.strerror}: {path.parent}") from error
    os.close(handle)
    try:
        _tree(groups, idata.attrs).to_netcdf(scratch, engine="h5netcdf")
        os.chmod(scratch, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(scratch, target)
    except OSError as error:
        raise DataError(f"cannot save to {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
    return path


def load(path: str | Path) -> Any:
    """Read a NetCDF file that `save` wrote, under any supported version of ArviZ.

    Raises
    ------
    DataError
        If there is no such file, or it is not a saved fit.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            tree.load()
            groups = {name: node.to_dataset() for name, node in tree.children.items()}
            attrs = {
                str(name): value.item() if isinstance(value, np.generic) else value
                for name, value in tree.attrs.items()
            }
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read as a saved fit: {error}") from error
    return assemble(groups, attrs)


def _tree(groups: Mapping[str, xr.Dataset], attrs: Attrs) -> xr.DataTree:
    """Make a tree with a node for each group."""
    tree = xr.DataTree.from_dict({f"/{name}": node for name, node in groups.items()})
    tree.attrs.update(attrs)
    return tree


def _umask() -> int:
    """Return the permissions that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
