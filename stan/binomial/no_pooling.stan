// Repeated binary trials, no pooling: every unit has its own chance of success
// and learns nothing from the others.
//
//   successes[n] ~ binomial(trials[n], theta[n])
//   theta[n]     ~ beta(prior_theta_alpha, prior_theta_beta)
//
// Source: Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 2: No Pooling".
// Example: no_pooling.data.json, hits of 18 baseball players in their first
//   45 at-bats of 1970 (Efron and Morris 1975, table 1).
data {
  int<lower=1> N; // units (count)
  array[N] int<lower=0> trials; // trials of each unit (count)
  array[N] int<lower=0, upper=trials> successes; // successes in them (count)
  real<lower=0> prior_theta_alpha; // beta prior of theta: first shape (no unit)
  real<lower=0> prior_theta_beta; // beta prior of theta: second shape (no unit)
}
parameters {
  vector<lower=0, upper=1>[N] theta; // chance of success
}
model {
  theta ~ beta(prior_theta_alpha, prior_theta_beta);
  successes ~ binomial(trials, theta);
}
