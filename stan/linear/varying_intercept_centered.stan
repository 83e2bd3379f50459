// Linear regression with groups, partial pooling: intercepts come from a normal
// distribution, one slope for all; centered.
//
//   y[n] ~ normal(a[group[n]] + b x[n], sigma)
//   a[j] ~ normal(mu_a, sigma_a)
//   b    ~ normal(prior_b_location, prior_b_scale)
//   mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale)
//   sigma_a, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 12.3-12.4.
// Example: varying_intercept_centered.data.json, log radon in 919 houses in 85
//   counties of Minnesota; x is the floor of the measurement (0 basement, 1
//   first floor).
functions {
  // Log density of a scale x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    return family == 1 ? normal_lpdf(x | 0, scale)
           : family == 2 ? student_t_lpdf(x | df, 0, scale)
             : family == 3 ? cauchy_lpdf(x | 0, scale)
               : exponential_lpdf(x | 1 / scale);
  }
}
data {
  int<lower=1> N; // observations (count)
  int<lower=1> J; // groups (count)
  array[N] int<lower=1, upper=J> group; // group of each observation (code)
  vector[N] x; // predictor of each observation (unit of x)
  vector[N] y; // outcome of each observation (unit of y)
  real prior_b_location; // normal prior of b: mean (y per x)
  real<lower=0> prior_b_scale; // its sd (y per x)
  real prior_mu_a_location; // normal prior of mu_a: mean (unit of y)
  real<lower=0> prior_mu_a_scale; // its sd (unit of y)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_a_family; // family of sigma_a (code)
  real<lower=0> prior_sigma_a_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_a_df; // df of sigma_a (no unit)
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  real b; // slope that all groups share
  real mu_a; // mean of the intercepts
  real<lower=0> sigma_a; // standard deviation of the intercepts between groups
  real<lower=0> sigma; // residual standard deviation
  vector[J] a; // intercept of each group
}
model {
  b ~ normal(prior_b_location, prior_b_scale);
  mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  a ~ normal(mu_a, sigma_a);
  y ~ normal(a[group] + b * x, sigma);
}
