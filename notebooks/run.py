"""Run every notebook from a clean kernel; fail on an error, a warning, or anything on stderr.

python notebooks/run.py                 run all, leave the files as they are
python notebooks/run.py radon baseball  run these
python notebooks/run.py --write         and keep the new outputs in the files
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
CELL_TIMEOUT = 600
NOTICE = "partialpool: no CmdStan found"
"""What engine='auto' says, once, where it takes stanli: no fault of a notebook."""


def run(path: Path, *, write: bool) -> list[str]:
    """Run a notebook in this Python; return what is wrong with it."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python"
    }  # fmt: skip
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(HERE)}},
    )
    manager = client.create_kernel_manager()
    try:
        with tempfile.TemporaryDirectory() as sockets:
            manager.transport = "ipc"  # no port is open to others
            manager.ip = str(Path(sockets) / "kernel")  # kernel and client run in other folders
            client.execute()
    except CellExecutionError as error:
        return [str(error)]
    problems = [
        f"cell {number} wrote to stderr: {output['text'].strip()[:500]}"
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr" and not output["text"].startswith(NOTICE)
    ]
    if write and not problems:
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day: noise in every diff
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
    return problems


def main() -> int:
    """Run the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="names without .ipynb; default: all")
    parser.add_argument("--write", action="store_true", help="keep the new outputs")
    arguments = parser.parse_args()
    paths = [HERE / f"{name}.ipynb" for name in arguments.names] or sorted(HERE.glob("*.ipynb"))
    os.environ.pop("MPLBACKEND", None)  # Agg, as tests have it, would draw no figure
    failed = 0
    for path in paths:
        start = time.monotonic()
        problems = run(path, write=arguments.write)
        failed += bool(problems)
        told = "\n  ".join(["FAILED", *problems]) if problems else "ran, no warning"
        print(f"{path.name}: {time.monotonic() - start:.0f} s: {told}", flush=True)
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
