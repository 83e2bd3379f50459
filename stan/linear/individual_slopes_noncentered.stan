// Linear regression in which every observation has a slope of its own; the
// slopes come from a normal distribution; non-centered.
//
//   y[n]    ~ normal(a + b[n] x[n], sigma)
//   b[n]    = mu_b + sigma_b z_b[n]
//   z_b[n]  ~ normal(0, 1)
//   a       ~ normal(prior_a_location, prior_a_scale)
//   mu_b    ~ normal(prior_mu_b_location, prior_mu_b_scale)
//   sigma_b, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// Source: the random-coefficients model of Swamy (1970), Econometrica 38(2),
//   311-323, with one observation a unit; Gelman and Hill (2007), Data Analysis
//   Using Regression and Multilevel/Hierarchical Models, section 13.1.
// Example: individual_slopes_noncentered.data.json, simulated without residual
//   noise: 100 points, x ~ uniform(0, 10), b[n] ~ normal(2, 1), y = 2 + b[n]
//   x[n], rounded to 4 digits (NumPy's default_rng(2017)). Here it fails too:
//   each y[n] pins down its b[n]. Take marginal.
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
  vector[N] z_b; // standardised slope of each observation
}
transformed parameters {
  vector[N] b = mu_b + sigma_b * z_b; // implies b ~ normal(mu_b, sigma_b)
}
model {
  a ~ normal(prior_a_location, prior_a_scale);
  mu_b ~ normal(prior_mu_b_location, prior_mu_b_scale);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  z_b ~ std_normal();
  y ~ normal(a + b .* x, sigma);
}
