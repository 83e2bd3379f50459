"""Run a Stan program on its data: initial values, sampler, labelled draws (`Fit`), saved files."""
