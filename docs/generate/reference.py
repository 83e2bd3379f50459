"""The API reference: a page per subject, made from the names that the package offers.

Objects are called by their public names, `partialpool.Model` or `partialpool.plots.forest`,
wherever in the package they are defined.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import partialpool as pp

FOLDER = "reference"

PAGES = {
    "models": (
        "Models of formulas and their fits",
        ["Model", "fit", "ModelFit", "pooling_ladder", "compare", "load", "prior_from"],
    ),
    "stan_programs": (
        "Stan programs and their fits",
        ["StanProgram", "Fit", "cmdstan_path", "install_cmdstan"],
    ),
    "priors": (
        "Priors",
        [
            *("Normal", "StudentT", "Cauchy", "Flat", "HalfNormal", "HalfStudentT", "HalfCauchy"),
            *("Exponential", "Gamma", "LKJ"),
        ],
    ),
    "errors": (
        "Errors and warnings",
        [
            *("PartialPoolError", "AccuracyError", "DataError", "EngineError", "FormulaError"),
            *("KeptDrawsError", "OptionError", "ProgramError", "SamplingError", "DataWarning"),
        ],
    ),
}
"""Pages of names that `partialpool` itself offers: title, and names in order."""

OTHERS = "Other names"


def write(folder: Path) -> None:
    """Write all pages of the reference into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Every page of the reference: text by file name."""
    modules = {
        name: value for name in pp.__all__ if isinstance(value := getattr(pp, name), ModuleType)
    }
    listed = {name for _, names in PAGES.values() for name in names}
    others = [name for name in pp.__all__ if name not in listed and name not in modules]
    subjects = {**PAGES, "others": (OTHERS, others)}
    written = {f"{page}.rst": _page(title, names) for page, (title, names) in subjects.items()}
    written |= {f"{name}.rst": _module_page(name, module) for name, module in modules.items()}
    return {"index.rst": _index(subjects, modules), **written}


def public_names(module: ModuleType) -> list[str]:
    """Names that a public module offers: its `__all__`, else what it defines without underscore."""
    named = getattr(module, "__all__", None)
    return (
        list(named)
        if named is not None
        else [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]
    )


def _index(subjects: dict[str, tuple[str, list[str]]], modules: dict[str, ModuleType]) -> str:
    toctree = "\n".join(f"   {page}" for page in [*subjects, *modules, "command_line"])
    tables = [_table(title, "partialpool", names) for title, names in subjects.values()]
    tables += [
        _table(f"partialpool.{name}", f"partialpool.{name}", public_names(module))
        for name, module in modules.items()
    ]
    return "\n\n".join([_heading("API reference", "="), INTRODUCTION, toctree, *tables, ""])


INTRODUCTION = """.. py:currentmodule:: partialpool

Everything that is public, by the name that you type after ``import partialpool as pp``:
``pp.Model`` is :class:`partialpool.Model`. Names that are not on these pages may change.

.. toctree::
   :hidden:
"""


def _table(title: str, module: str, names: Iterable[str]) -> str:
    rows = [
        f"   * - {_link(f'{module}.{name}')}\n     - {_summary(_get(module, name))}"
        for name in names
    ]
    head = ".. list-table::\n   :widths: 35 65\n   :class: names\n\n"
    return _heading(title, "-") + "\n\n" + head + "\n".join(rows)


def _page(title: str, names: Iterable[str]) -> str:
    entries = [_entry("partialpool", name) for name in names]
    return "\n\n".join([_heading(title, "="), *entries, ""])


def _module_page(name: str, module: ModuleType) -> str:
    entries = [_entry(f"partialpool.{name}", member) for member in public_names(module)]
    introduction, heading, sources = (inspect.getdoc(module) or "").partition("References\n")
    # numbered references become a numbered list: none of them is a footnote of the page
    sources = re.sub(r"^\.\. \[\d+\] ", "#. ", sources, flags=re.MULTILINE)
    current = f".. py:currentmodule:: partialpool.{name}"
    title = _heading(f"partialpool.{name}", "=")
    return "\n\n".join([title, current, introduction, *entries, heading + sources, ""])


def _entry(module: str, name: str) -> str:
    value, path = _get(module, name), f"partialpool.{name}"
    if module != "partialpool" and name in pp.__all__ and getattr(pp, name) is value:
        return f".. py:currentmodule:: {module}\n\n``{module}.{name}`` is {_link(path)}."
    path = f"{module}.{name}"
    if inspect.isclass(value):
        options = "   :members:\n   :inherited-members: Exception, tuple, object\n"
        return f".. autoclass:: {path}\n{options}"
    if callable(value):
        return f".. autofunction:: {path}"
    shown = repr(value)
    shown = f"   :value: {shown}\n" if isinstance(value, str | tuple) and "<" not in shown else ""
    keys = ", ".join(f"``{key!r}``" for key in value) if isinstance(value, dict) else ""
    body = f"\n   Its keys: {keys}.\n" if keys else ""
    return f".. py:data:: {path}\n{shown}{body}"


def _get(module: str, name: str) -> object:
    home = pp if module == "partialpool" else getattr(pp, module.removeprefix("partialpool."))
    return getattr(home, name)


def _link(path: str) -> str:
    module, name = path.rsplit(".", 1)
    value = _get(module, name)
    if isinstance(value, ModuleType):
        return f":doc:`{name}`"
    shared = module != "partialpool" and name in pp.__all__ and getattr(pp, name) is value
    return f":py:obj:`{name} <{f'partialpool.{name}' if shared else path}>`"


def _summary(value: object) -> str:
    if not (callable(value) or isinstance(value, ModuleType)):
        return ""
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"
