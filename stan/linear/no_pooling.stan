// Linear regression with groups, no pooling: every group has an intercept of
// its own, with a fixed prior, and learns nothing from the others; one slope
// for all.
//
//   y[n]  ~ normal(a[group[n]] + b x[n], sigma)
//   a[j]  ~ normal(prior_a_location, prior_a_scale), fixed and wide
//   b     ~ normal(prior_b_location, prior_b_scale)
//   sigma ~ half-normal, half-t, half-Cauchy or exponential, sigma > 0
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 12.2 (no pooling).
// Example: no_pooling.data.json, log radon in 919 houses in 85 counties of
//   Minnesota; x is the floor of the measurement (0 basement, 1 first floor).
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
  real prior_a_location; // normal prior of each a: mean (unit of y)
  real<lower=0> prior_a_scale; // its sd (unit of y)
  real prior_b_location; // normal prior of b: mean (y per x)
  real<lower=0> prior_b_scale; // its sd (y per x)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  vector[J] a; // intercept of each group
  real b; // slope that all groups share
  real<lower=0> sigma; // residual standard deviation
}
model {
  a ~ normal(prior_a_location, prior_a_scale);
  b ~ normal(prior_b_location, prior_b_scale);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  y ~ normal(a[group] + b * x, sigma);
}
