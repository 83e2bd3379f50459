"""A quick approximate fit in NumPy (the pilot fit), and the sampler's coordinates made from it."""
