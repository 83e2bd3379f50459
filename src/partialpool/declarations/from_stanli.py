"""Declarations from stanli, which is always there.

stanli hands out the program after stanc's optimiser and backend have been over it. Data keep
their sizes as written; the checks of their constraints stand in the section that prepares the
data. Of the other blocks each variable's declaration is still there, with sizes that the
compiler may have moved into variables of its own (`theta_1dim__`), put back here, and with
constants of transformed data filled in: `vector[K] x` reads `vector[3] x` after
`transformed data { int K = 3; }`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from importlib import metadata

from ..errors import EngineError, ProgramError
from . import portable
from .expressions import INDEX, Call, Expr, Literal, Variable
from .mir import (
    COMPILERS_OWN,
    MirError,
    SizedType,
    component,
    constrain_component,
    declare,
    resolve,
)
from .model import Block, Declaration, ProgramDeclarations
from .statements import Program, Statement

_EMIT_GENERATED_QUANTITIES = "emit_generated_quantities__"


def from_stanli(code: str, include_paths: Sequence[str] = ()) -> ProgramDeclarations:
    """Compile with stanli and read what is declared.

    Raises
    ------
    ProgramError
        If the program does not compile; the message is the compiler's.
    EngineError
        If this version of stanli writes a form that is not known here.
    """
    try:
        text = compiled(code, tuple(include_paths))
    except (RuntimeError, ValueError) as error:
        raise ProgramError(str(error)) from None
    try:
        return read_program(portable.read(text))
    except MirError as error:
        raise EngineError(
            f"unknown MIR format, stanli version {metadata.version('stanli')}: {error}. "
            "partialpool reads that of stanli 0.24: pip install 'stanli>=0.24,<0.25'"
        ) from error


def compiled(code: str, include_paths: tuple[str, ...] = ()) -> str:
    """Compile with stanli, whose own form this is; remembered, as it takes longer than small fits.

    Not remembered of a text with `#include`, whose files may change.
    """
    if "#include" in code:
        import stanli

        return str(stanli.stan_to_mir(code, include_paths=list(include_paths)))
    return _compiled(code)


@functools.lru_cache(maxsize=32)
def _compiled(code: str) -> str:
    import stanli

    return str(stanli.stan_to_mir(code))


def read_program(program: Program) -> ProgramDeclarations:
    """Put together the declarations of a decoded program.

    Raises
    ------
    MirError
        If something that must be there is missing.
    """
    own = _compilers_variables(program.prepare_data)
    data = {name: declare(name, "data", sized) for name, sized in program.input_vars}
    _add_checks(data, program.prepare_data)
    outputs = {
        name: declare(name, block, resolve(sized, own)) for name, block, sized in _outputs(program)
    }
    _add_parameter_transforms(outputs, program)
    _add_checks(outputs, program.generate_quantities)
    declared = (*data.values(), *outputs.values())
    return ProgramDeclarations(declared)


def _walk(statements: Iterable[Statement]) -> Iterable[Statement]:
    return (each for statement in statements for each in statement.walk())


def _compilers_variables(statements: Iterable[Statement]) -> dict[str, Expr]:
    """Sizes that the compiler has put into variables."""
    return {
        each.name: each.args[0]
        for each in statements
        if each.kind == "Decl" and each.name.endswith(COMPILERS_OWN) and each.args
    }


def _outputs(program: Program) -> Iterable[tuple[str, Block, SizedType]]:
    """Name, block and type of what the program writes, in its order."""
    parameters = {each.name for each in program.transform_inits if each.kind == "Decl"}
    blocks: dict[str, Block] = {}
    types: dict[str, SizedType] = {}
    generated = False
    for each in program.generate_quantities:
        if each.kind == "If" and each.args[0] == _not(_EMIT_GENERATED_QUANTITIES):
            generated = True
        if each.kind == "Decl" and each.type is not None:
            types[each.name] = each.type
            blocks[each.name] = "generated quantities" if generated else "transformed parameters"
    for name in program.output_vars:
        if name not in types:
            raise MirError(f"no declaration of {name}")
        yield name, "parameters" if name in parameters else blocks[name], types[name]


def _not(name: str) -> Expr:
    return Call("!", (Variable(name),))


def _add_checks(declared: dict[str, Declaration], statements: Iterable[Statement]) -> None:
    for each in _walk(statements):
        if each.kind == "Call" and each.name == "FnCheck" and each.transform is not None:
            name, path = component(each.checked)
            if name in declared:
                declared[name] = constrain_component(declared[name], path, each.transform)


def _add_parameter_transforms(declared: dict[str, Declaration], program: Program) -> None:
    for each in _walk(program.transform_inits):
        if each.kind == "Call" and each.name == "FnWriteParam" and each.transform is not None:
            name, path = _projected(each.args[0])
            if name not in declared:
                raise MirError(f"{name} is written but not declared")
            declared[name] = constrain_component(declared[name], path, each.transform)


def _projected(expression: Expr) -> tuple[str, tuple[int, ...]]:
    match expression:
        case Variable(name):
            return name, ()
        case Call("TupleProjection", (inner, Literal(int(place)))):
            name, path = _projected(inner)
            return name, (*path, place)
        case Call(function, (inner, *_)) if function == INDEX:
            return _projected(inner)
    raise MirError(f"a parameter is written as {expression}")
