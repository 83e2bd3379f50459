"""A Stan program: its code, what it declares, its example data, and what can be done with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .errors import DataError, ProgramError
from .includes import put_in_includes

if TYPE_CHECKING:
    from .declarations import Declaration, ProgramDeclarations
    from .engines.base import LogDensity, Mode
    from .fits import Fit

PRIOR_PREFIX = "prior_"
"""Data variables so named are prior constants: example data give their defaults."""

RESPONSES = frozenset({"y", "successes"})
"""Names of the observed response in the catalogue's programs."""


@dataclass(frozen=True)
class StanProgram:
    """One Stan program: its name, where it stands, and its code.

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
    def from_file(cls, path: str | Path) -> StanProgram:
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
        """What every block declares, as the compiler read it.

        Raises
        ------
        ProgramError
            If the program does not compile.
        """
        from .declarations import declarations

        name = str(self.path or self.name)
        try:
            return declarations(self.full_code, name=name)
        except ProgramError:
            if self.full_code == self.code:
                raise
        # the compiler's message shall name the file in which the error stands
        return declarations(self.code, include_paths=self.include_paths, name=name)

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
        from .standata import check_data

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
        from .standata import check_data

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

    def sample(
        self,
        data: Mapping[str, Any],
        *,
        coords: Mapping[str, Any] | None = None,
        dims: Mapping[str, Any] | None = None,
        engine: str = "auto",
        seed: int | None = None,
        **options: Any,
    ) -> Fit:
        """Draw from the posterior by NUTS.

        Parameters
        ----------
        data : mapping
            Values of the data block's variables. Prior constants (`prior_*`) that are left
            out take the catalogue's defaults.
        coords, dims : mappings, optional
            As in ArviZ: labels of each dimension, and the dimensions of each variable, e.g.
            ``coords={"player": names}, dims={"theta": ["player"]}``.
        engine : {"auto", "cmdstan", "stanli"}
        seed : int, optional
            Random, and recorded, if not given.
        **options
            Those of `SamplerConfig`: chains, parallel_chains, warmup, draws, thin, inits,
            adapt_delta, max_treedepth, metric, inv_metric, step_size, adapt_engaged,
            save_warmup, output_dir, progress.

        Returns
        -------
        Fit

        Raises
        ------
        DataError, OptionError, EngineError, SamplingError
        """
        from . import run

        return run.sample(self, data, coords=coords, dims=dims, engine=engine, seed=seed, **options)

    def optimize(self, data: Mapping[str, Any], **options: Any) -> Mode:
        """Find the posterior mode; see `partialpool.run.optimize`."""
        from . import run

        return run.optimize(self, data, **options)

    def pathfinder(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by Pathfinder; see `partialpool.run.pathfinder`."""
        from . import run

        return run.pathfinder(self, data, **options)

    def laplace(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by a normal at its mode; see `partialpool.run.laplace`."""
        from . import run

        return run.laplace(self, data, **options)

    def variational(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by ADVI; see `partialpool.run.variational`."""
        from . import run

        return run.variational(self, data, **options)

    def generate_quantities(self, data: Mapping[str, Any], fit: Fit, **options: Any) -> Fit:
        """Run generated quantities on a fit's draws; see `partialpool.run.generate_quantities`."""
        from . import run

        return run.generate_quantities(self, data, fit, **options)

    def log_density(
        self,
        data: Mapping[str, Any],
        params: Mapping[str, Any],
        *,
        jacobian: bool = True,
        engine: str = "auto",
    ) -> LogDensity:
        """Log density and gradient at given parameter values; see `partialpool.run.log_density`."""
        from . import run

        return run.log_density(self, data, params, jacobian=jacobian, engine=engine)


ResponseKind = Literal["observed", "constant"]


def kind_of_data(program: StanProgram, name: str) -> ResponseKind:
    """Whether a data variable is the observed response (by the catalogue's names)."""
    return "observed" if name in RESPONSES and name in program.data else "constant"
