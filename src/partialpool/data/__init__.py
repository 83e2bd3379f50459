"""Check the columns of the user's DataFrame, and turn categories into levels and codes."""
