"""The benchmark's tables: medians, what counts as converged, ratios, rows that are kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peers
    import peers.cells
    import peers.results
    import peers.summary
    import peers.table
    import peers.tasks

    yield peers
    for name in [name for name in sys.modules if name.partition(".")[0] == "peers"]:
        del sys.modules[name]


COLUMNS = ("task", "peer", "seed", "status", "reason", "ess", "r_hat", "quantities",
           "least_ess_of", "sampling", "total", "first", "compile", "peak_mb", "frame_mb",
           "versions", "machine", "date", "estimates")  # fmt: skip


def line(peer: str, seed: int, **given: object) -> str:
    values = {"task": "radon", "peer": peer, "seed": seed, "status": "ok", **given}
    values["estimates"] = json.dumps({"floor": [given.get("mean", -0.7), 0.1]})
    quoted = str(values["estimates"]).replace('"', '""')
    values["estimates"] = f'"{quoted}"'
    return ",".join(str(values.get(name, "")) for name in COLUMNS)


@pytest.fixture
def small(peers: ModuleType, tmp_path: Path) -> list[object]:
    file = tmp_path / "peers.csv"
    lines = [
        ",".join(COLUMNS),
        line("partialpool-stanli", 1, ess=2000, r_hat=1.001, sampling=0.5, total=1.0),
        line("partialpool-stanli", 2, ess=3000, r_hat=1.002, sampling=0.5, total=1.0),
        line("partialpool-stanli", 3, ess=9000, r_hat=1.001, sampling=0.5, total=1.0),
        line("brms", 1, ess=600, r_hat=1.002, sampling=10, total=12, mean=-0.75),
        line("brms", 2, ess=800, r_hat=1.004, sampling=10, total=12, mean=-0.75),
        # the quickest of all, but it has not converged: it must not count
        line("brms", 3, ess=90000, r_hat=1.011, sampling=1, total=1, mean=-0.75),
        line("bambi-pymc", 1, ess=500, r_hat=1.003, sampling=1, total=8),
        line("stan-centered-stanli", 1, ess=80000, r_hat=1.2, sampling=2, total=2),
        line("stan-noncentered-stanli", 1, status="stopped", reason="stopped at 300 s"),
        line("lme4", 1, total=0.05),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows: list[object] = peers.results.read(file)
    return rows


def test_cells_are_medians_of_the_seeds_that_converged(
    peers: ModuleType, small: list[object]
) -> None:
    cells = peers.summary.summarise(small)
    ours, brms = cells["radon", "partialpool-stanli"], cells["radon", "brms"]
    assert (ours.ess, ours.per_second, ours.per_total) == (3000, 6000, 3000)
    assert (brms.verdict, brms.converged, brms.runs) == ("ok", 2, 3)
    assert (brms.ess, brms.per_second) == (700, 70)
    assert brms.r_hat == 1.011  # of all that were run
    assert brms.off_by == pytest.approx(0.5)


def test_what_did_not_converge_or_was_stopped_has_no_ess(
    peers: ModuleType, small: list[object]
) -> None:
    cells = peers.summary.summarise(small)
    assert cells["radon", "stan-centered-stanli"].verdict == "did not converge"
    assert cells["radon", "stan-noncentered-stanli"].verdict == "stopped at 300 s"
    assert cells["radon", "lme4"].verdict == "ok"
    assert not any(
        cells["radon", peer].counts
        for peer in ("stan-centered-stanli", "stan-noncentered-stanli", "lme4")
    )


def test_ratios_are_to_the_fastest_that_converged(peers: ModuleType, small: list[object]) -> None:
    ratio = peers.summary.ratios(peers.summary.summarise(small).values(), "radon")
    assert ratio.fastest == "bambi-pymc"  # 500 a second
    assert ratio.per_second == pytest.approx(6000 / 500)
    assert ratio.per_total == pytest.approx(3000 / 62.5)
    assert ratio.total == pytest.approx(8.0)


def test_a_ratio_without_peers_is_none(peers: ModuleType, small: list[object]) -> None:
    mine = [row for row in small if row.peer.startswith("partialpool")]  # type: ignore[attr-defined]
    ratio = peers.summary.ratios(peers.summary.summarise(mine).values(), "radon")
    assert (ratio.per_second, ratio.total, ratio.fastest) == (None, None, "")


def test_the_tables_say_so(peers: ModuleType, small: list[object]) -> None:
    overview, report = peers.table.overview(small), peers.table.report(small)
    row = next(each for each in overview.splitlines() if each.startswith("| radon"))
    assert "6,000/s, 1 s" in row
    assert "did not converge (R-hat 1.20), 2 s" in row
    assert "500/s, 8 s" in row
    assert row.endswith("| 12 | 8.0 |")
    assert "2 of 3 seeds converged" in report
    assert "stopped at 300 s" in report
    assert "80,000" not in report  # an ESS that does not count


def test_a_row_is_kept_once_and_read_back(peers: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "peers.csv"
    first = peers.results.Row(task="radon", peer="brms", seed=1, status="ok", ess=1.5, total=0.25)
    other = peers.results.Row(task="radon", peer="brms", seed=2, status="failed", reason="a, b")
    again = peers.results.Row(task="radon", peer="brms", seed=1, status="ok", ess=2.5)
    for row in (first, other, again):
        peers.results.write(file, row)
    assert peers.results.read(file) == [again, other]


def test_the_table_goes_between_the_markers(peers: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    put, begin, end = peers.table.put_between_markers, peers.table.BEGIN, peers.table.END
    file.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    put(file, "| new |")
    assert file.read_text() == f"before\n{begin}\n| new |\n{end}\nafter\n"
    file.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="one line"):
        put(file, "| new |")


def test_the_readme_has_the_markers(peers: ModuleType) -> None:
    text = (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")
    assert text.index(peers.table.BEGIN) < text.index(peers.table.END)


def test_every_cell_left_out_has_a_reason_and_could_be_run(peers: ModuleType) -> None:
    for (peer, task), reason in peers.cells.LEFT_OUT.items():
        assert peer in peers.cells.PEERS
        assert task in peers.tasks.TASKS
        assert len(reason) > 10
    todo = peers.cells.cells([*peers.cells.PEERS], [*peers.tasks.TASKS])
    assert len(todo) == len(set(todo))
    assert not {(peer, task) for task, peer, _ in todo} & set(peers.cells.LEFT_OUT)


def test_simulated_data_are_the_same_everywhere(peers: ModuleType) -> None:
    frame = peers.tasks.simulated_gaussian(1000, 10)
    assert frame.shape == (1000, 3)
    assert frame.groupby("g").size().tolist() == [100] * 10
    assert frame.equals(peers.tasks.simulated_gaussian(1000, 10))
    assert set(peers.tasks.simulated_bernoulli(1000, 10)["y"]) == {0, 1}
