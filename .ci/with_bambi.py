"""partialpool and the newest bambi can be installed together: resolved by pip, nothing installed.

    python .ci/with_bambi.py [what to install in place of this checkout]

The newest bambi that this Python can have is asked for by itself first: a resolver that finds a
conflict goes back to an old release that has none, and that must fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def resolved(*wanted: str) -> dict[str, str]:
    """Names and versions that pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--quiet", "--report", str(report), *wanted], check=True)
        found = json.loads(report.read_text())["install"]
    return {each["metadata"]["name"]: each["metadata"]["version"] for each in found}


def main() -> None:
    """Print the versions found; exit with 1 where one is missing or old."""
    source = sys.argv[1] if len(sys.argv) > 1 else str(ROOT)
    newest = resolved("--no-deps", "bambi")["bambi"]
    together = resolved(source, "bambi")
    print({name: together.get(name) for name in ("partialpool", "bambi", "formulae", "formulaic")})
    if "partialpool" not in together:
        sys.exit("pip's report does not have partialpool")
    if together.get("bambi") != newest:
        sys.exit(f"beside partialpool pip takes bambi {together.get('bambi')}, not {newest}")


if __name__ == "__main__":
    main()
