"""The site's generated pages have every public name and program; links lead somewhere."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import partialpool as pp

DOCS = Path(__file__).parents[1] / "docs"
MODULES = [name for name in pp.__all__ if isinstance(getattr(pp, name), ModuleType)]


def generator(name: str) -> ModuleType:
    """Import a module of docs/generate, which is no package that is installed."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(f"generate.{name}")
    finally:
        sys.path.remove(str(DOCS))


reference = generator("reference")
catalogue = generator("catalogue")
mathematics = generator("mathematics")
REFERENCE = reference.pages()
CATALOGUE = catalogue.pages()


def documented() -> set[str]:
    """Names that the reference's directives describe, or that a page says are another name."""
    text = "\n".join(REFERENCE.values())
    described = re.findall(r"^\.\. (?:auto\w+|py:data):: (\S+)$", text, re.MULTILINE)
    return {*described, *re.findall(r"^``(\S+)`` is :py:obj:", text, re.MULTILINE)}


@pytest.mark.parametrize("name", [name for name in pp.__all__ if name not in MODULES])
def test_every_public_name_is_in_the_reference(name: str) -> None:
    assert f"partialpool.{name}" in documented()


@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_a_public_module_is_in_the_reference(module: str) -> None:
    names = reference.public_names(getattr(pp, module))
    assert names
    assert f"{module}.rst" in REFERENCE
    assert {f"partialpool.{module}.{name}" for name in names} <= documented()


def test_the_reference_names_no_internal_module() -> None:
    allowed = {"partialpool", *(f"partialpool.{module}" for module in MODULES)}
    homes = {name.rsplit(".", 1)[0] for name in documented()}
    assert homes == allowed


def test_every_page_of_the_reference_is_in_its_table_of_contents() -> None:
    index = REFERENCE["index.rst"]
    for page in REFERENCE:
        assert page == "index.rst" or f"\n   {page.removesuffix('.rst')}\n" in index


def test_every_program_is_in_the_catalogue() -> None:
    for name in pp.programs.names():
        family, variant = name.split("/")
        section = CATALOGUE[f"{family}.md"].split(f"\n## {variant}\n")[1].split("\n## ")[0]
        assert f'`pp.programs.get("{name}")`' in section
        assert r"\begin{aligned}" in section
        assert pp.programs.get(name).full_code.rstrip() in section
        assert f"[{variant}]({family}.md#" in CATALOGUE["index.md"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("y[n] ~ normal(a[group[n]] + b x[n], sigma)", r"y_{n} &\sim \operatorname{normal}("),
        (
            "y[n] ~ normal(a[group[n]] + b x[n], sigma)",
            r"a_{\texttt{group}_{n}} +b x_{n} ,\; \sigma )",
        ),
        ("tau ~ half-normal or exponential, tau > 0", r"\text{half-normal or exponential}"),
        (
            "phi ~ beta(prior_phi_alpha, 1)",
            r"\phi &\sim \operatorname{beta}(\texttt{prior_phi_alpha}",
        ),
        ("a_bar = sqrt(s[j]^2 + t^-1)", r"\bar{a} &= \sqrt{s_{j} ^{2}+t ^{-1}}"),
        ("sigma_a, _b ~ normal", r"\sigma_{a} ,\; \sigma_{b} &\sim \operatorname{normal}"),
    ],
)
def test_statements_become_latex(statement: str, expected: str) -> None:
    assert expected in mathematics.aligned([statement], {"group", "x", "y", "a", "b", "sigma"})


def test_brackets_of_the_mathematics_match() -> None:
    for page in CATALOGUE.values():
        for block in re.findall(r"\$\$(.*?)\$\$", page, re.DOTALL):
            for opening, closing in ("{}", "()"):
                assert block.count(opening) == block.count(closing), block


def test_links_between_pages_and_files_lead_somewhere() -> None:
    made = {"reference", "catalogue"}
    for page in DOCS.rglob("*.md"):
        if made & set(page.relative_to(DOCS).parts):
            continue
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            if made & set(target.parts[len(DOCS.parts) : -1]):
                names = {*REFERENCE, *CATALOGUE, "command_line.md"}
                assert target.name in names, f"{page}: {link}"
            else:
                assert target.exists(), f"{page}: {link}"
