// Estimates with known standard errors, partial pooling: the model of centered
// with every theta[j] integrated out.
//
//   y[j] ~ normal(mu, sqrt(sigma[j]^2 + tau^2))      sigma known
//   mu   ~ 1, or normal(prior_mu_location, prior_mu_scale)
//   tau  ~ 1, half-normal, half-t, half-Cauchy or exponential, tau > 0
//
// The sampler sees two parameters and no funnel, however many units there are.
// Given mu and tau the theta[j] are independent and are drawn exactly: with
// w[j] = tau^2 / (sigma[j]^2 + tau^2),
//
//   theta[j] | y ~ normal(mu + w[j] (y[j] - mu), sigma[j] sqrt(w[j]))
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.4, pp. 113-119; priors of tau: section 5.7 and Gelman (2006), Bayesian
//   Analysis 1(3), 515-533.
// Example: marginal.data.json, coaching in eight schools (Rubin 1981).
functions {
  // Log density of a scale x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    if (family == 1) {
      return normal_lpdf(x | 0, scale);
    } else if (family == 2) {
      return student_t_lpdf(x | df, 0, scale);
    } else if (family == 3) {
      return cauchy_lpdf(x | 0, scale);
    } else if (family == 4) {
      return exponential_lpdf(x | 1 / scale);
    }
    return 0; // family 0, flat on x > 0
  }
}
data {
  int<lower=1> J; // units (count)
  vector[J] y; // estimate of each unit (unit of the outcome)
  vector<lower=0>[J] sigma; // its known standard error (unit of the outcome)
  // Prior of mu, family code: 0 flat, 1 normal.
  int<lower=0, upper=1> prior_mu_family; // family (code)
  real prior_mu_location; // mean (unit of the outcome)
  real<lower=0> prior_mu_scale; // sd (unit of the outcome)
  // Prior of tau > 0, family code: 0 flat, 1 half-normal, 2 half-Student-t,
  // 3 half-Cauchy, 4 exponential.
  int<lower=0, upper=4> prior_tau_family; // family (code)
  real<lower=0> prior_tau_scale; // scale; mean if 4 (unit of the outcome)
  real<lower=0> prior_tau_df; // degrees of freedom, used by 2 only (no unit)
}
transformed data {
  if (prior_tau_family == 0 && J + prior_mu_family < 3) {
    reject("Improper posterior: a flat prior on tau needs J >= 3, or J >= 2",
           " with a normal prior on mu; J is ", J, ".");
  }
}
parameters {
  real mu; // mean of the effects
  real<lower=0> tau; // standard deviation of the effects between units
}
model {
  if (prior_mu_family == 1) {
    mu ~ normal(prior_mu_location, prior_mu_scale);
  }
  tau ~ scale_prior(prior_tau_family, prior_tau_scale, prior_tau_df);
  y ~ normal(mu, hypot(sigma, tau)); // sqrt(sigma^2 + tau^2)
}
generated quantities {
  vector[J] theta; // effect of each unit
  {
    vector[J] root_w = tau ./ hypot(sigma, tau);
    vector[J] mean_theta = mu + square(root_w) .* (y - mu);
    theta = to_vector(normal_rng(mean_theta, sigma .* root_w));
  }
}
