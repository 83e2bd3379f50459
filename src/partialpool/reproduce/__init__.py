"""The published examples: each one function from nothing but settings to a `Study`.

>>> import partialpool as pp
>>> study = pp.reproduce.run("radon", engine="stanli")                  # doctest: +SKIP
>>> study.comparison                                                    # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ..errors import OptionError
from .published import Number, compare
from .study import Settings, Study, Table, save

STUDIES = {
    "baseball": "Efron and Morris's eighteen batting averages, and Carpenter's models",
    "bangladesh": "Contraception in Bangladesh: three districts that fail, sixty that do not",
}
"""Names of the studies, which are modules here with a function of the same name."""

__all__ = ["STUDIES", "Number", "Settings", "Study", "Table", "compare", "run", "save"]


def run(name: str, **settings: Any) -> Study:
    """Reproduce a study.

    Parameters
    ----------
    name : str
        One of `STUDIES`.
    **settings
        Of `Settings`: engine, seed, chains, draws, progress, report.

    Returns
    -------
    Study

    Raises
    ------
    OptionError
        If there is no such study.
    """
    if name not in STUDIES:
        raise OptionError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    module = importlib.import_module(f".{name}", __name__)
    reproduce: Callable[[Settings], Study] = getattr(module, name)
    return reproduce(Settings(**settings))
