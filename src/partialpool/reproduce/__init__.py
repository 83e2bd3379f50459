"""The published examples, each one function from a data set to a table, fits and figures."""

from .baseball import Baseball, baseball

__all__ = ["Baseball", "baseball"]
