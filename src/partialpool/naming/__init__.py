"""Choose the names of a posterior's variables and dimensions."""
