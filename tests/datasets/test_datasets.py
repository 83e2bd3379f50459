"""The data sets say what their sources say, and know where they come from."""

import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from partialpool import datasets
from partialpool.errors import DataError

SHAPES = {
    "bangladesh": (1934, 6),
    "baseball_1970": (18, 6),
    "baseball_1970_stan": (18, 5),
    "baseball_2006": (308, 3),
    "eight_schools": (8, 7),
    "grouse_ticks": (403, 6),
    "pastes": (60, 3),
    "penicillin": (144, 3),
    "radon": (919, 6),
    "rat_tumors": (71, 3),
    "sleepstudy": (180, 3),
    "surgical_mortality": (12, 3),
}


def test_list_names_every_data_set_with_its_size() -> None:
    listed = datasets.list().set_index("name")
    assert list(listed.columns) == ["rows", "columns", "description"]
    for name, (rows, columns) in SHAPES.items():
        assert tuple(listed.loc[name, ["rows", "columns"]]) == (rows, columns)
        assert listed.loc[name, "description"] == datasets.describe(name).title


def test_every_table_has_its_sidecar_and_every_sidecar_its_table() -> None:
    folder = Path(datasets.__file__).parent
    tables = {path.stem for path in folder.glob("*.csv")}
    assert tables == {path.stem for path in folder.glob("*.json")}
    assert tables == set(datasets.list()["name"])


@pytest.mark.parametrize("name", list(datasets.list()["name"]))
def test_description_covers_the_table(name: str) -> None:
    frame, dataset = datasets.load(name), datasets.describe(name)
    assert list(dataset.columns) == list(frame.columns)
    assert not frame.isna().to_numpy().any()
    for text in (dataset.title, dataset.source, dataset.licence, dataset.taken_from):
        assert len(text) > 20
    assert all(column == column.lower() and " " not in column for column in frame.columns)
    assert frame.attrs["name"] == name
    assert frame.attrs["source"] == dataset.source
    assert frame.attrs["columns"] == dict(dataset.columns)
    with pytest.raises(FrozenInstanceError):
        dataset.title = "another"
    with pytest.raises(TypeError):
        dataset.columns["another"] = ""


@pytest.mark.parametrize("name", SHAPES)
def test_the_group_comes_first(name: str) -> None:
    """One row a group, or else all rows of a group together."""
    groups = datasets.load(name).iloc[:, 0]
    assert groups.is_unique or groups.is_monotonic_increasing


def test_load_gives_a_fresh_copy() -> None:
    first = datasets.load("eight_schools")
    first.loc[0, "effect"] = 99
    first.attrs["columns"]["effect"] = "changed"
    second = datasets.load("eight_schools")
    assert second.loc[0, "effect"] == 28
    assert second.attrs["columns"]["effect"] != "changed"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("eight_school", "eight_schools"),
        ("Rat_Tumors", "rat_tumors"),
        ("baseball1970", "baseball_1970"),
    ],
)
@pytest.mark.parametrize("function", [datasets.load, datasets.describe])
def test_unknown_name_gets_the_nearest_and_all(function, wrong: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"no data set '{wrong}'. Did you mean '{meant}'") as error:
        function(wrong)
    assert all(name in str(error.value) for name in SHAPES)


@pytest.mark.parametrize("wrong", ["zzzzzz", "../errors", ""])
def test_unknown_name_like_no_other(wrong: str) -> None:
    with pytest.raises(DataError, match="The data sets are") as error:
        datasets.load(wrong)
    assert "Did you mean" not in str(error.value)


def test_baseball_1970_is_the_published_table() -> None:
    frame = datasets.load("baseball_1970")
    assert (frame["at_bats"] == 45).all()
    hits = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]
    assert frame["hits"].to_list() == hits
    # Efron and Morris (1977), in their order
    published = [
        *(0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269),
        *(0.230, 0.264, 0.256, 0.303, 0.264, 0.226, 0.285, 0.316, 0.200),
    ]
    assert frame["remaining_average"].to_list() == published
    assert frame["player"].to_list()[9:15] == [
        *("Swoboda", "Unser", "Williams", "Scott", "Petrocelli", "E. Rodriguez")
    ]
    average = frame["remaining_hits"] / frame["remaining_at_bats"]
    differ = (average - frame["remaining_average"]).abs() > 0.0005 + 1e-12
    assert frame["player"][differ].to_list() == ["Kessinger"]
    assert frame["remaining_at_bats"].sum() == 6970 - 591 + 270
    assert frame["remaining_hits"].sum() == 1952 - 195 + 69


def test_the_two_baseball_tables_differ_in_williams_alone() -> None:
    ours = datasets.load("baseball_1970").assign(
        player=lambda frame: frame["player"].str.split().str[-1]
    )
    stan = datasets.load("baseball_1970_stan").replace({"player": {"Swaboda": "Swoboda"}})
    assert stan["player"].to_list()[10:15] == [
        *("Petrocelli", "Rodriguez", "Scott", "Unser", "Williams")
    ]
    assert (stan["remaining_at_bats"].sum(), stan["remaining_hits"].sum()) == (6970, 1952)
    both = ours.merge(stan, on="player", suffixes=("", "_stan"))
    assert len(both) == 18
    same = pd.Series(True, index=both.index)
    for column in ("at_bats", "hits", "remaining_at_bats", "remaining_hits"):
        same &= both[column] == both[f"{column}_stan"]
    assert both["player"][~same].to_list() == ["Williams"]
    williams = both[~same].iloc[0]
    assert (williams["remaining_hits"], williams["remaining_at_bats"]) == (69, 270)
    assert (williams["remaining_hits_stan"], williams["remaining_at_bats_stan"]) == (195, 591)
    assert "Walt Williams" in " ".join(datasets.describe("baseball_1970_stan").notes)


def test_baseball_2006_totals() -> None:
    frame = datasets.load("baseball_2006")
    assert (frame["hits"].sum(), frame["at_bats"].sum()) == (21285, 77243)
    assert (frame["hits"] <= frame["at_bats"]).all()
    assert frame["player"].to_list() == list(range(1, 309))
    assert tuple(frame.loc[0, ["hits", "at_bats"]]) == (161, 558)
    assert tuple(frame.loc[307, ["hits", "at_bats"]]) == (46, 197)
    pairs = set(zip(frame["hits"], frame["at_bats"], strict=True))
    assert {(17, 81), (59, 226), (10, 41)} <= pairs  # Matt Stairs, once per club


def test_rat_tumors_as_in_table_5_1() -> None:
    frame = datasets.load("rat_tumors")
    assert (frame["tumors"].sum(), frame["rats"].sum()) == (267, 1739)
    assert (frame["tumors"] == 0).sum() == 14
    assert tuple(frame.iloc[70]) == (71, 14, 4)
    assert tuple(frame.iloc[35]) == (36, 27, 3)
    rate = (frame["tumors"] / frame["rats"])[:70].to_numpy()
    falls = np.flatnonzero(np.diff(rate) < 0)
    assert falls.tolist() == [67]  # sorted by rate, but for 15/46 before 15/47


def test_surgical_mortality_as_in_bugs() -> None:
    frame = datasets.load("surgical_mortality")
    assert "".join(frame["hospital"]) == "ABCDEFGHIJKL"
    assert (frame["deaths"].sum(), frame["operations"].sum()) == (208, 2814)
    extremes = frame.set_index("hospital").loc[["A", "D", "H"]].to_numpy().tolist()
    assert extremes == [[47, 0], [810, 46], [215, 31]]


def test_eight_schools_rounded_and_not() -> None:
    frame = datasets.load("eight_schools")
    assert "".join(frame["school"]) == "ABCDEFGH"
    assert frame["effect"].to_list() == [28, 8, -3, 7, -1, 1, 18, 12]
    assert frame["standard_error"].to_list() == [15, 10, 16, 11, 9, 11, 10, 18]
    for column in ("effect", "standard_error"):
        assert frame[f"rubin_{column}"].round().to_list() == frame[column].to_list()
    assert frame["rubin_effect"].sum() == pytest.approx(70.56)


def test_radon_counts_and_codes() -> None:
    frame = datasets.load("radon")
    county = frame["county"]
    assert (len(frame), county.nunique()) == (919, 85)
    codes, names = pd.factorize(county, sort=True)
    assert names[75 - 1] == "TODD"  # county 75 of Wiecki's, who numbers them by appearance
    assert (codes == pd.factorize(county)[0]).all()
    sizes = county.value_counts()
    assert (sizes.min(), sizes.max(), sizes.index[0]) == (1, 116, "ST LOUIS")
    assert (frame.groupby("county")["log_uranium"].nunique() == 1).all()
    assert frame["floor"].isin([0, 1]).all()
    assert frame["floor"].sum() == 153


def test_radon_has_both_responses() -> None:
    frame = datasets.load("radon")
    activity = frame["activity"]
    zero = activity == 0
    assert frame["county"][zero].to_list() == ["CARVER", "COTTONWOOD", "MCLEOD"]
    assert frame["county"][activity == 0.1].to_list() == ["FARIBAULT"]
    gelman_hill, wiecki = frame["log_radon"], frame["log_activity_plus_tenth"]
    np.testing.assert_allclose(gelman_hill, np.log(activity.where(~zero, 0.1)), atol=5e-7)
    np.testing.assert_allclose(wiecki, np.log(activity + 0.1), atol=5e-7)
    # Rows of the copy in PyMC's repository, as printed there
    assert wiecki[[0, 2, 106, 238, 255]].to_list() == [
        *(0.832909, 1.098612, -2.302585, -1.609438, 3.775057)
    ]


def least_squares(columns: list[np.ndarray], y: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients and residual standard deviation."""
    x = np.column_stack(columns)
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    return b, float(np.sqrt(np.sum((y - x @ b) ** 2) / (x.shape[0] - x.shape[1])))


def test_radon_gives_gelman_and_hills_regressions() -> None:
    frame = datasets.load("radon")
    floor, y = frame["floor"].to_numpy(), frame["log_radon"].to_numpy()
    b, sd = least_squares([np.ones(919), floor], y)
    assert [round(float(value), 3) for value in (*b, sd)] == [1.327, -0.613, 0.823]
    counties = pd.get_dummies(frame["county"]).to_numpy(dtype=float)
    b, sd = least_squares([floor, counties], y)
    assert [round(float(value), 3) for value in (b[0], sd)] == [-0.721, 0.756]


def test_bangladesh_counts() -> None:
    frame = datasets.load("bangladesh")
    assert frame["woman"].to_list() == list(range(1, 1935))
    women = frame["district"].value_counts()
    assert sorted(women.index) == [code for code in range(1, 62) if code != 54]
    assert women[[1, 2, 3]].to_list() == [117, 20, 2]
    used = frame.groupby("district")["use_contraception"].sum()
    assert used[[1, 2, 3]].to_list() == [30, 7, 2]
    assert frame["use_contraception"].sum() == 759
    assert frame["use_contraception"].mean() == pytest.approx(0.3925, abs=0.00005)
    assert (frame["urban"].sum(), set(frame["urban"])) == (562, {0, 1})
    children = frame["living_children"].value_counts().sort_index()
    assert children.to_dict() == {0: 530, 1: 356, 2: 305, 3: 743}
    assert abs(frame["age_centered"].mean()) < 0.005
    assert len((frame["age_centered"] + 13.56).round(2).unique()) == 34  # whole years


def test_sleepstudy_gives_the_published_fit() -> None:
    """Of balanced data, REML estimates follow from the least-squares lines of the subjects."""
    frame = datasets.load("sleepstudy")
    assert (frame.groupby("subject")["days"].agg(list).map(tuple) == tuple(range(10))).all()
    assert frame["subject"].nunique() == 18
    assert frame["reaction"][:2].to_list() == [249.56, 258.7047]
    x = np.column_stack([np.ones(10), np.arange(10)])
    y = frame["reaction"].to_numpy().reshape(18, 10)
    lines = np.linalg.lstsq(x, y.T, rcond=None)[0].T
    assert lines.mean(axis=0).round(3).tolist() == [251.405, 10.467]
    residual = ((y - lines @ x.T) ** 2).sum() / (18 * 8)
    between = np.cov(lines.T) - residual * np.linalg.inv(x.T @ x)
    sds = np.sqrt(np.diag(between))
    assert [*sds.round(2), round(float(np.sqrt(residual)), 2)] == [24.74, 5.92, 25.59]
    assert round(float(between[0, 1] / sds.prod()), 2) == 0.07


def test_pastes_gives_the_published_fit() -> None:
    """Of a balanced nested design, REML estimates are those of the analysis of variance."""
    frame = datasets.load("pastes")
    assert (frame.groupby(["batch", "cask"]).size() == 2).all()
    y = frame["strength"].to_numpy().reshape(10, 3, 2)
    assert frame["batch"].to_list() == np.repeat(list("ABCDEFGHIJ"), 6).tolist()
    assert frame["cask"].to_list() == np.tile(np.repeat(list("abc"), 2), 10).tolist()
    cask = y.mean(axis=2)
    batch = cask.mean(axis=1)
    residual = ((y - cask[:, :, None]) ** 2).sum() / 30
    within = 2 * ((cask - batch[:, None]) ** 2).sum() / 20
    between = 6 * batch.var(ddof=1)
    sds = np.sqrt([(within - residual) / 2, (between - within) / 6, residual])
    assert sds.round(3).tolist() == [2.904, 1.287, 0.823]
    assert round(float(y.mean()), 3) == 60.053


def test_penicillin_gives_the_published_fit() -> None:
    """Of a balanced table, REML estimates are those of the analysis of variance."""
    frame = datasets.load("penicillin")
    table = frame.pivot(index="plate", columns="sample", values="diameter").to_numpy(dtype=float)
    assert table.shape == (24, 6)
    assert not np.isnan(table).any()
    plate, sample = table.mean(axis=1), table.mean(axis=0)
    residual = table - plate[:, None] - sample + table.mean()
    variance = (residual**2).sum() / (23 * 5)
    sds = [plate.var(ddof=1) - variance / 6, sample.var(ddof=1) - variance / 24, variance]
    assert np.sqrt(sds).round(2).tolist() == [0.85, 1.93, 0.55]
    assert round(float(table.mean()), 2) == 22.97


def test_grouse_ticks_counts() -> None:
    frame = datasets.load("grouse_ticks")
    assert frame["chick"].to_list() == list(range(1, 404))
    assert (frame["brood"].nunique(), frame["location"].nunique()) == (118, 63)
    of_brood = frame.groupby("brood")[["location", "year", "height"]].nunique()
    assert (of_brood == 1).all(axis=None)
    assert sorted(frame["year"].unique()) == [1995, 1996, 1997]
    assert (frame["ticks"].sum(), frame["ticks"].max(), frame["ticks"].min()) == (2567, 85, 0)
    assert frame["height"].mean() == pytest.approx(462.24, abs=0.005)


def test_pandas_is_loaded_only_when_data_are() -> None:
    code = "import sys, partialpool.datasets; sys.exit('pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
