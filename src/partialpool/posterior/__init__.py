"""Draws become named effects, predictions, tables and scores."""
