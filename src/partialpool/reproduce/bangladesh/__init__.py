"""Contraception in Bangladesh: a mixed model that fails until it is reparameterised."""

from .study import bangladesh

__all__ = ["bangladesh"]
