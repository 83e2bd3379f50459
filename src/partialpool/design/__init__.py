"""A formula and a DataFrame become a `Design`: response, predictors, group terms."""
