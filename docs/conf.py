"""Sphinx's settings for the documentation site; `python docs/build.py` builds it.

The source directory is the top of the checkout, not docs/, so that the notebooks, stan/README.md
and the other pages are read where they stand, and links between files work on the site as they do
in the repository.
"""

from __future__ import annotations

import re
from typing import Any

import partialpool

project = "partialpool"
author = "The partialpool developers"
copyright = author
version = release = partialpool.__version__

root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "docs/**.rst",
    "notebooks/*.ipynb",
    "stan/README.md",
    "benchmarks/*.md",
    "benchmarks/results/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
exclude_patterns = ["build", "dist", ".venv", "**/.ipynb_checkpoints", ".*"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
]

# Docstrings. A name in single backquotes is a link where it is the name of a documented object.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
add_module_names = False
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

# Pages. Those in docs/ with code cells are run at every build, so that what they show is what the
# code does; the notebooks keep the outputs that `python notebooks/run.py --write` gave them.
nb_execution_mode = "force"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_raise_on_error = False  # a failure is a warning, which fails the build and is shown
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "pydata_sphinx_theme"
html_title = f"partialpool {version}"
html_static_path = ["_static"]
html_css_files = ["partialpool.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "partialpool"},
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "navigation_depth": 3,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "default",
    "pygments_dark_style": "github-dark",
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def readable(
    _app: Any,
    _what: str,
    _name: str,
    _value: Any,
    _options: Any,
    signature: str | None,
    returns: Any,
) -> tuple[str | None, Any]:
    """Shorten a signature.

    `...` stands where a dataclass makes a default anew: `<factory>` cannot be read by Sphinx.
    """
    array = r"~?(?:numpy\.)?ndarray\[tuple\[[^]]*\], ~?(?:numpy\.)?dtype\[[^]]*\]\]"
    short = re.sub(array, "ndarray", (signature or "").replace("<factory>", "..."))
    return short if signature else signature, returns


def setup(app: Any) -> None:
    """Change signatures before they are shown."""
    app.connect("autodoc-process-signature", readable)
