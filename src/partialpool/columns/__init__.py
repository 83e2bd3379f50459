"""Evaluate terms on a DataFrame: columns of a design matrix, which remember the fit's data."""
