// Repeated binary trials, complete pooling: one chance of success for all.
//
//   successes[n] ~ binomial(trials[n], phi)
//   phi          ~ beta(prior_phi_alpha, prior_phi_beta)
//
// Source: Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 1: Complete Pooling".
// Example: complete_pooling.data.json, hits of 18 baseball players in their
//   first 45 at-bats of 1970 (Efron and Morris 1975, table 1).
data {
  int<lower=1> N; // units (count)
  array[N] int<lower=0> trials; // trials of each unit (count)
  array[N] int<lower=0, upper=trials> successes; // successes in them (count)
  real<lower=0> prior_phi_alpha; // beta prior of phi: first shape (no unit)
  real<lower=0> prior_phi_beta; // beta prior of phi: second shape (no unit)
}
parameters {
  real<lower=0, upper=1> phi; // the chance of success that all units share
}
model {
  phi ~ beta(prior_phi_alpha, prior_phi_beta);
  successes ~ binomial(trials, phi);
}
generated quantities {
  vector<lower=0, upper=1>[N] theta = rep_vector(phi, N); // chance of success
}
