"""Which option of which CmdStanPy method is exercised by which test, read from the tests' source.

    python tests/toolchain/coverage.py > tests/toolchain/README.md

test_coverage.py checks that nothing is missing and that README.md is what this prints.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import cmdstanpy

HERE = Path(__file__).parent
METHODS = (
    *("sample", "optimize", "pathfinder", "laplace_sample", "variational"),
    *("generate_quantities", "log_prob", "diagnose"),
)
OTHERS = (
    *("CmdStanModel", "exe_info", "src_info", "format_stan_file", "from_csv", "save_csvfiles"),
    *("summary", "draws", "draws_pd", "stan_variable", "method_variables", "create_inits"),
    *("set_cmdstan_path", "cmdstan_path", "cmdstan_version"),
)
OLD_NAMES = {"output_samples", "save_latent_dynamics", "mcmc_sample"}
"""Deprecated spellings, which CmdStanPy passes on under the new ones."""


def options(method: str) -> list[str]:
    """Return what `CmdStanModel.method` takes."""
    parameters = inspect.signature(getattr(cmdstanpy.CmdStanModel, method)).parameters
    return [name for name in parameters if name != "self" and name not in OLD_NAMES]


def exercised() -> dict[tuple[str, str], list[str]]:
    """Return the tests of each (method, option); the option "" is the method itself."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        shared = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for test in tree.body:
            if isinstance(test, ast.FunctionDef) and (
                test.name.startswith("test_") or path.name == "conftest.py"
            ):
                for method, option in sorted(set(_uses(test, shared))):
                    found.setdefault((method, option), []).append(test.name)
    return found


def _uses(test: ast.FunctionDef, shared: dict[str, ast.Dict]) -> Iterator[tuple[str, str]]:
    """Methods called in a test, and options: keywords, and the keys of dicts given by **."""
    for node in ast.walk(test):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in (*METHODS, *OTHERS):
            continue
        yield name, ""
        named = {keyword.arg for keyword in node.keywords if keyword.arg}
        for keyword in node.keywords:
            if keyword.arg is None:
                named |= _keys(keyword.value, test, shared)
        if name in METHODS:
            named |= set(options(name)[: len(node.args)])
        yield from ((name, option) for option in named)


def _keys(expression: ast.expr, test: ast.FunctionDef, shared: dict[str, ast.Dict]) -> set[str]:
    dicts = [node for node in ast.walk(expression) if isinstance(node, ast.Dict)]
    for name in (node.id for node in ast.walk(expression) if isinstance(node, ast.Name)):
        if name in shared:
            dicts.append(shared[name])
            continue
        for node in ast.walk(test):  # assigned in the test, or one of its parameters
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == name for target in node.targets
            ):
                dicts += [part for part in ast.walk(node.value) if isinstance(part, ast.Dict)]
                dicts += [
                    shared[part.id]
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Name) and part.id in shared
                ]
            elif isinstance(node, ast.FunctionDef):
                dicts += [
                    part
                    for decorator in node.decorator_list
                    for part in ast.walk(decorator)
                    if isinstance(part, ast.Dict)
                ]
    return {key.value for part in dicts for key in part.keys if isinstance(key, ast.Constant)}


def table() -> str:
    """Return the README of this folder."""
    found = exercised()
    lines = [
        "# CmdStanPy's public surface against our CmdStan",
        "",
        "Each method of CmdStanPy, each option it takes, and the tests that exercise it. Made by",
        "`python tests/toolchain/coverage.py`; `test_coverage.py` fails where a line has",
        "no test. The command line itself is tested in `test_command_line.py`, the installer in",
        "`../test_installer.py`.",
        "",
        "| method | option | tests |",
        "|---|---|---|",
    ]
    for method in METHODS:
        for option in options(method):
            tests = ", ".join(f"`{test}`" for test in found.get((method, option), [])[:3])
            lines.append(f"| `{method}` | `{option}` | {tests} |")
    for name in OTHERS:
        tests = ", ".join(f"`{test}`" for test in found.get((name, ""), [])[:3])
        lines.append(f"| `{name}` | | {tests} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
