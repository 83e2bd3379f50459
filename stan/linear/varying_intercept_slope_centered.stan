// Linear regression with groups, partial pooling: intercepts and slopes come
// from normal distributions, independent of each other; centered.
//
//   y[n] ~ normal(a[group[n]] + b[group[n]] x[n], sigma)
//   a[j] ~ normal(mu_a, sigma_a)
//   b[j] ~ normal(mu_b, sigma_b)
//   mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale), mu_b alike
//   sigma_a, sigma_b, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// Source: Wiecki (2017), Why hierarchical models are awesome, tricky, and
//   Bayesian; Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 13.1.
// Example: varying_intercept_slope_centered.data.json, log radon in 919 houses
//   in 85 counties of Minnesota; x is the floor of the measurement (0 basement,
//   1 first floor). Here it fails: chains do not get to small sigma_b; shown to
//   be understood.
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
  real prior_mu_a_location; // normal prior of mu_a: mean (unit of y)
  real<lower=0> prior_mu_a_scale; // its sd (unit of y)
  real prior_mu_b_location; // normal prior of mu_b: mean (y per x)
  real<lower=0> prior_mu_b_scale; // its sd (y per x)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_a_family; // family of sigma_a (code)
  real<lower=0> prior_sigma_a_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_a_df; // df of sigma_a (no unit)
  int<lower=1, upper=4> prior_sigma_b_family; // family of sigma_b (code)
  real<lower=0> prior_sigma_b_scale; // scale; mean if 4 (y per x)
  real<lower=0> prior_sigma_b_df; // df of sigma_b (no unit)
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  real mu_a; // mean of the intercepts
  real mu_b; // mean of the slopes
  real<lower=0> sigma_a; // standard deviation of the intercepts between groups
  real<lower=0> sigma_b; // standard deviation of the slopes between groups
  real<lower=0> sigma; // residual standard deviation
  vector[J] a; // intercept of each group
  vector[J] b; // slope of each group
}
model {
  mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale);
  mu_b ~ normal(prior_mu_b_location, prior_mu_b_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  a ~ normal(mu_a, sigma_a);
  b ~ normal(mu_b, sigma_b);
  y ~ normal(a[group] + b[group] .* x, sigma);
}
