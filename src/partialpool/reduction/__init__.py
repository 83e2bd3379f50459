"""Exact reductions: a design becomes fewer numbers that have the same likelihood."""
