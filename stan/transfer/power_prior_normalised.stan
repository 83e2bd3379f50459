// Linear regression with a normalised power prior: the power a0 of the
// historical likelihood is unknown.
//
//   y[n] ~ normal(X[n] beta, sigma)                  X[n] is row n of X
//   p(beta, sigma | a0) = L(beta, sigma | history)^a0 prior / C(a0)
//   prior: beta ~ normal(m, sigma s), sigma^2 ~ inv_gamma
//   a0 ~ beta
//
// C(a0), the integral of the numerator, is known since the prior is conjugate;
// without it a0 would be pushed to 0, whatever the data say. All but a0 is
// integrated out, and drawn exactly afterwards. With d = beta - b, b the
// history's least-squares fit, each exponent is -(c - 2 g'd + d'A d) /
// (2 sigma^2), whose smallest value is c - g'A^(-1)g.
//
// Source: Duan, Ye and Smith (2006), Evaluating water quality using power
//   priors to incorporate historical information, Environmetrics 17:95;
//   Neuenschwander, Branson and Spiegelhalter (2009), A note on the power
//   prior, Statistics in Medicine 28:3562.
// Example: power_prior_normalised.data.json, radon in houses of small counties
//   after those of large ones: log_radon ~ floor.
functions {
  // Smallest value of the exponent, times -2 sigma^2.
  real smallest(matrix A, vector g, real c) {
    return c - dot_self(mdivide_left_tri_low(cholesky_decompose(A), g));
  }
  // Log of the integral over beta (and sigma) of a likelihood of n rows to its
  // power, times the prior, up to a constant.
  real log_integral(matrix A,
                    vector g,
                    real c,
                    real n,
                    int known_sigma,
                    real sigma_known,
                    real shape,
                    real scale) {
    real s = smallest(A, g, c);
    return -sum(log(diagonal(cholesky_decompose(A))))
           + (known_sigma
              ? -n * log(sigma_known) - 0.5 * s / square(sigma_known)
              : lgamma(shape + 0.5 * n)
                - (shape + 0.5 * n) * log(scale + 0.5 * s));
  }
}
data {
  int<lower=0> N; // observations of the new sample (count)
  int<lower=1> P; // columns of X, among them ones for an intercept (count)
  matrix[N, P] X; // predictors of the new sample (own unit each)
  vector[N] y; // its outcome (unit of y)
  int<lower=0, upper=1> known_sigma; // residual sd known? (yes 1)
  real<lower=0> sigma_known; // residual sd if known, else unused (unit of y)
  // Sums of the history X_h, y_h, about its least-squares fit.
  real<lower=0> N_history; // rows (count)
  vector[P] beta_hat_history; // least-squares fit (y per X)
  matrix[P, P] R_history; // upper factor: R'R = X_h'X_h (unit of X)
  real<lower=0> rss_history; // residual sum of squares (square of y)
  vector[P] prior_beta_location; // m, normal prior of beta: mean (y per X)
  vector<lower=0>[P] prior_beta_scale; // s: its sd is sigma s (1 / unit of X)
  real<lower=0> prior_sigma_shape; // inverse gamma of sigma^2: shape (no unit)
  real<lower=0> prior_sigma_scale; // and scale (square of y)
  real<lower=0> prior_a0_alpha; // beta prior of a0: first shape (no unit)
  real<lower=0> prior_a0_beta; // second shape (no unit)
}
transformed data {
  // Cross-products about b; those of the prior and of the new sample.
  matrix[P, P] XX_history = crossprod(R_history);
  matrix[P, P] A_prior = diag_matrix(inv_square(prior_beta_scale));
  vector[P] g_prior = A_prior * (prior_beta_location - beta_hat_history);
  real c_prior = quad_form(A_prior, prior_beta_location - beta_hat_history);
  matrix[P, P] A_both = A_prior + crossprod(X);
  vector[P] g_both = g_prior + X' * (y - X * beta_hat_history);
  real c_both = c_prior + dot_self(y - X * beta_hat_history);
}
parameters {
  real<lower=0, upper=1> a0; // power of the history's likelihood
}
model {
  a0 ~ beta(prior_a0_alpha, prior_a0_beta);
  target += log_integral(A_both + a0 * XX_history, g_both,
                         c_both + a0 * rss_history, a0 * N_history + N,
                         known_sigma, sigma_known, prior_sigma_shape,
                         prior_sigma_scale);
  target += -log_integral(A_prior + a0 * XX_history, g_prior,
                          c_prior + a0 * rss_history, a0 * N_history,
                          known_sigma, sigma_known, prior_sigma_shape,
                          prior_sigma_scale);
}
generated quantities {
  real sigma = sigma_known; // residual standard deviation
  vector[P] beta = beta_hat_history; // coefficients
  {
    matrix[P, P] A = A_both + a0 * XX_history;
    matrix[P, P] root = cholesky_decompose(A);
    real least = smallest(A, g_both, c_both + a0 * rss_history);
    if (!known_sigma) {
      sigma = sqrt(
                   inv_gamma_rng(
                                 prior_sigma_shape
                                 + 0.5 * (a0 * N_history + N),
                                 prior_sigma_scale + 0.5 * least));
    }
    vector[P] z = to_vector(
                            normal_rng(mdivide_left_tri_low(root, g_both),
                                       sigma));
    beta += mdivide_right_tri_low(z', root)';
  }
}
