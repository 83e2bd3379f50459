// Repeated binary trials, partial pooling: the log odds of success come from a
// normal distribution; centered.
//
//   successes[n] ~ binomial_logit(trials[n], alpha[n])
//   alpha[n]     ~ normal(mu, sigma)
//   mu           ~ normal(prior_mu_location, prior_mu_scale)
//   sigma        ~ normal(0, prior_sigma_scale), sigma > 0
//   theta[n]     = inv_logit(alpha[n])
//
// Source: Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 4: Partial Pooling (Log Odds)",
//   "Centered Parameterization".
// Example: partial_pooling_logit_centered.data.json, hits of 18 baseball
//   players in their first 45 at-bats of 1970 (Efron and Morris 1975, table 1).
//   Here it fails, with divergences as sigma nears 0: shown to be understood.
//   For inference take partial_pooling_logit_noncentered, the same posterior.
data {
  int<lower=1> N; // units (count)
  array[N] int<lower=0> trials; // trials of each unit (count)
  array[N] int<lower=0, upper=trials> successes; // successes in them (count)
  real prior_mu_location; // normal prior of mu: mean (log odds)
  real<lower=0> prior_mu_scale; // normal prior of mu: sd (log odds)
  real<lower=0> prior_sigma_scale; // half-normal prior of sigma (log odds)
}
parameters {
  real mu; // mean log odds of success
  real<lower=0> sigma; // standard deviation of the log odds between units
  vector[N] alpha; // log odds of success
}
model {
  mu ~ normal(prior_mu_location, prior_mu_scale);
  sigma ~ normal(0, prior_sigma_scale);
  alpha ~ normal(mu, sigma);
  successes ~ binomial_logit(trials, alpha);
}
generated quantities {
  vector<lower=0, upper=1>[N] theta = inv_logit(alpha); // chance of success
}
