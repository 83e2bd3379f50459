"""Declarations of a Stan program as frozen values, which print as Stan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .expressions import Expr

Block = Literal["data", "parameters", "transformed parameters", "generated quantities"]

TYPES = {
    "int": ("int", 0),
    "real": ("real", 0),
    "complex": ("complex", 0),
    "vector": ("vector", 1),
    "row_vector": ("row_vector", 1),
    "matrix": ("matrix", 2),
    "complex_vector": ("complex_vector", 1),
    "complex_row_vector": ("complex_row_vector", 1),
    "complex_matrix": ("complex_matrix", 2),
    "simplex": ("vector", 1),
    "ordered": ("vector", 1),
    "positive_ordered": ("vector", 1),
    "unit_vector": ("vector", 1),
    "sum_to_zero_vector": ("vector", 1),
    "sum_to_zero_matrix": ("matrix", 2),
    "row_stochastic_matrix": ("matrix", 2),
    "column_stochastic_matrix": ("matrix", 2),
    "corr_matrix": ("matrix", 1),
    "cov_matrix": ("matrix", 1),
    "cholesky_factor_corr": ("matrix", 1),
    "cholesky_factor_cov": ("matrix", 2),
}
"""Stan's types: what each is without its constraint, and with how many sizes it is declared."""

BOUNDS = ("lower", "upper", "offset", "multiplier")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variable.

    Attributes
    ----------
    name : str
        For a component of a tuple its number, "1", "2", ...
    block : {"data", "parameters", "transformed parameters", "generated quantities"}
    base : str
        ``int``, ``real``, ``complex``, ``vector``, ``row_vector``, ``matrix``,
        ``complex_vector``, ``complex_row_vector``, ``complex_matrix`` or ``tuple``.
    array_sizes, sizes : tuples of Expr
        Sizes of the array, and of the vector or matrix in it: two for every kind of matrix.
    lower, upper, offset, multiplier : Expr or None
    constraint : str or None
        Stan's name of a constrained type, such as ``simplex`` or ``cholesky_factor_corr``.
    elements : tuple of Declaration
        Components of a tuple.
    """

    name: str
    block: Block
    base: str
    array_sizes: tuple[Expr, ...] = ()
    sizes: tuple[Expr, ...] = ()
    lower: Expr | None = None
    upper: Expr | None = None
    offset: Expr | None = None
    multiplier: Expr | None = None
    constraint: str | None = None
    elements: tuple[Declaration, ...] = ()

    def __str__(self) -> str:
        """Stan's syntax, without the semicolon: ``array[N] int<lower=0> y``."""
        return f"{self.type} {self.name}"

    @property
    def type(self) -> str:
        """The declared type, constraints included, in Stan's syntax."""
        return f"{_bracketed('array', self.array_sizes, ' ')}{self._element_type()}"

    @property
    def size_expressions(self) -> tuple[Expr, ...]:
        """Sizes of all dimensions, those of the array first."""
        return self.array_sizes + self.sizes

    @property
    def dims(self) -> tuple[str, ...]:
        """Sizes of all dimensions as Stan writes them, e.g. ``("N", "2")``."""
        return tuple(str(size) for size in self.size_expressions)

    @property
    def ndim(self) -> int:
        """Number of dimensions: 0 for a scalar."""
        return len(self.array_sizes) + len(self.sizes)

    @property
    def is_int(self) -> bool:
        """Whether the values are integers."""
        return self.base == "int"

    @property
    def is_complex(self) -> bool:
        """Whether the values are complex."""
        return self.base.startswith("complex")

    def shape(self, env: Mapping[str, Any]) -> tuple[int, ...] | None:
        """Shape that the data `env` give it.

        Parameters
        ----------
        env : mapping
            Values of the data.

        Returns
        -------
        tuple of int or None
            None where a size depends on something else, such as transformed data that Stan
            computes, or is negative.
        """
        shape: list[int] = []
        for expression in self.size_expressions:
            size = expression.evaluate(env)
            if not isinstance(size, int) or size < 0:
                return None
            shape.append(size)
        return tuple(shape)

    def _element_type(self) -> str:
        if self.base == "tuple":
            return f"tuple({', '.join(element.type for element in self.elements)})"
        keyword = self.constraint or self.base
        bounds = [(bound, getattr(self, bound)) for bound in BOUNDS]
        inside = ", ".join(f"{bound}={value}" for bound, value in bounds if value is not None)
        count = TYPES[keyword][1]
        if keyword == "cholesky_factor_cov" and self.sizes[0] == self.sizes[1]:
            count = 1
        return keyword + (f"<{inside}>" if inside else "") + _bracketed("", self.sizes[:count], "")


@dataclass(frozen=True, slots=True)
class ProgramDeclarations:
    """Everything that a Stan program declares, outside transformed data and the model block.

    Attributes
    ----------
    declared : tuple of Declaration
        Of all blocks, in the order of the program.
    """

    declared: tuple[Declaration, ...]

    @property
    def data(self) -> dict[str, Declaration]:
        """Declarations of the data block by name, in order."""
        return self._of("data")

    @property
    def parameters(self) -> dict[str, Declaration]:
        """Declarations of the parameters block by name, in order."""
        return self._of("parameters")

    @property
    def transformed_parameters(self) -> dict[str, Declaration]:
        """Declarations of the transformed parameters block by name, in order."""
        return self._of("transformed parameters")

    @property
    def generated_quantities(self) -> dict[str, Declaration]:
        """Declarations of the generated quantities block by name, in order."""
        return self._of("generated quantities")

    @property
    def all(self) -> dict[str, Declaration]:
        """Declarations of all blocks by name: Stan lets no two share one."""
        return {declaration.name: declaration for declaration in self.declared}

    def _of(self, block: Block) -> dict[str, Declaration]:
        return {x.name: x for x in self.declared if x.block == block}


def _bracketed(before: str, sizes: tuple[Expr, ...], after: str) -> str:
    return f"{before}[{', '.join(map(str, sizes))}]{after}" if sizes else ""
