"""The text of a Stan program: what it declares, its example data, and checks of data against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from ..errors import DataError, ProgramError
from .compiler import complaint
from .data import check_data
from .declaration import Declaration, ProgramDeclarations
from .includes import put_in_includes
from .read import declarations

PRIOR_PREFIX = "prior_"
"""Data variables so named are prior constants: example data give their defaults."""

RESPONSES = frozenset({"y", "successes"})
"""Names of the observed response in the catalogue's programs."""


@dataclass(frozen=True)
class StanSource:
    """The text of one Stan program, and what can be known of it without running it.

    Programs are equal when their names and code are, wherever they stand.

    Attributes
    ----------
    name : str
        ``family/variant`` in the catalogue, else the file's name without its ending.
    path : Path or None
        The `.stan` file; None for a program that was restored from a saved fit.
    code : str
        The file's text; `full_code` is the text with every `#include` put in.
    """

    name: str
    path: Path | None = field(compare=False)
    code: str

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a program of your own: it gets the same engines, checks and diagnostics.

        Parameters
        ----------
        path : path of a `.stan` file
            A file of the same name ending in `.data.json` beside it is its example data.

        Raises
        ------
        ProgramError
            If there is no such file, or it is not a Stan program by its name.
        """
        path = Path(path).expanduser()
        if path.suffix != ".stan":
            raise ProgramError(f"{path} is not a Stan program: its name must end in .stan")
        try:
            code = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ProgramError(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ProgramError(f"{path} is not UTF-8 text: {error}; save it as UTF-8") from None
        return cls(path.stem, path.resolve(), code)

    @property
    def sha256(self) -> str:
        """SHA-256 of the code, includes put in."""
        return hashlib.sha256(self.full_code.encode()).hexdigest()

    @property
    def full_code(self) -> str:
        """The code with every `#include` put in: what Stan compiles, whole.

        Raises
        ------
        ProgramError
            If an included file is not in the program's folder.
        """
        return put_in_includes(self.code, self.include_paths, self.name)

    @property
    def include_paths(self) -> tuple[Path, ...]:
        """Folders in which `#include` looks: the program's own."""
        return () if self.path is None else (self.path.parent,)

    @property
    def declarations(self) -> ProgramDeclarations:
        """What every block declares, read from the text; whoever runs it compiles it.

        Raises
        ------
        ProgramError
            If the declarations cannot be read; the message is the compiler's where it has one.
        """
        try:
            return declarations(self.full_code)
        except ProgramError as error:
            name = str(self.path or self.name)
            said = complaint(self.code, self.include_paths, name)
            raise ProgramError(said or f"{name}, includes put in, {error}") from None

    @property
    def data(self) -> dict[str, Declaration]:
        """Declarations of the data block, in order."""
        return self.declarations.data

    @property
    def parameters(self) -> dict[str, Declaration]:
        """Declarations of the parameters block, in order."""
        return self.declarations.parameters

    @property
    def example_path(self) -> Path | None:
        """The `.data.json` beside the program, if there is one."""
        if self.path is None:
            return None
        example = self.path.with_name(f"{self.path.stem}.data.json")
        return example if example.is_file() else None

    def example_data(self) -> dict[str, Any]:
        """Read the data of the runnable example beside the program.

        Raises
        ------
        DataError
            If there is none.
        """
        if self.example_path is None:
            raise DataError(f"{self.name} has no example: there is no {self.name}.data.json")
        try:
            example = json.loads(self.example_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{self.example_path} cannot be read as JSON: {error}") from None
        if not isinstance(example, dict):
            raise DataError(f"{self.example_path} must hold one JSON object")
        return {
            name: np.asarray(value) if isinstance(value, Sequence) else value
            for name, value in example.items()
        }

    def prior_defaults(self) -> dict[str, Any]:
        """Default prior constants: the example's `prior_*` numbers (none without example).

        Arrays of constants, one per predictor, belong to the example's data alone.
        """
        if self.example_path is None:
            return {}
        return {
            name: value
            for name, value in self.example_data().items()
            if name.startswith(PRIOR_PREFIX) and np.ndim(value) == 0
        }

    def defaults_for(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Prior constants that `data` leave to their defaults, with those."""
        left = [k for k in self.data if k.startswith(PRIOR_PREFIX) and k not in data]
        defaults = self.prior_defaults() if left else {}
        return {name: defaults[name] for name in left if name in defaults}

    def check_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in default prior constants and check the data against the data block.

        Returns
        -------
        dict
            What Stan gets: every declared variable, in its declared type and shape.

        Raises
        ------
        DataError
            Names the variable, its declaration and what was given.
        """
        if isinstance(data, Mapping):
            data = {**self.defaults_for(data), **data}
        return check_data(self.data, data, program_name=self.name)

    def check_parameters(
        self,
        data: Mapping[str, Any],
        values: Mapping[str, Any],
        *,
        partial: bool = False,
        what: str = "params",
    ) -> dict[str, Any]:
        """Check values of parameters against the parameters block.

        Parameters
        ----------
        data : mapping
            As `check_data` returned them: sizes and bounds may depend on them.
        values : mapping
            By parameter name, in the declared shape.
        partial : bool
            Some parameters may be left out.
        what : str
            What the user calls them, for messages.

        Raises
        ------
        DataError
            Names the parameter, its declaration and what was given.
        """
        if not isinstance(values, Mapping):
            raise DataError(f"{what} must be a mapping of parameter names to values: {values!r}")
        unknown = [name for name in values if name not in self.parameters]
        if unknown:
            raise DataError(
                f"{self.name} has no parameter {', '.join(map(repr, unknown))}; its parameters "
                f"are {', '.join(self.parameters)}"
            )
        wanted = {k: v for k, v in self.parameters.items() if k in values or not partial}
        checked = check_data(
            self.data | wanted,
            {**data, **values},
            program_name=self.name,
            subject=f"{what} do not fit the parameters block",
        )
        return {name: checked[name] for name in wanted}


def kind_of_data(program: StanSource, name: str) -> Literal["observed", "constant"]:
    """Whether a data variable is the observed response (by the catalogue's names)."""
    return "observed" if name in RESPONSES and name in program.data else "constant"
