"""The catalogue of Stan programs.

>>> import partialpool as pp
>>> pp.programs.list()                                             # doctest: +SKIP
>>> program = pp.programs.get("binomial/partial_pooling_logit_noncentered")
>>> program.data["successes"]                                      # doctest: +SKIP
>>> fit = program.sample(program.example_data(), seed=1)           # doctest: +SKIP

The programs stand in `stan/` at the top of the repository; wheels carry the same folder as
`partialpool/stan`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ProgramError, nearest
from .sampling.program import StanProgram

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StanProgram", "catalogue_root", "get", "list", "names", "resolve"]


@functools.cache
def catalogue_root() -> Path:
    """Return the folder of the Stan programs: the packaged one first, else the checkout's.

    Raises
    ------
    ProgramError
        If neither is there, which means that the installation is damaged.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "stan", package.parents[1] / "stan"):
        if (root / "binomial").is_dir():
            return root
    raise ProgramError(
        "the Stan programs are missing from this installation of partialpool: "
        "install it again with `pip install --force-reinstall partialpool`"
    )


def names() -> tuple[str, ...]:
    """Names of the catalogue's programs, sorted."""
    root = catalogue_root()
    return tuple(
        sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.glob("*/*.stan"))
    )


def list() -> pd.DataFrame:
    """List the catalogue: a table of name, data and parameters of every program."""
    import pandas as pd

    programs = [get(name) for name in names()]
    return pd.DataFrame(
        {
            "data": [", ".join(program.data) for program in programs],
            "parameters": [", ".join(program.parameters) for program in programs],
        },
        index=pd.Index([program.name for program in programs], name="program"),
    )


def get(name: str) -> StanProgram:
    """Look up a program of the catalogue.

    Raises
    ------
    ProgramError
        If there is none of that name; the message has the nearest ones.
    """
    known = names()
    if name not in known:
        near = nearest(name, known, cutoff=0.4)
        hint = f" Did you mean {near!r}?" if near else ""
        raise ProgramError(
            f"there is no program {name!r} in the catalogue.{hint} `partialpool programs` "
            "(pp.programs.list()) lists them all; a file of your own ends in .stan "
            "(pp.StanProgram.from_file)"
        )
    path = catalogue_root() / f"{name}.stan"
    return StanProgram(name, path, path.read_text(encoding="utf-8"))


def resolve(name_or_path: str | Path) -> StanProgram:
    """Take a name of the catalogue or the path of a `.stan` file."""
    if str(name_or_path).endswith(".stan"):
        return StanProgram.from_file(name_or_path)
    return get(str(name_or_path))
