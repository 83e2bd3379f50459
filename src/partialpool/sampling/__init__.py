"""A Stan program and its data become a `Fit`: start, sampler, labelled draws, saved files."""
