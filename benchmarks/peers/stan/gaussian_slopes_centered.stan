// Gaussian regression, varying intercepts and slopes,
// hierarchically centered: groups around their mean
//
//   y ~ normal(eta, sigma),
//   eta = Intercept + r[group, 1] + (beta + r[group, 2]) x
//
// A textbook program, a peer in benchmarks/: Stan User's Guide, multivariate
// priors for hierarchical models, optimised as there is said.
data {
  int<lower=0> N; // rows (count)
  int<lower=1> J; // groups (count)
  array[N] int<lower=1, upper=J> group; // of each row (code)
  vector[N] x; // predictor (unit of x)
  real x_mean; // its mean over rows (unit of x)
  vector[N] y; // response (unit of y)
  real prior_alpha_location; // of eta at x_mean (unit of eta)
  real<lower=0> prior_alpha_scale; // (unit of eta)
  real prior_beta_location; // of the slope (eta per x)
  real<lower=0> prior_beta_scale; // (eta per x)
  vector<lower=0>[2] prior_tau_rate; // exponential (1 / unit of tau)
  real<lower=0> prior_cor_eta; // LKJ shape (no unit)
  real<lower=0> prior_sigma_rate; // exponential (1 / unit of y)
}
parameters {
  real alpha; // eta at x_mean (unit of eta)
  real beta; // slope (eta per x)
  vector<lower=0>[2] tau; // sds of groups (eta, eta per x)
  cholesky_factor_corr[2] L; // of their correlation (no unit)
  array[J] vector[2] b; // groups' coefficients (eta, eta per x)
  real<lower=0> sigma; // residual sd (unit of y)
}
model {
  alpha ~ normal(prior_alpha_location, prior_alpha_scale);
  beta ~ normal(prior_beta_location, prior_beta_scale);
  L ~ lkj_corr_cholesky(prior_cor_eta);
  tau ~ exponential(prior_tau_rate);
  sigma ~ exponential(prior_sigma_rate);
  b ~ multi_normal_cholesky([alpha - beta * x_mean, beta]',
        diag_pre_multiply(tau, L));
  vector[J] b1 = to_vector(b[ : , 1]);
  vector[J] b2 = to_vector(b[ : , 2]);
  y ~ normal(b1[group] + b2[group] .* x, sigma);
}
generated quantities {
  real Intercept = alpha - beta * x_mean; // eta at x = 0 (unit of eta)
  real rho = L[2, 1]; // correlation (no unit)
}
