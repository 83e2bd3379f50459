"""Published case studies, reproduced: tables, figures, and the published numbers beside ours.

Each study is a function that takes `Settings` and returns a `Study`.

>>> import partialpool as pp
>>> study = pp.reproduce.run("radon", engine="stanli")                  # doctest: +SKIP
>>> study.comparison                                                    # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import OptionError

if TYPE_CHECKING:
    from .tools.published import Number, compare
    from .tools.study import Settings, Study, Table, save

STUDIES = {
    "baseball": "Efron and Morris's eighteen batting averages, and Carpenter's models",
    "bangladesh": "Contraception in Bangladesh: three districts that fail, sixty that do not",
    "eight_schools": "Coaching in eight schools: centered, non-centered and marginal",
    "individual_slopes": "A slope per point and no noise: what that does to a sampler",
    "linear_regression": "A line and grouped means, simulated: from the model to predictions",
    "radon": "Gelman and Hill's poolings of radon in 85 counties, and Wiecki's funnel",
}
"""Title of each study by its name; the study is the function of that name in its module."""

__all__ = ["STUDIES", "Number", "Settings", "Study", "Table", "compare", "run", "save"]

_HOMES = {
    "Number": ".tools.published",
    "Settings": ".tools.study",
    "Study": ".tools.study",
    "Table": ".tools.study",
    "compare": ".tools.published",
    "save": ".tools.study",
}


def run(name: str, **settings: Any) -> Study:
    """Reproduce a study.

    Parameters
    ----------
    name : str
        One of `STUDIES`.
    **settings
        Attributes of `Settings`: engine, seed, chains, draws, progress, report.

    Returns
    -------
    Study

    Raises
    ------
    OptionError
        If there is no study of that name.
    """
    if name not in STUDIES:
        raise OptionError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    from .tools.study import Settings

    module = importlib.import_module(f".{name}", __name__)
    reproduce: Callable[[Settings], Study] = getattr(module, name)
    return reproduce(Settings(**settings))


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import` of `STUDIES` alone is fast."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
