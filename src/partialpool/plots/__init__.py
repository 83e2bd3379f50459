"""Figures: one function per module, each returning matplotlib axes and taking `ax=`."""

from .shrinkage import shrinkage

__all__ = ["shrinkage"]
