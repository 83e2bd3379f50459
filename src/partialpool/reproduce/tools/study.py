"""A reproduced case study: tables, comparison with published numbers, fits and figures."""

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
    """Options of the sampler for all fits of a study.

    Attributes
    ----------
    engine : {"auto", "cmdstan", "stanli"}
    seed : int
        Seed of every fit.
    chains : int
        Number of chains of every fit.
    draws : int
        Draws per chain after warmup; the number of warmup iterations is the default of
        `StanProgram.sample`.
    progress : bool
        Whether to show progress bars.
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
        """Sample a program with these settings, except where `options` has other values.

        Parameters
        ----------
        name : str
            Name of the fit, for `report`.
        program : StanProgram
        data : mapping of str to values
        **options
            Options of `StanProgram.sample`, such as coords, dims and adapt_delta.
        """
        defaults: dict[str, Any] = {
            "engine": self.engine,
            "seed": self.seed,
            "chains": self.chains,
            "draws": self.draws,
            "progress": self.progress,
            "verbose": False,
        }
        fit = program.sample(data, **(defaults | options))
        if self.report is not None:
            self.report(name, fit)
        return fit


@dataclass(frozen=True)
class Table:
    """A table with a heading.

    Attributes
    ----------
    heading : str
    frame : DataFrame
        The table, whose index has a name.
    decimals : int
        Number of decimals to print.
    """

    heading: str
    frame: pd.DataFrame
    decimals: int = 3


@dataclass(frozen=True)
class Study:
    """The results of a case study.

    Attributes
    ----------
    name : str
        Name of the study.
    tables : mapping of file name (without suffix) to Table
    comparison : DataFrame
        Published numbers beside ours; see `published.compare`.
    fits : mapping of str to Fit
        Fits by name.
    figures : mapping of file name (without suffix) to function
        Each function draws the figure on new axes and returns them.
    """

    name: str
    tables: Mapping[str, Table]
    comparison: pd.DataFrame
    fits: Mapping[str, Fit]
    figures: Mapping[str, Callable[[], Axes]] = field(repr=False)


def save(study: Study, folder: Path) -> tuple[Path, ...]:
    """Write tables and comparison as CSV files, fits as NetCDF, figures as PNG.

    Parameters
    ----------
    study : Study
    folder : Path
        Folder for the files; it is made if it does not exist.

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
        written.append(_save_figure(draw, folder / f"{name}.png"))
    return tuple(written)


def _save_figure(draw: Callable[[], Axes], path: Path) -> Path:
    """Draw a figure, save it and close it; return its path."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"figure.max_open_warning": 0}):
        figure: Any = draw().figure
        try:
            figure.savefig(path, dpi=150)
        finally:
            plt.close(figure)
    return path
