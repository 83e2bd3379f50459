// Linear regression in which every observation has a slope of its own: the
// model of individual_slopes_centered with every b[n] integrated out.
//
//   y[n]    ~ normal(a + mu_b x[n], sqrt(sigma^2 + sigma_b^2 x[n]^2))
//   a       ~ normal(prior_a_location, prior_a_scale)
//   mu_b    ~ normal(prior_mu_b_location, prior_mu_b_scale)
//   sigma_b, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// The sampler sees four parameters: a regression whose variance grows with x^2.
// Given them the b[n] are independent and are drawn exactly: with s[n] =
// sqrt(sigma^2 + sigma_b^2 x[n]^2) and e[n] = y[n] - a - mu_b x[n],
//
//   b[n] | y ~ normal(mu_b + sigma_b^2 x[n] e[n] / s[n]^2,
//                     sigma_b sigma / s[n])
//
// Source: the random-coefficients model of Swamy (1970), Econometrica 38(2),
//   311-323, with one observation a unit; Gelman and Hill (2007), Data Analysis
//   Using Regression and Multilevel/Hierarchical Models, section 13.1.
// Example: individual_slopes_marginal.data.json, simulated without residual
//   noise: 100 points, x ~ uniform(0, 10), b[n] ~ normal(2, 1), y = 2 + b[n]
//   x[n], rounded to 4 digits (NumPy's default_rng(2017)). Take adapt_delta
//   0.99: the smallest x, 0.0168, ties a to small sigma.
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
  vector[N] x; // predictor of each observation (unit of x)
  vector[N] y; // outcome of each observation (unit of y)
  real prior_a_location; // normal prior of a: mean (unit of y)
  real<lower=0> prior_a_scale; // its sd (unit of y)
  real prior_mu_b_location; // normal prior of mu_b: mean (y per x)
  real<lower=0> prior_mu_b_scale; // its sd (y per x)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_b_family; // family of sigma_b (code)
  real<lower=0> prior_sigma_b_scale; // scale; mean if 4 (y per x)
  real<lower=0> prior_sigma_b_df; // df of sigma_b (no unit)
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  real a; // intercept that all observations share
  real mu_b; // mean of the slopes
  real<lower=0> sigma_b; // standard deviation of the slopes
  real<lower=0> sigma; // residual standard deviation
}
model {
  a ~ normal(prior_a_location, prior_a_scale);
  mu_b ~ normal(prior_mu_b_location, prior_mu_b_scale);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  y ~ normal(a + mu_b * x, hypot(sigma, sigma_b * x));
}
generated quantities {
  vector[N] b; // slope of each observation
  {
    vector[N] s = hypot(sigma, sigma_b * x);
    vector[N] e = (y - a - mu_b * x) ./ s;
    vector[N] mean_b = mu_b + square(sigma_b) * x .* e ./ s;
    b = to_vector(normal_rng(mean_b, sigma_b * sigma ./ s));
  }
}
