// Repeated binary trials, partial pooling: the log odds of success come from a
// normal distribution; non-centered.
//
//   successes[n] ~ binomial_logit(trials[n], alpha[n])
//   alpha[n]     = mu + sigma z[n]
//   z[n]         ~ normal(0, 1)
//   mu           ~ normal(prior_mu_location, prior_mu_scale)
//   sigma        ~ normal(0, prior_sigma_scale), sigma > 0
//   theta[n]     = inv_logit(alpha[n])
//
// Source: Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 4: Partial Pooling (Log Odds)",
//   "Non-Centered Parameterization"; Betancourt and Girolami (2015),
//   Hamiltonian Monte Carlo for Hierarchical Models.
// Example: partial_pooling_logit_noncentered.data.json, hits of 18 baseball
//   players in their first 45 at-bats of 1970 (Efron and Morris 1975, table 1).
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
  vector[N] z; // standardised log odds
}
transformed parameters {
  vector[N] alpha = mu + sigma * z; // implies alpha ~ normal(mu, sigma)
}
model {
  mu ~ normal(prior_mu_location, prior_mu_scale);
  sigma ~ normal(0, prior_sigma_scale);
  z ~ std_normal();
  successes ~ binomial_logit(trials, alpha);
}
generated quantities {
  vector<lower=0, upper=1>[N] theta = inv_logit(alpha); // chance of success
}
