// Linear regression on any number of predictors; also, with group data,
// complete pooling: one intercept and one set of slopes for all.
//
//   y[n]  ~ normal(a + X[n] b, sigma)      X[n] is row n of X
//   a     ~ normal(prior_a_location, prior_a_scale)
//   b[k]  ~ normal(prior_b_location, prior_b_scale)
//   sigma ~ half-normal, half-t, half-Cauchy or exponential, sigma > 0
//
// With K = 0 this is a normal sample; K = 1 is simple regression. X has no
// column of ones: the intercept is a.
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, sections 3.1-3.2 and 12.2 (complete
//   pooling).
// Example: complete_pooling.data.json, simulated: 100 points, x ~ normal(0, 1),
//   y = 2 x + normal(0, 1), rounded to 4 digits (NumPy's default_rng(2017)).
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
  int<lower=0> N; // observations (count)
  int<lower=0> K; // predictors (count)
  matrix[N, K] X; // predictors, one row an observation (own unit each)
  vector[N] y; // outcome of each observation (unit of y)
  real prior_a_location; // normal prior of a: mean (unit of y)
  real<lower=0> prior_a_scale; // its sd (unit of y)
  real prior_b_location; // normal prior of each b: mean (y per x)
  real<lower=0> prior_b_scale; // its sd (y per x)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  real a; // intercept
  vector[K] b; // slope of each predictor
  real<lower=0> sigma; // residual standard deviation
}
model {
  a ~ normal(prior_a_location, prior_a_scale);
  b ~ normal(prior_b_location, prior_b_scale);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  y ~ normal_id_glm(X, a, b, sigma);
}
