"""The user's DataFrame: its columns are checked, and its categories become levels and codes."""
