"""Build a `Design` (response, predictors, group terms) from a formula and a DataFrame."""
