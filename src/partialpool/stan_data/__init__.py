"""Make the data of a program in ``stan/glmm/`` from design, priors, reduction and pilot fit."""
