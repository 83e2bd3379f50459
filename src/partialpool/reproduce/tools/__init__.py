"""Modules that the studies share: settings, published numbers, simulation, quadrature, REML."""
