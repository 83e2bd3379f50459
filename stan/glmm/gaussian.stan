// Gaussian regression with any number of group terms: the
// program behind formulas such as y ~ x + (1 + x | g).
//
//   y[n] ~ normal(eta[n], sigma), to the power weights[n]; where known_se = 1,
//          normal(eta[n], se[n]), and there is no sigma
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
// Example: gaussian.data.json, reaction times of 18 drivers kept from sleep,
//   reaction ~ days + (1 + days | subject).
functions {
  #include terms/priors.stanfunctions
  #include terms/coordinates.stanfunctions
}
data {
  int<lower=1> N; // rows (count)
  vector[N] y; // response (unit of eta)
  int<lower=0, upper=1> known_se; // standard errors known? (yes 1)
  vector<lower=0>[N] se; // standard errors if known, else unused (unit of eta)
  #include terms/data.stan
  int<lower=1, upper=5> prior_sigma_family; // of sigma (code)
  real<lower=0> prior_sigma_scale; // its scale (unit of eta)
  real<lower=0> prior_sigma_df; // its degrees of freedom (no unit)
}
transformed data {
  #include terms/layout.stan
  // The power of 1 / sigma, and what multiplies each squared residual.
  real rows = known_se ? 0 : sum(weights);
  vector[N] precision = known_se ? weights ./ square(se) : weights;
}
parameters {
  vector[P] xi; // alpha and beta, standardised by the pilot fit
  vector[Q - sum(tau_fixed)] tau_raw; // sds of the group effects, transformed
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // group effects, standardised unless centered
  vector<lower=0>[1 - known_se] sigma; // residual standard deviation (eta)
}
transformed parameters {
  vector[has_intercept] alpha; // eta at x_mean (unit of eta)
  vector[K] beta; // slopes (eta per X)
  vector[Q] tau; // standard deviations of the group effects (eta per Z)
  vector[R] r = zeros_vector(R); // group effects, from the population
  vector[T] z_density; // log density of the z of each term
  {
    real s = known_se ? 1 : sigma[1]; // unit of the pilot's residuals
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
                          log(sigma), joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  if (!known_se) {
    target += power[own + 1]
              * scale_prior_lpdf(sigma[1] | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  real s = known_se ? 1 : sigma[1];
  target += -0.5 * dot_product(precision, square(y - eta)) / square(s)
            - rows * log(s);
}
generated quantities {
  #include terms/correlations.stan
}
