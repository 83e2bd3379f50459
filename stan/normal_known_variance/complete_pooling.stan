// Estimates with known standard errors, complete pooling: one effect for all
// (the fixed-effect, or common-effect, model of meta-analysis).
//
//   y[j] ~ normal(mu, sigma[j])      sigma known
//   mu   ~ 1, or normal(prior_mu_location, prior_mu_scale)
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.5, pp. 119-121, "A pooled estimate".
// Example: complete_pooling.data.json, coaching in eight schools (Rubin 1981).
data {
  int<lower=1> J; // units (count)
  vector[J] y; // estimate of each unit (unit of the outcome)
  vector<lower=0>[J] sigma; // its known standard error (unit of the outcome)
  // Prior of mu, family code: 0 flat, 1 normal.
  int<lower=0, upper=1> prior_mu_family; // family (code)
  real prior_mu_location; // mean (unit of the outcome)
  real<lower=0> prior_mu_scale; // sd (unit of the outcome)
}
parameters {
  real mu; // the effect that all units share
}
model {
  if (prior_mu_family == 1) {
    mu ~ normal(prior_mu_location, prior_mu_scale);
  }
  y ~ normal(mu, sigma);
}
generated quantities {
  vector[J] theta = rep_vector(mu, J); // effect of each unit
}
