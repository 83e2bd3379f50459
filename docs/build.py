"""Build the documentation site; a warning is an error.

python docs/build.py                into build/docs: open build/docs/index.html
python docs/build.py --output DIR   elsewhere
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
FRONT_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>partialpool</title>
<meta http-equiv="refresh" content="0; url=docs/index.html">
<a href="docs/index.html">partialpool</a>
"""


def without_cmdstan(folder: str) -> None:
    """Have the pages run on stanli, whatever is installed: quick, and the same on all machines."""
    os.environ.pop("CMDSTAN", None)
    os.environ["HOME"] = os.environ["XDG_DATA_HOME"] = folder
    for name in ("PARTIALPOOL_CACHE", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        os.environ[name] = folder
    os.environ.pop("MPLBACKEND", None)  # Agg, as tests have it, would draw no figure in a page
    profile = Path(folder) / "profile_default"
    profile.mkdir()
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n")


def main() -> int:
    """Write the generated pages, then run Sphinx; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "docs")
    output = parser.parse_args().output.resolve()

    from sphinx.cmd.build import build_main

    sys.path.insert(0, str(DOCS))
    from generate import catalogue, command_line, reference

    for pages in (catalogue, reference, command_line):
        pages.write(DOCS / pages.FOLDER)
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as doctrees, tempfile.TemporaryDirectory() as home:
        without_cmdstan(home)
        options = ["--fail-on-warning", "--keep-going", "-q", "-b", "html"]
        places = ["-c", str(DOCS), "-d", doctrees, str(ROOT), str(output)]
        code = build_main([*options, *places])
    if code == 0:
        (output / "index.html").write_text(FRONT_PAGE, encoding="utf-8")
        print(f"built {output / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
