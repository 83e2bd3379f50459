"""Declarations from stanc: names, scalar types and dimensions from its documented `--info`.

Sizes and constraints are not in `--info`; they come from the S-expression of `--debug-mir`, which
stanc calls a debugging aid. Both are asked for, and have to agree.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import EngineError, ProgramError
from . import sexp
from .expressions import Expr
from .mir import (
    COMPILERS_OWN,
    MirError,
    component,
    constrain,
    constrain_component,
    declare,
    resolve,
)
from .model import Block, Declaration, ProgramDeclarations
from .sexp import Sexp

_TIMEOUT = 120.0

_BLOCKS: dict[str, Block] = {
    "Parameters": "parameters",
    "TransformedParameters": "transformed parameters",
    "GeneratedQuantities": "generated quantities",
}

_INFO: dict[str, Block] = {
    "inputs": "data",
    "parameters": "parameters",
    "transformed parameters": "transformed parameters",
    "generated quantities": "generated quantities",
}


def from_stanc(code: str, stanc: Path, include_paths: Sequence[str] = ()) -> ProgramDeclarations:
    """Compile with stanc and read what is declared.

    Raises
    ------
    ProgramError
        If the program does not compile; the message is the compiler's.
    MirError
        If this version of stanc writes a form that is not known here.
    EngineError
        If stanc cannot be run.
    """
    info = json.loads(_run(code, stanc, include_paths, "--info"))
    program = read_program(sexp.read(_run(code, stanc, include_paths, "--debug-mir")))
    _compare(program, info)
    return ProgramDeclarations(program, tuple(info.get("included_files", ())))


def read_program(program: Sexp) -> tuple[Declaration, ...]:
    """Put together the declarations of a program in stanc's MIR.

    Raises
    ------
    MirError
        If it is not such a program.
    """
    match program:
        case [*pairs] if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            sections = {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list)}
        case _:
            raise MirError("not a program")
    data: dict[str, Declaration] = {}
    for entry in _section(sections, "input_vars"):
        match entry:
            case [str(name), *_, sized_type]:
                data[name] = declare(name, "data", sexp.sized_type(sized_type))
            case _:
                raise MirError("not a data variable")
    prepare_data = _section(sections, "prepare_data")
    for checked, transformation in _checks(prepare_data):
        name, path = component(checked)
        if name in data:
            data[name] = constrain_component(data[name], path, sexp.transform(transformation))
    own = dict(_compilers_variables(prepare_data))
    outputs = (_output(entry, own) for entry in _section(sections, "output_vars"))
    return (*data.values(), *outputs)


def _run(code: str, stanc: Path, include_paths: Sequence[str], option: str) -> str:
    command = [str(stanc), option, f"--output={os.devnull}"]  # else it leaves a C++ file here
    if include_paths and "#include" in code:
        if any("," in path for path in include_paths):
            raise ProgramError(
                f"stanc cannot look for #include files in {include_paths}: it takes folders "
                "separated by commas, and one of these has a comma in its name"
            )
        command.append(f"--include-paths={','.join(include_paths)}")
    try:
        done = subprocess.run(
            [*command, "-"], input=code.encode(), capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"cannot run the Stan compiler {stanc}: {error}") from error
    if done.returncode != 0:
        raise ProgramError(done.stderr.decode(errors="replace").strip() or f"{stanc} failed")
    return done.stdout.decode()


def _section(sections: Mapping[str, Sexp], name: str) -> list[Sexp]:
    section = sections.get(name)
    if not isinstance(section, list):
        raise MirError(f"no section {name}")
    return section


def _checks(section: Sexp) -> Iterable[tuple[str, Sexp]]:
    """Names and transformations of all checks in a section."""
    for node in sexp.walk(section):
        match node:
            case ["FnCheck", ["trans", transformation], ["var_name", str(checked)], *_]:
                yield checked, transformation


def _compilers_variables(section: Sexp) -> Iterable[tuple[str, Expr]]:
    """Names and values of the variables into which the compiler has put sizes."""
    for node in sexp.walk(section):
        match node:
            case ["Assignment", [["LVariable", str(name)], []], _, value]:
                if name.endswith(COMPILERS_OWN):
                    yield name, sexp.expression(value)


def _output(entry: Sexp, own: Mapping[str, Expr]) -> Declaration:
    match entry:
        case [str(name), *_, [*fields]]:
            found = {str(field[0]): field[1] for field in fields if isinstance(field, list)}
        case _:
            raise MirError("not an output variable")
    try:
        block = _BLOCKS[str(found["out_block"])]
        sized_type, transformation = found["out_constrained_st"], found["out_trans"]
    except KeyError as error:
        raise MirError(f"output variable {name} has no {error}") from None
    resolved = resolve(sexp.sized_type(sized_type), own)
    return constrain(declare(name, block, resolved), sexp.transform(transformation))


def _compare(declared: Iterable[Declaration], info: Mapping[str, Any]) -> None:
    """Compare with `--info`: the same names, scalar types and dimensions in every block."""
    ours: dict[str, dict[str, Any]] = {block: {} for block in _INFO.values()}
    for each in declared:
        ours[each.block][each.name] = _described(each)
    theirs = {block: dict(info.get(key, {})) for key, block in _INFO.items()}
    if ours != theirs:
        raise MirError(f"--debug-mir and --info differ: {ours} and {theirs}")


def _described(declaration: Declaration) -> dict[str, Any]:
    scalar = declaration.base
    if scalar == "tuple":
        elements = [_described(each) for each in declaration.elements]
        return {"type": elements, "dimensions": declaration.ndim}
    kind = "int" if scalar == "int" else "complex" if declaration.is_complex else "real"
    return {"type": kind, "dimensions": declaration.ndim}
