// Repeated binary trials, partial pooling: the chances of success come from a
// beta distribution with mean phi and concentration kappa.
//
//   successes[n] ~ binomial(trials[n], theta[n])
//   theta[n]     ~ beta(phi kappa, (1 - phi) kappa)
//   phi          ~ beta(prior_phi_alpha, prior_phi_beta)
//   kappa        ~ Pareto(prior_kappa_min, prior_kappa_shape)
//
// kappa counts trials: given phi and kappa, the mean of theta[n] is
// (successes[n] + phi kappa) / (trials[n] + kappa).
//
// Source: Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 3: Partial Pooling (Chance of
//   Success)"; Gelman et al. (2013), Bayesian Data Analysis, section 5.3.
// Example: partial_pooling_beta.data.json, hits of 18 baseball players in
//   their first 45 at-bats of 1970 (Efron and Morris 1975, table 1).
//   Here kappa is uncertain and some transitions diverge: for inference take
//   partial_pooling_beta_marginal, the same posterior.
data {
  int<lower=1> N; // units (count)
  array[N] int<lower=0> trials; // trials of each unit (count)
  array[N] int<lower=0, upper=trials> successes; // successes in them (count)
  real<lower=0> prior_phi_alpha; // beta prior of phi: first shape (no unit)
  real<lower=0> prior_phi_beta; // beta prior of phi: second shape (no unit)
  real<lower=0> prior_kappa_min; // Pareto prior of kappa: lower bound (trials)
  real<lower=0> prior_kappa_shape; // Pareto prior of kappa: shape (no unit)
}
parameters {
  real<lower=0, upper=1> phi; // average chance of success
  real<lower=prior_kappa_min> kappa; // concentration, in trials
  vector<lower=0, upper=1>[N] theta; // chance of success
}
model {
  phi ~ beta(prior_phi_alpha, prior_phi_beta);
  kappa ~ pareto(prior_kappa_min, prior_kappa_shape);
  theta ~ beta(phi * kappa, (1 - phi) * kappa);
  successes ~ binomial(trials, theta);
}
