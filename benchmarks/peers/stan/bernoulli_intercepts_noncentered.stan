// Bernoulli regression, varying intercepts, non-centered
//
//   y ~ bernoulli_logit(eta),
//   eta = alpha + r[group]
//
// A textbook program, a peer in benchmarks/: Stan User's Guide, hierarchical
// models and reparameterization.
data {
  int<lower=0> N; // rows (count)
  int<lower=1> J; // groups (count)
  array[N] int<lower=1, upper=J> group; // of each row (code)
  array[N] int<lower=0, upper=1> y; // response (yes 1)
  real prior_alpha_location; // of eta at x_mean (unit of eta)
  real<lower=0> prior_alpha_scale; // (unit of eta)
  real<lower=0> prior_tau_rate; // exponential (1 / unit of tau)
}
parameters {
  real alpha; // eta at x_mean (unit of eta)
  real<lower=0> tau; // sd of groups (unit of eta)
  vector[J] z; // standardised deviations (no unit)
}
transformed parameters {
  vector[J] r = tau * z; // deviations (unit of eta)
}
model {
  alpha ~ normal(prior_alpha_location, prior_alpha_scale);
  tau ~ exponential(prior_tau_rate);
  z ~ std_normal();
  y ~ bernoulli_logit(alpha + r[group]);
}
generated quantities {
  real Intercept = alpha; // (unit of eta)
}
