"""Response families (link, likelihood, random draws) and checks of the response."""
