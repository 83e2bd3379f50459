// Binomial (or Bernoulli) regression with any number of group terms: the
// program behind formulas such as y | trials(n) ~ x + (1 + x | g).
//
//   y[n] ~ binomial_logit(trials[n], eta[n]), to the power weights[n]
//   eta = alpha + (X - mean of X) beta + known + sum over terms t of
//         Z[t] r[t][group[t]]
//   r[t][j] ~ multi_normal(0, diag(tau[t]) Omega[t] diag(tau[t]))
//   Omega[t] ~ LKJ(prior_cor_eta[t]) where correlated[t], else the identity
//
// Group term t has q[t] coefficients in each of J[t] groups. Terms stand one
// after another: columns of Z, elements of tau by term and coefficient, those
// of z and r by term, coefficient, group. cpc are canonical partial
// correlations, which are independent under the LKJ prior: row by row those of
// the Cholesky factor L of Omega. With Lambda = diag(tau) L, z is by form[t]
//   0 non-centered: r[j] = Lambda z[j]
//   1 centered:     r[j] = z[j]
//   2 rescaled:     r[j] = Lambda w[j], where w[j] given a pilot fit is about
//     normal(A[j]^-1 Lambda' u[j], A[j]^-1), and z[j] is w[j] standardised:
//     A[j] = I + Lambda' Z'WZ[j] Lambda, u[j] = Z'We[j] - Z'WXB[j] xi, over
//     sigma^2 where there is a sigma. z is then nearly standard normal.
// The pilot fit has working weights W, coefficients b_hat (alpha and beta) of
// covariance B B', and working residuals e at b_hat, less the known part and
// the effects of other terms. It moves no posterior, only the coordinates.
// tau is sampled as |tau_unit sinh(tau_raw)|, its sign being that of the
// effects, or where tau_unit = 0 as exp(tau_raw).
//
// Source: Lewandowski, Kurowicka and Joe (2009), Generating random correlation
//   matrices based on vines and extended onion method, section 2.4 (C-vine);
//   Kleppe (2019), Dynamically rescaled Hamiltonian Monte Carlo for Bayesian
//   hierarchical models, section 4.
// Example: binomial.data.json, contraception in 60 districts of Bangladesh,
//   use ~ urban + (1 + urban | district).
functions {
  #include terms/priors.stanfunctions
  #include terms/coordinates.stanfunctions
}
data {
  int<lower=1> N; // rows (count)
  array[N] int<lower=0> trials; // trials of each row, 1 for Bernoulli (count)
  array[N] int<lower=0, upper=trials> y; // successes of each row (count)
  #include terms/data.stan
}
transformed data {
  #include terms/layout.stan
  vector[N] successes = weights .* to_vector(y);
  vector[N] attempts = weights .* to_vector(trials);
  // Rows of one trial each have a quicker density, here with eta as it is.
  int bernoulli = min(trials) == 1 && max(trials) == 1 && min(weights) == 1
                  && max(weights) == 1;
  matrix[N, 0] no_more = rep_matrix(0, N, 0);
}
parameters {
  vector[P] xi; // alpha and beta, standardised by the pilot fit
  vector[Q - sum(tau_fixed)] tau_raw; // sds of the group effects, transformed
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // group effects, standardised unless centered
}
transformed parameters {
  vector[has_intercept] alpha; // eta at x_mean (unit of eta)
  vector[K] beta; // slopes (eta per X)
  vector[Q] tau; // standard deviations of the group effects (eta per Z)
  vector[R] r = zeros_vector(R); // group effects, from the population
  vector[T] z_density; // log density of the z of each term
  {
    real s = 1; // unit of the pilot's residuals
    #include terms/effects.stan
  }
}
model {
  #include terms/predictor.stan
  if (D) {
    target += joint_prior(append_row(alpha - x_mean * beta, beta), tau,
                          flipped(cpc,
                                  signed_tau(tau_raw, tau_unit, tau_fixed,
                                             prior_tau_scale),
                                  q, correlated),
                          zeros_vector(0), joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  target += bernoulli
            ? bernoulli_logit_glm_lpmf(y | no_more, eta, zeros_vector(0))
            : dot_product(successes, eta)
              - dot_product(attempts, log1p_exp(eta));
}
generated quantities {
  #include terms/correlations.stan
}
