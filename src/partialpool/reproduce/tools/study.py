"""A case study, reproduced: its tables, its comparison with what was published, its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...sampling.fit import Fit
from ...sampling.program import StanProgram

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the programs of a study are run.

    Attributes
    ----------
    engine : str
    seed : int
        Of every fit.
    chains, draws : int
        Draws are per chain, after as many iterations of warmup as `StanProgram.sample` makes.
    progress : bool
    report : function of (name of the fit, Fit), optional
        Called after each fit.
    """

    engine: str = "auto"
    seed: int = 1
    chains: int = 4
    draws: int = 1000
    progress: bool = False
    report: Callable[[str, Fit], None] | None = None

    def sample(
        self, name: str, program: StanProgram, data: Mapping[str, Any], **options: Any
    ) -> Fit:
        """Sample a program; `options` (coords, dims, adapt_delta, ...) win over the settings."""
        given: dict[str, Any] = {
            "engine": self.engine,
            "seed": self.seed,
            "chains": self.chains,
            "draws": self.draws,
            "progress": self.progress,
            "verbose": False,
        }
        fit = program.sample(data, **(given | options))
        if self.report is not None:
            self.report(name, fit)
        return fit


@dataclass(frozen=True)
class Table:
    """A table and what stands above it.

    Attributes
    ----------
    heading : str
    frame : DataFrame
        With a named index.
    decimals : int
        To print.
    """

    heading: str
    frame: pd.DataFrame
    decimals: int = 3


@dataclass(frozen=True)
class Study:
    """What a case study gives.

    Attributes
    ----------
    name : str
    tables : mapping of file name (without suffix) to Table
    comparison : DataFrame
        Published numbers beside ours; see `published.compare`.
    fits : mapping of str to Fit
    figures : mapping of file name (without suffix) to a function that draws it on new axes
    """

    name: str
    tables: Mapping[str, Table]
    comparison: pd.DataFrame
    fits: Mapping[str, Fit]
    figures: Mapping[str, Callable[[], Axes]] = field(repr=False)


def save(study: Study, folder: Path) -> tuple[Path, ...]:
    """Write tables and comparison as CSV, fits as NetCDF, figures as PNG.

    Returns
    -------
    tuple of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    frames = {name: table.frame for name, table in study.tables.items()}
    for name, frame in {**frames, "published": study.comparison}.items():
        written.append(folder / f"{name}.csv")
        frame.to_csv(written[-1], float_format="%.6g")
    for name, fit in study.fits.items():
        written.append(fit.save(folder / f"{name}.nc"))
    for name, draw in study.figures.items():
        written.append(_picture(draw, folder / f"{name}.png"))
    return tuple(written)


def _picture(draw: Callable[[], Axes], path: Path) -> Path:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"figure.max_open_warning": 0}):
        figure: Any = draw().figure
        try:
            figure.savefig(path, dpi=150)
        finally:
            plt.close(figure)
    return path
