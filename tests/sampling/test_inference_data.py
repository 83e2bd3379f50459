"""Groups, labels and NetCDF: nothing is lost, and a failed save leaves what was there."""

import os
from pathlib import Path

import numpy as np
import pytest

from partialpool.arrays import SAMPLE_DIMS
from partialpool.errors import DataError
from partialpool.sampling import inference_data


def example():
    rng = np.random.default_rng(3)
    posterior = inference_data.dataset(
        {"theta": rng.normal(size=(2, 5, 3)), "count": rng.integers(9, size=(2, 5))},
        coords={"player": ["Núñez", "Alou", "李"]},
        dims={"theta": ["player"]},
        sample_dims=SAMPLE_DIMS,
    )
    stats = inference_data.dataset(
        {"diverging": rng.random((2, 5)) < 0.5}, coords={}, dims={}, sample_dims=SAMPLE_DIMS
    )
    constant = inference_data.dataset(
        {"N": 3, "x": np.array([0.1, np.pi]), "empty": np.zeros((0, 2)), "flag": True},
        coords={},
        dims={},
    )
    groups = {"posterior": posterior, "sample_stats": stats, "constant_data": constant}
    return groups, {"seed": 4, "program": "a/b", "seconds": 0.5}


def test_round_trip_loses_nothing(tmp_path: Path) -> None:
    groups, attrs = example()
    idata = inference_data.assemble(groups, attrs)
    path = inference_data.save(idata, tmp_path / "fit é.nc")
    back = inference_data.load(path)
    assert dict(back.attrs) == attrs
    assert [type(value) for value in back.attrs.values()] == [int, str, float]
    assert inference_data.group_names(back) == tuple(groups)
    for name, dataset in groups.items():
        found = inference_data.group(back, name)
        assert dataset.identical(found)
        assert {v: found[v].dtype for v in found} == {v: dataset[v].dtype for v in dataset}


def test_arviz_reads_the_file(tmp_path: Path) -> None:
    import arviz

    groups, attrs = example()
    path = inference_data.save(inference_data.assemble(groups, attrs), tmp_path / "fit.nc")
    read = arviz.from_netcdf(path)
    assert np.array_equal(read["posterior"]["theta"].values, groups["posterior"]["theta"].values)


def test_save_replaces_a_file_that_is_open_elsewhere(tmp_path: Path) -> None:
    groups, attrs = example()
    path = tmp_path / "fit.nc"
    path.write_text("old")
    with path.open() as before:
        inference_data.save(inference_data.assemble(groups, attrs), path)
        assert before.read() == "old"
    assert os.listdir(tmp_path) == ["fit.nc"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    import xarray as xr

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    groups, attrs = example()
    path = tmp_path / "fit.nc"
    path.write_text("old")
    monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
    with pytest.raises(DataError, match="cannot save to .*: No space left on device"):
        inference_data.save(inference_data.assemble(groups, attrs), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["fit.nc"]


def test_save_into_a_missing_folder(tmp_path: Path) -> None:
    groups, attrs = example()
    with pytest.raises(DataError, match=r"cannot save to .*No such file or directory: .*nowhere"):
        inference_data.save(inference_data.assemble(groups, attrs), tmp_path / "nowhere" / "f.nc")


@pytest.mark.parametrize(("content", "message"), [(None, "there is no file"), (b"x", "cannot be")])
def test_load_of_what_is_no_fit(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "f.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        inference_data.load(path)


@pytest.mark.parametrize(
    ("coords", "dims", "message"),
    [
        ({"g": ["a", "b"]}, ["g"], r"2 label\(s\) for 'g', but 'theta' has 3"),
        ({"g": ["a", "b", "a"]}, ["g"], "not all different"),
        ({}, ["g", "h"], r"names 2 dimension\(s\) of 'theta' \(g, h\), but theta has 1"),
    ],
)
def test_labels_that_do_not_fit(coords: dict, dims: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        inference_data.dataset(
            {"theta": np.zeros((2, 5, 3))},
            coords=coords,
            dims={"theta": dims},
            sample_dims=SAMPLE_DIMS,
        )


def test_unknown_group_lists_the_known() -> None:
    with pytest.raises(DataError, match="no group 'prior'; it has posterior, sample_stats"):
        inference_data.group(inference_data.assemble(*example()), "prior")
