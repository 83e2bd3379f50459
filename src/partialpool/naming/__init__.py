"""Names of a posterior's variables and dimensions, and reading a posterior by them."""
