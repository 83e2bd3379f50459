// Estimates with known standard errors, no pooling: every unit has its own
// effect and learns nothing from the others.
//
//   y[j]     ~ normal(theta[j], sigma[j])      sigma known
//   theta[j] ~ 1, or normal(prior_theta_location, prior_theta_scale)
//
// With the flat prior, theta[j] given y is normal(y[j], sigma[j]).
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.5, pp. 119-121, "Separate estimates".
// Example: no_pooling.data.json, coaching in eight schools (Rubin 1981).
data {
  int<lower=1> J; // units (count)
  vector[J] y; // estimate of each unit (unit of the outcome)
  vector<lower=0>[J] sigma; // its known standard error (unit of the outcome)
  // Prior of every theta, family code: 0 flat, 1 normal.
  int<lower=0, upper=1> prior_theta_family; // family (code)
  real prior_theta_location; // mean (unit of the outcome)
  real<lower=0> prior_theta_scale; // sd (unit of the outcome)
}
parameters {
  vector[J] theta; // effect of each unit
}
model {
  if (prior_theta_family == 1) {
    theta ~ normal(prior_theta_location, prior_theta_scale);
  }
  y ~ normal(theta, sigma);
}
