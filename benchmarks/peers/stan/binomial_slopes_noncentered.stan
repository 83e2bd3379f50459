// Binomial regression, varying intercepts and slopes, non-centered
//
//   y ~ binomial_logit(trials, eta),
//   eta = Intercept + r[group, 1] + (beta + r[group, 2]) x
//
// A textbook program, a peer in benchmarks/: Stan User's Guide, multivariate
// priors for hierarchical models, optimised as there is said.
data {
  int<lower=0> N; // cells of equal rows (count)
  int<lower=1> J; // groups (count)
  array[N] int<lower=1, upper=J> group; // of each row (code)
  vector[N] x; // predictor (unit of x)
  real x_mean; // its mean over rows (unit of x)
  array[N] int<lower=0> trials; // (count)
  array[N] int<lower=0> y; // successes (count)
  real prior_alpha_location; // of eta at x_mean (unit of eta)
  real<lower=0> prior_alpha_scale; // (unit of eta)
  real prior_beta_location; // of the slope (eta per x)
  real<lower=0> prior_beta_scale; // (eta per x)
  vector<lower=0>[2] prior_tau_rate; // exponential (1 / unit of tau)
  real<lower=0> prior_cor_eta; // LKJ shape (no unit)
}
parameters {
  real alpha; // eta at x_mean (unit of eta)
  real beta; // slope (eta per x)
  vector<lower=0>[2] tau; // sds of groups (eta, eta per x)
  cholesky_factor_corr[2] L; // of their correlation (no unit)
  matrix[2, J] z; // standardised deviations (no unit)
}
transformed parameters {
  matrix[J, 2] r = (diag_pre_multiply(tau, L) * z)'; // (eta, eta per x)
}
model {
  alpha ~ normal(prior_alpha_location, prior_alpha_scale);
  beta ~ normal(prior_beta_location, prior_beta_scale);
  L ~ lkj_corr_cholesky(prior_cor_eta);
  tau ~ exponential(prior_tau_rate);
  to_vector(z) ~ std_normal();
  y ~ binomial_logit(trials,
                     alpha + beta * (x - x_mean) + r[group, 1]
                     + r[group, 2] .* x);
}
generated quantities {
  real Intercept = alpha - beta * x_mean; // eta at x = 0 (unit of eta)
  real rho = L[2, 1]; // correlation (no unit)
}
