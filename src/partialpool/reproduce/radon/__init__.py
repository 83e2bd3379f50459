"""Radon in 85 counties: Gelman and Hill's poolings, and Wiecki's funnel."""

from .study import radon

__all__ = ["radon"]
