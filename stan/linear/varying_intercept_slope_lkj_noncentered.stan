// Linear regression with groups, partial pooling: intercepts and slopes come
// from a bivariate normal distribution, LKJ prior of their correlation;
// non-centered.
//
//   y[n] ~ normal(a[group[n]] + b[group[n]] x[n], sigma)
//   b[j] = mu_b + sigma_b z_b[j]
//   a[j] = mu_a + sigma_a (rho z_b[j] + sqrt(1 - rho^2) z_a[j])
//   z_a[j], z_b[j] ~ normal(0, 1)
//   mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale), mu_b alike
//   sigma_a, sigma_b, sigma ~ half-normal, half-t, half-Cauchy or exponential
//   L    ~ lkj_corr_cholesky(prior_L_eta), rho = L[2, 1] the correlation
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 13.1; prior of the correlation:
//   Lewandowski, Kurowicka and Joe (2009), J. Multivariate Analysis 100, 1989.
// Example: varying_intercept_slope_lkj_noncentered.data.json, log radon in 919
//   houses in 85 counties of Minnesota; x is the floor of the measurement (0
//   basement, 1 first floor).
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
  real<lower=0> prior_L_eta; // LKJ shape, 1 uniform, larger nearer 0 (no unit)
}
parameters {
  real mu_a; // mean of the intercepts
  real mu_b; // mean of the slopes
  real<lower=0> sigma_a; // standard deviation of the intercepts between groups
  real<lower=0> sigma_b; // standard deviation of the slopes between groups
  real<lower=0> sigma; // residual standard deviation
  cholesky_factor_corr[2] L; // of the correlation matrix of (a, b)
  vector[J] z_a; // standardised intercept of each group
  vector[J] z_b; // standardised slope of each group
}
transformed parameters {
  // Implies (a, b) ~ bivariate normal with correlation L[2, 1].
  vector[J] a = mu_a + sigma_a * (L[2, 1] * z_b + L[2, 2] * z_a);
  vector[J] b = mu_b + sigma_b * z_b;
}
model {
  mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale);
  mu_b ~ normal(prior_mu_b_location, prior_mu_b_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  L ~ lkj_corr_cholesky(prior_L_eta);
  z_a ~ std_normal();
  z_b ~ std_normal();
  y ~ normal(a[group] + b[group] .* x, sigma);
}
generated quantities {
  real rho = L[2, 1]; // correlation of intercepts and slopes
}
