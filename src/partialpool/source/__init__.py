"""What a `.stan` file says.

>>> program = declarations("data { int<lower=0> N; vector[N] y; } parameters { real mu; }")
>>> [str(variable) for variable in program.data.values()]
['int<lower=0> N', 'vector[N] y']
>>> program.data["y"].shape({"N": 3})
(3,)
"""

from .declaration import Block, Declaration, ProgramDeclarations
from .read import declarations

__all__ = ["Block", "Declaration", "ProgramDeclarations", "declarations"]
