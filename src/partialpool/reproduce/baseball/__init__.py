"""Efron and Morris's eighteen batting averages, and Carpenter's repeated binary trials."""

from .study import baseball

__all__ = ["baseball"]
