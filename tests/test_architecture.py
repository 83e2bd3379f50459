"""The folders of src/partialpool are floors: none imports from a later one, no file is in a circle.

Imports under TYPE_CHECKING and inside functions count like all others.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import partialpool

PACKAGE = Path(partialpool.__file__).parent

FLOORS = (
    "errors", "arrays", "options",
    "source", "toolchain", "engines", "diagnostics", "summaries",
    "sampling", "programs",
    "formula", "data", "storage", "columns", "design", "naming", "family", "priors",
    "reduction", "pilot", "stan_data", "regression", "posterior", "model",
    "estimators", "datasets", "plots", "transfer", "reproduce", "command",
)  # fmt: skip
"""Folders and single modules, each of which imports from itself and from those before it."""

DOORS = ("", "__main__")
"""The package itself, which imports public names when they are first used, and `python -m`."""


def modules(package: Path) -> dict[str, Path]:
    """Every module by its dotted name below the package; the package itself is ""."""
    names = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imports(package: Path) -> dict[str, set[str]]:
    """Modules of the package that each module imports."""
    known = modules(package)
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        parts = name.split(".") if name else []
        folder = parts if path.name == "__init__.py" else parts[:-1]
        graph[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for target in targets(node, folder, package.name):
                while target and target not in known:
                    target = target.rpartition(".")[0]
                if target and target != name:
                    graph[name].add(target)
    return graph


def targets(node: ast.AST, folder: list[str], package: str) -> list[str]:
    """Dotted names below the package that an import statement may mean."""
    if isinstance(node, ast.Import):
        whole = [alias.name.split(".") for alias in node.names]
        return [".".join(parts[1:]) for parts in whole if parts[0] == package]
    if not isinstance(node, ast.ImportFrom):
        return []
    stated = node.module.split(".") if node.module else []
    if node.level:
        base = folder[: len(folder) - node.level + 1] + stated
    elif stated[:1] == [package]:
        base = stated[1:]
    else:
        return []
    return [".".join([*base, alias.name]) for alias in node.names]


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """Name the modules of one circle, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def climbing(graph: Mapping[str, set[str]]) -> list[str]:
    """Imports of a floor from a later one."""
    height = {floor: place for place, floor in enumerate(FLOORS)}
    return [
        f"{name} imports {target}"
        for name, others in graph.items()
        for target in sorted(others)
        if name not in DOORS and height[target.split(".")[0]] > height[name.split(".")[0]]
    ]


def test_every_folder_has_its_floor() -> None:
    rooms = {name.split(".")[0] for name in modules(PACKAGE)} - set(DOORS)
    assert rooms == set(FLOORS)


def test_no_floor_imports_from_a_later_one() -> None:
    assert climbing(imports(PACKAGE)) == []


def test_no_modules_import_each_other() -> None:
    assert circles(imports(PACKAGE)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from ..model import load",
        "from ..model.load import load",
        "from partialpool.model.load import load",
        "import partialpool.model.load",
        "if TYPE_CHECKING:\n    from ..model.load import load",
        "def late():\n    from ..model.load import load",
    ],
)
def test_an_import_that_climbs_is_caught(statement: str, tmp_path: Path) -> None:
    package = tmp_path / "partialpool"
    for folder in ("design", "model"):
        (package / folder).mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "load.py").write_text("from ..design import design\n")
    (package / "design" / "design.py").touch()
    assert climbing(imports(package)) == [] == circles(imports(package))
    (package / "design" / "design.py").write_text(statement)
    graph = imports(package)
    assert [line.split()[0] for line in climbing(graph)] == ["design.design"]
    expected = {"design.design", "model.load"} if "load" in str(graph["design.design"]) else set()
    assert set(circles(graph)) == expected
