"""The part of stanc's typed intermediate form (MIR) that declarations are made of.

Both compilers speak of the same things by the same names, in different spellings: stanli's
portable MIR is binary (`portable`), stanc's is an S-expression (`sexp`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .expressions import (
    ARRAY,
    INDEX,
    RANGE,
    ROW_VECTOR,
    TERNARY,
    TRANSPOSE,
    Call,
    Expr,
    Literal,
    Variable,
)
from .model import Block, Declaration


class MirError(Exception):
    """A compiled program is not in the form that is known here."""


BASES = {
    "SInt": "int",
    "SReal": "real",
    "SComplex": "complex",
    "SVector": "vector",
    "SRowVector": "row_vector",
    "SMatrix": "matrix",
    "SComplexVector": "complex_vector",
    "SComplexRowVector": "complex_row_vector",
    "SComplexMatrix": "complex_matrix",
    "STuple": "tuple",
}
"""MIR's names of sized types, and Stan's."""

SIZES = {"matrix": 2, "complex_matrix": 2, "int": 0, "real": 0, "complex": 0, "tuple": 0}
"""Number of sizes of each base type; one for those not listed."""

OPERATORS = {
    "Plus__": "+",
    "Minus__": "-",
    "Times__": "*",
    "Divide__": "/",
    "IntDivide__": "%/%",
    "Modulo__": "%",
    "LDivide__": "\\",
    "EltTimes__": ".*",
    "EltDivide__": "./",
    "Pow__": "^",
    "EltPow__": ".^",
    "Or__": "||",
    "And__": "&&",
    "Equals__": "==",
    "NEquals__": "!=",
    "Less__": "<",
    "Leq__": "<=",
    "Greater__": ">",
    "Geq__": ">=",
    "PNot__": "!",
    "PPlus__": "+",
    "PMinus__": "-",
    "Transpose__": TRANSPOSE,
    "FnMakeArray": ARRAY,
    "FnMakeRowVec": ROW_VECTOR,
    "Indexed": INDEX,
    "TernaryIf": TERNARY,
    "EOr": "||",
    "EAnd": "&&",
    "IndexAll": RANGE,
    "IndexUpfrom": RANGE,
    "IndexBetween": RANGE,
}
"""MIR's names of operators, and `Call`'s."""

ARITIES = {
    "TernaryIf": 3,
    "Promotion": 1,
    "IndexAll": 0,
    "IndexSingle": 1,
    "IndexMulti": 1,
    "IndexUpfrom": 1,
    "IndexBetween": 2,
    "Transpose__": 1,
}
"""Number of arguments of those functions whose printing depends on it."""

CONSTRAINTS = {
    "Simplex": "simplex",
    "Ordered": "ordered",
    "PositiveOrdered": "positive_ordered",
    "UnitVector": "unit_vector",
    "CholeskyCorr": "cholesky_factor_corr",
    "CholeskyCov": "cholesky_factor_cov",
    "Correlation": "corr_matrix",
    "Covariance": "cov_matrix",
    "StochasticColumn": "column_stochastic_matrix",
    "StochasticRow": "row_stochastic_matrix",
}
"""MIR's names of transformations, and Stan's names of the constrained types."""

BOUNDS = {
    "Identity": (),
    "Lower": ("lower",),
    "Upper": ("upper",),
    "LowerUpper": ("lower", "upper"),
    "Offset": ("offset",),
    "Multiplier": ("multiplier",),
    "OffsetMultiplier": ("offset", "multiplier"),
}
"""MIR's names of transformations, and what their arguments are called in Stan."""


UNKNOWN = Variable("?")
"""A size that the compiler does not hand out."""

COMPILERS_OWN = "dim__"
"""How the names of variables end into which the compiler puts sizes, such as `theta_1dim__`."""


@dataclass(frozen=True, slots=True)
class SizedType:
    """A type with its sizes; `elements` are a tuple's components."""

    base: str
    array_sizes: tuple[Expr, ...] = ()
    sizes: tuple[Expr, ...] = ()
    elements: tuple[SizedType, ...] = ()


@dataclass(frozen=True, slots=True)
class Transform:
    """A transformation by its MIR name; `parts` are those of a tuple's components."""

    name: str
    args: tuple[Expr, ...] = ()
    parts: tuple[Transform, ...] = ()


def call(name: str, args: tuple[Expr, ...]) -> Expr:
    """Make the expression for a MIR function: operators get their signs."""
    if len(args) != ARITIES.get(name, len(args)):
        raise MirError(f"{name} has {len(args)} arguments")
    if name in ("IndexSingle", "IndexMulti", "Promotion"):
        return args[0]
    return Call(OPERATORS.get(name, name), args)


def sized(base: str, dims: tuple[Expr, ...]) -> SizedType:
    """Make the type whose last sizes belong to the vector or matrix, the others to the array."""
    if base not in BASES:
        raise MirError(f"unknown type {base}")
    name = BASES[base]
    own = SIZES.get(name, 1)
    if len(dims) < own:
        raise MirError(f"{base} has {len(dims)} sizes")
    split = len(dims) - own
    return SizedType(name, dims[:split], dims[split:])


def declare(name: str, block: Block, sized_type: SizedType) -> Declaration:
    """Make a declaration without constraints."""
    elements = tuple(
        declare(str(place), block, element)
        for place, element in enumerate(sized_type.elements, start=1)
    )
    return Declaration(
        name,
        block,
        sized_type.base,
        sized_type.array_sizes,
        sized_type.sizes,
        elements=elements,
    )


def constrain(declaration: Declaration, transform: Transform) -> Declaration:
    """Add a constraint; checks of a lower and of an upper bound come one after the other."""
    if transform.parts:
        if len(transform.parts) != len(declaration.elements):
            raise MirError(f"{declaration.name}: constraints do not match the tuple")
        pairs = zip(declaration.elements, transform.parts, strict=True)
        return replace(declaration, elements=tuple(constrain(*pair) for pair in pairs))
    name, args = transform.name, transform.args
    if name in BOUNDS:
        if len(BOUNDS[name]) != len(args):
            raise MirError(f"{name} has {len(args)} arguments")
        keywords: dict[str, Any] = dict(zip(BOUNDS[name], args, strict=True))
        return replace(declaration, **keywords)
    if name == "SumToZero":
        return replace(declaration, constraint=f"sum_to_zero_{declaration.base}")
    if name not in CONSTRAINTS:
        raise MirError(f"unknown constraint {name}")
    return replace(declaration, constraint=CONSTRAINTS[name])


def constrain_component(
    declaration: Declaration, path: tuple[int, ...], transform: Transform
) -> Declaration:
    """Add a constraint to a component, ``(3, 1)`` being ``x.3.1``; ``()`` is the whole."""
    if not path:
        return constrain(declaration, transform)
    if not declaration.elements:  # an array of tuples, of which stanli says no more
        return declaration
    elements = list(declaration.elements)
    first = path[0] - 1
    elements[first] = constrain_component(elements[first], path[1:], transform)
    return replace(declaration, elements=tuple(elements))


def resolve(sized_type: SizedType, own: Mapping[str, Expr]) -> SizedType:
    """Put back the sizes that the compiler has moved into variables of its own."""
    return SizedType(
        sized_type.base,
        tuple(_substitute(size, own) for size in sized_type.array_sizes),
        tuple(_substitute(size, own) for size in sized_type.sizes),
        tuple(resolve(element, own) for element in sized_type.elements),
    )


def _substitute(expression: Expr, own: Mapping[str, Expr]) -> Expr:
    match expression:
        case Variable(name) if name.endswith(COMPILERS_OWN):
            if name not in own:
                raise MirError(f"no value of {name}")
            return _substitute(own[name], own)
        case Call(function, args):
            return Call(function, tuple(_substitute(each, own) for each in args))
    return expression


def component(checked: str) -> tuple[str, tuple[int, ...]]:
    """Take ``t.3[sym1__].1``, what a check is of, apart: ``("t", (3, 1))``."""
    name, *numbers = (part.split("[")[0] for part in checked.split("."))
    return name, tuple(int(number) for number in numbers)


def number(text: str) -> Literal:
    """Make the literal for the text of an integer or a real number."""
    try:
        return Literal(int(text))
    except ValueError:
        return Literal(float(text))
