"""A quick approximate fit in NumPy, and the coordinates for the sampler that follow from it."""
