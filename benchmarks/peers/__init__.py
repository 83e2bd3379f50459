"""partialpool beside its peers: what `benchmarks/peers.py` runs."""
