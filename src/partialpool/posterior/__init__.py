"""From draws to named effects, predictions, tables of coefficients, and cross-validation scores."""
