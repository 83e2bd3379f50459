"""Pages that are made from the package and the Stan programs when the site is built."""
