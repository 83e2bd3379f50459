"""Terms and a DataFrame become columns of numbers, which remember the data of the fit."""
