"""The command line ``partialpool``, whose commands call the Python interface."""
