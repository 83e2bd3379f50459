"""Design, priors, reduction and pilot fit become the data block of a program in ``stan/glmm/``."""
