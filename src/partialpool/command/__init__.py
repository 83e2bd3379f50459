"""The command line ``partialpool``: a thin caller of the Python interface."""
