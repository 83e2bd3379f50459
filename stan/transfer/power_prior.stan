// Linear regression with a power prior: the likelihood of a historical sample
// to a fixed power a0.
//
//   y[n] ~ normal(X[n] beta, sigma)                  X[n] is row n of X
//   beta, sigma ~ L(beta, sigma | history)^a0 times their own priors
//   beta ~ normal, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// The history enters by its sums: with X_h = Q R and least-squares fit b,
//
//   log L = -N_h log sigma - (rss + |R (beta - b)|^2) / (2 sigma^2).
//
// a0 = 0 ignores the history, a0 = 1 pools it, between them a row of it counts
// as a0 rows. X_h may be of less than full rank; b is then any such fit.
//
// Source: Ibrahim and Chen (2000), Power prior distributions for regression
//   models, Statistical Science 15:46, equation 2.
// Example: power_prior.data.json, radon in houses of small counties after those
//   of large ones: log_radon ~ floor.
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
  int<lower=0> N; // observations of the new sample (count)
  int<lower=1> P; // columns of X, among them ones for an intercept (count)
  matrix[N, P] X; // predictors of the new sample (own unit each)
  vector[N] y; // its outcome (unit of y)
  int<lower=0, upper=1> known_sigma; // residual sd known? (yes 1)
  real<lower=0> sigma_known; // residual sd if known, else unused (unit of y)
  real<lower=0> a0; // power of the history's likelihood (no unit)
  // Sums of the history X_h, y_h, about its least-squares fit.
  real<lower=0> N_history; // rows (count)
  vector[P] beta_hat_history; // least-squares fit (y per X)
  matrix[P, P] R_history; // upper factor: R'R = X_h'X_h (unit of X)
  real<lower=0> rss_history; // residual sum of squares (square of y)
  vector[P] prior_beta_location; // normal prior of beta: mean (y per X)
  vector<lower=0>[P] prior_beta_scale; // its sd (y per X)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  vector[P] beta; // coefficients
  vector[1 - known_sigma] log_sigma; // log of the residual sd
}
transformed parameters {
  real sigma = known_sigma ? sigma_known : exp(log_sigma[1]);
}
model {
  beta ~ normal(prior_beta_location, prior_beta_scale);
  if (!known_sigma) {
    target += scale_prior_lpdf(sigma | prior_sigma_family, prior_sigma_scale,
                               prior_sigma_df)
              + log_sigma[1];
  }
  target += -a0
            * (N_history * log(sigma)
               + 0.5
                 * (rss_history
                    + dot_self(R_history * (beta - beta_hat_history)))
                 / square(sigma));
  y ~ normal(X * beta, sigma);
}
