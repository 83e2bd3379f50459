"""What every page with code cells runs first, unseen: how numbers and figures are shown."""

import contextlib
import io
import warnings

import pandas as pd
import tqdm
from matplotlib_inline.backend_inline import set_matplotlib_formats

import partialpool as pp

set_matplotlib_formats("svg")
# ArviZ 0.23 announces 1.0 once a day: no matter of these pages.
warnings.filterwarnings("ignore", r"\s*ArviZ is undergoing a major refactor", FutureWarning)
pd.set_option("display.float_format", "{:.4g}".format)
pd.set_option("display.max_rows", 12)
pd.set_option("display.max_columns", 20)
pd.set_option("display.max_colwidth", None)
pd.set_option("display.width", 100)

# The first use of engine="auto" says on stderr that there is no CmdStan: once is enough.
with contextlib.redirect_stderr(io.StringIO()):
    _program = pp.programs.get("normal_known_variance/marginal")
    _program.log_density(_program.example_data(), {"mu": 0.0, "tau": 1.0})


class NoBar(tqdm.tqdm):
    """A progress bar that is not shown: a page would keep every step of it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options | {"disable": True})


tqdm.tqdm = NoBar
