"""Response families: link, likelihood, random draws, and which responses suit them."""
