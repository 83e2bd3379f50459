"""Reduce a design to fewer numbers that give exactly the same likelihood.

A Gaussian design becomes sums of cross-products (`sums`, `pair_sums`, `marginal`); equal rows of a
discrete response become one row (`equal_rows`).
"""
