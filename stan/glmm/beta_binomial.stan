// Beta-binomial regression with any number of group terms: the
// program behind formulas such as y | trials(n) ~ x + (1 + x | g).
//
//   y[n] ~ beta_binomial(trials[n], mu[n] phi, (1 - mu[n]) phi), to the power
//          weights[n]; mu = inv_logit(eta)
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
// Example: beta_binomial.data.json, contraception in town and country of 60
//   districts of Bangladesh, use | trials(women) ~ urban + (1 | district).
functions {
  #include terms/priors.stanfunctions
  #include terms/coordinates.stanfunctions
  #include terms/rising.stanfunctions
}
data {
  int<lower=1> N; // rows (count)
  array[N] int<lower=0> trials; // trials of each row (count)
  array[N] int<lower=0, upper=trials> y; // successes of each row (count)
  #include terms/data.stan
  int<lower=1, upper=5> prior_phi_family; // of phi (code)
  real<lower=0> prior_phi_scale; // its scale (trials)
  real<lower=0> prior_phi_df; // its degrees of freedom (no unit)
}
transformed data {
  #include terms/layout.stan
  vector[N] successes = to_vector(y);
  vector[N] failures = to_vector(trials) - successes;
  // Distinct trials and the weight of each, for what is equal in equal ones.
  int M = 0;
  vector[N] sizes = zeros_vector(N);
  vector[N] sizes_weight = zeros_vector(N);
  for (n in sort_indices_asc(trials)) {
    if (M == 0 || trials[n] > sizes[max(M, 1)]) {
      M += 1;
      sizes[M] = trials[n];
    }
    sizes_weight[M] += weights[n];
  }
}
parameters {
  vector[P] xi; // alpha and beta, standardised by the pilot fit
  vector[Q - sum(tau_fixed)] tau_raw; // sds of the group effects, transformed
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // group effects, standardised unless centered
  real<lower=0> phi; // precision: prior trials of each row (trials)
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
                          [log(phi)]', joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  target += power[own + 1]
            * scale_prior_lpdf(phi | prior_phi_family, prior_phi_scale,
                               prior_phi_df);
  target += dot_product(weights,
                        log_rising(log_inv_logit(eta), successes, phi)
                        + log_rising(log1m_inv_logit(eta), failures, phi))
            - dot_product(sizes_weight[1 : M],
                          log_rising(zeros_vector(M), sizes[1 : M], phi));
}
generated quantities {
  #include terms/correlations.stan
}
