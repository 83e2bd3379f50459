"""The catalogue of Stan programs, a page per family and a section per program.

All is made from `partialpool.programs`: the comment that each program begins with, the comments
of its declarations, and its code.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import partialpool as pp

from . import mathematics

FOLDER = "catalogue"
FAMILIES = {
    "binomial": "Repeated binary trials",
    "normal_known_variance": "Estimates with known standard errors",
    "linear": "Linear regressions with groups",
    "bernoulli": "Logistic regressions with groups",
    "glmm": "Regressions with any number of group terms",
    "transfer": "A small sample that leans on a large one",
}
BLOCKS = {"data": "Data", "parameters": "Parameters"}


@dataclass(frozen=True)
class Paragraph:
    """Lines of a comment between two empty ones.

    Attributes
    ----------
    kind : {"text", "statements", "listing"}
        Prose; statements of the model; prose and statements mixed, kept as they stand.
    lines : tuple of str
        Without the comment's marks.
    """

    kind: str
    lines: tuple[str, ...]


def write(folder: Path) -> None:
    """Write all pages of the catalogue into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Every page of the catalogue: text by file name."""
    families = {
        family: [pp.programs.get(name) for name in names]
        for family, names in groupby(pp.programs.names(), lambda name: name.split("/")[0])
    }
    known = [family for family in FAMILIES if family in families]
    order = [*known, *(family for family in families if family not in FAMILIES)]
    by_family = {f"{family}.md": _family_page(family, families[family]) for family in order}
    return {"index.md": _index({family: families[family] for family in order}), **by_family}


def _index(families: dict[str, list[pp.StanProgram]]) -> str:
    tables = []
    for family, programs in families.items():
        rows = [
            f"| [{_variant(program)}]({family}.md#{_anchor(program)}) | {_title(program)} |"
            for program in programs
        ]
        heading = f"## [{_heading(family)}]({family}.md)"
        head = f"| `{family}/` | |\n|---|---|"
        tables.append("\n".join([heading, "", head, *rows]))
    toctree = "\n".join(f"{_heading(family)} <{family}>" for family in families)
    return INTRODUCTION + "\n\n".join(tables) + TOCTREE.format(pages=toctree)


INTRODUCTION = """# Catalogue of Stan programs

Each program is a text to be read. It can be run by partialpool, by CmdStan or by stanli. The pages
below have, of every program, its model, its data, its parameters and the whole code.
[How the programs are written](../../stan/README.md) has a table of all models, the conventions that
the programs share (names, codes of priors, coordinates), and how to run one without partialpool.

```python
import partialpool as pp

program = pp.programs.get("normal_known_variance/marginal")
fit = program.sample(program.example_data(), seed=1)
```

"""
TOCTREE = """

```{{toctree}}
:hidden:
:maxdepth: 2

How the programs are written <../../stan/README>
{pages}
```
"""


def _family_page(family: str, programs: Iterable[pp.StanProgram]) -> str:
    sections = [_section(program) for program in programs]
    return f"# {_heading(family)}\n\n`{family}/`\n\n" + "\n\n".join(sections)


def _section(program: pp.StanProgram) -> str:
    declared = {*program.data, *program.parameters}
    comment = [_paragraph(each, declared) for each in paragraphs(program.code)]
    tables = [_declarations(program, block) for block in BLOCKS]
    return "\n\n".join(
        [
            f"({_anchor(program)})=\n## {_variant(program)}",
            f'`pp.programs.get("{program.name}")`',
            *comment,
            *(table for table in tables if table),
            _code(program),
        ]
    )


def paragraphs(code: str) -> list[Paragraph]:
    """Read the comment that a program begins with."""
    lines = []
    for line in code.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").removeprefix(" "))
    found = []
    for empty, group in groupby(lines, lambda line: not line.strip()):
        if not empty:
            found.extend(_kinds(list(group)))
    return found


def _kinds(lines: list[str]) -> Iterator[Paragraph]:
    if all(line.startswith("  ") for line in lines):
        yield Paragraph("statements", tuple(textwrap.dedent("\n".join(lines)).splitlines()))
    elif lines[0].startswith(("Source:", "Example:")):
        starts = [n for n, line in enumerate(lines) if re.match(r"(Source|Example):", line)]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield Paragraph("text", tuple(lines[start:end]))
    else:
        for indented, group in groupby(lines, lambda line: line.startswith("  ")):
            yield Paragraph("listing" if indented else "text", tuple(group))


def _paragraph(paragraph: Paragraph, declared: set[str]) -> str:
    if paragraph.kind == "statements":
        return f"$$\n{mathematics.aligned(paragraph.lines, declared)}\n$$"
    if paragraph.kind == "listing":
        listing = textwrap.dedent("\n".join(paragraph.lines))
        return f"```text\n{listing}\n```"
    text = _prose(" ".join(line.strip() for line in paragraph.lines))
    return re.sub(r"^(Source|Example):", r"*\1:*", text)


def _prose(text: str) -> str:
    """Mark names of variables, programs and files in a comment's text as code."""
    code = r"[A-Za-z][\w.]*(?:\[[^\]\s]*\])+|\w+(?:\.[A-Za-z]\w*)+\b|\w+_\w+|[\w()]+\^[\w()-]+|\*"
    marked = re.sub(rf"(?<![\w`])(?:{code})", lambda found: f"`{found[0]}`", text)
    return marked.replace("<", "&lt;")


def _declarations(program: pp.StanProgram, block: str) -> str:
    declared = program.data if block == "data" else program.parameters
    if not declared:
        return ""
    rows = []
    for name, declaration in declared.items():
        found = re.search(rf"\b{name}\b(?: = [^;]*)?;\s*//\s*(.*)", program.full_code)
        meaning = _prose(found[1]) if found else ""
        rows.append(f"| `{declaration}` | {meaning.replace('|', chr(92) + '|')} |")
    table = "\n".join(["| declaration | meaning |", "|---|---|", *rows])
    return f":::{{dropdown}} {BLOCKS[block]}\n:class-body: declarations\n\n{table}\n:::"


def _code(program: pp.StanProgram) -> str:
    code = program.full_code.rstrip()
    lines = len(code.splitlines())
    return f":::{{dropdown}} The whole program, {lines} lines\n\n```stan\n{code}\n```\n:::"


def _title(program: pp.StanProgram) -> str:
    """Take the first sentence of the comment."""
    first = " ".join(line.strip() for line in paragraphs(program.code)[0].lines)
    sentence = re.match(r".*?[.:](?=\s|$)(?:.*?\.(?=\s|$))?", first)
    return _prose(sentence[0] if sentence else first).replace("|", r"\|")


def _variant(program: pp.StanProgram) -> str:
    return program.name.split("/")[1]


def _anchor(program: pp.StanProgram) -> str:
    return "program-" + program.name.replace("/", "-").replace("_", "-")


def _heading(family: str) -> str:
    return FAMILIES.get(family, family)
