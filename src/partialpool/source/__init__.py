"""What a ``.stan`` file says: its text, its declarations, and whether data fit them."""
