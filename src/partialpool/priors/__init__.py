"""Prior distributions, the table of a model's priors, and centering, which they depend on."""
