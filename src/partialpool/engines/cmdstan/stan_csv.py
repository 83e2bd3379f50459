"""Write draws as Stan CSV files, from which CmdStan generates quantities for a fit in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLER_COLUMNS = (
    "lp__",
    "accept_stat__",
    "stepsize__",
    "treedepth__",
    "n_leapfrog__",
    "divergent__",
    "energy__",
)
HEADER = """\
# model = {model}
# method = sample
#   sample
#     num_samples = {draws}
#     num_warmup = 1
#     save_warmup = 0
#     thin = 1
#     adapt
#       engaged = 1
#     algorithm = hmc
#       hmc
#         engine = nuts
#           nuts
#             max_depth = 10
#         metric = unit_e
# id = {chain}
{columns}
# Adaptation terminated
# Step size = 1
# No free parameters for unit metric
"""
FOOTER = """\
#
#  Elapsed Time: 0 seconds (Warm-up)
#                0 seconds (Sampling)
#                0 seconds (Total)
#
"""


def write_chains(draws: Mapping[str, NDArray[Any]], folder: Path, *, model: str) -> list[str]:
    """Write the draws of each chain to a file in the format of CmdStan's ``sample``.

    Parameters
    ----------
    draws : mapping of str to array
        Parameters by name, each (chain, draw, *declared shape).
    folder : Path
        An existing folder; the files are ``parameters_1.csv``, ``parameters_2.csv``, ...
    model : str
        The program's name, for the files' headers.

    Returns
    -------
    list of str
        Paths, in the order of chains.
    """
    names: list[str] = []
    blocks: list[NDArray[np.float64]] = []
    for name, values in draws.items():
        shape = values.shape[2:]
        if 0 in shape:
            continue
        # in Stan's columns the first index varies fastest
        order = sorted(np.ndindex(*shape), key=lambda index: index[::-1])
        names += [".".join([name, *(str(i + 1) for i in index)]) for index in order]
        flat = values.reshape(*values.shape[:2], *shape, order="C")
        blocks.append(
            np.stack([flat[(..., *index)] for index in order], axis=-1).astype(np.float64)
        )
    empty = np.empty((*next(iter(draws.values())).shape[:2], 0))
    table = np.concatenate([empty, *blocks], axis=-1)
    files = []
    for chain, rows in enumerate(table, start=1):
        path = folder / f"parameters_{chain}.csv"
        head = HEADER.format(
            model=model,
            draws=len(rows),
            chain=chain,
            columns=",".join([*SAMPLER_COLUMNS, *names]),
        )
        with path.open("w", encoding="utf-8") as file:
            file.write(head)
            padded = np.hstack([np.zeros((len(rows), len(SAMPLER_COLUMNS))), rows])
            np.savetxt(file, padded, delimiter=",", fmt="%.17g")
            file.write(FOOTER)
        files.append(str(path))
    return files
