"""The text of a model formula becomes a `Formula`: tokens, expressions, terms. No data are read."""
