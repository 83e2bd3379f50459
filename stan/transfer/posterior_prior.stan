// Linear regression whose prior is an earlier posterior: a multivariate normal
// of the coefficients and log(sigma), with their correlations.
//
//   y[n] ~ normal(X[n] beta, sigma)           X[n] is row n of X
//   (beta, log sigma) ~ multi_normal(m, L L')
//
// Where sigma is known it is not part of the prior. m and L are the mean and
// the Cholesky factor of the covariance of an earlier fit's draws of beta and
// log(sigma), so far as these are normal.
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, sections
//   2.1 (today's posterior is tomorrow's prior) and 4.1 (normal approximation).
// Example: posterior_prior.data.json, radon in houses of small counties after
//   those of large ones: log_radon ~ floor.
data {
  int<lower=0> N; // observations of the new sample (count)
  int<lower=1> P; // columns of X, among them ones for an intercept (count)
  matrix[N, P] X; // predictors of the new sample (own unit each)
  vector[N] y; // its outcome (unit of y)
  int<lower=0, upper=1> known_sigma; // residual sd known? (yes 1)
  real<lower=0> sigma_known; // residual sd if known, else unused (unit of y)
  // One more where sigma is unknown: that of log(sigma), last.
  vector[P + 1 - known_sigma] prior_joint_mean; // m (y per X, log of y)
  matrix[P + 1 - known_sigma, P + 1 - known_sigma] prior_joint_L; // L (same)
}
parameters {
  vector[P] beta; // coefficients
  vector[1 - known_sigma] log_sigma; // log of the residual sd
}
transformed parameters {
  real sigma = known_sigma ? sigma_known : exp(log_sigma[1]);
}
model {
  append_row(beta, log_sigma) ~ multi_normal_cholesky(prior_joint_mean,
                                  prior_joint_L);
  y ~ normal(X * beta, sigma);
}
