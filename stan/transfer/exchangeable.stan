// Two linear regressions whose coefficients are exchangeable: hierarchical
// borrowing, the amount of which the data decide.
//
//   y[n] ~ normal(X[n] beta, sigma)                  the new sample
//   y_h[n] ~ normal(X_h[n] beta_history, sigma_history)
//   beta[k], beta_history[k] ~ normal(mu[k], tau[k])
//   mu ~ normal; tau, sigmas ~ half-normal, half-t, half-Cauchy or exponential
//
// mu and all coefficients are integrated out, so that no funnel can be, and
// drawn exactly afterwards. With prior mean (m, m) and covariance F F' of
// (beta_history, beta), B the blocks X'X / sigma^2 of the two samples, v their
// X'(y - X m) / sigma^2, and G the Cholesky factor of I + F'BF, the log density
// is, but for residual sums of squares,
//
//   -log|G| + |G^(-1) F'v|^2 / 2.
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.4; Lindley and Smith (1972), Bayes estimates for the linear model.
// Example: exchangeable.data.json, radon in houses of small counties after
//   those of large ones: log_radon ~ floor.
functions {
  // Log density of a scale x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    return family == 1 ? normal_lpdf(x | 0, scale)
           : family == 2 ? student_t_lpdf(x | df, 0, scale)
             : family == 3 ? cauchy_lpdf(x | 0, scale)
               : exponential_lpdf(x | 1 / scale);
  }
  // Lower factor F of the prior covariance of (beta_history, beta).
  matrix prior_factor(vector tau, vector scale) {
    int P = size(tau);
    vector[P] sd = hypot(scale, tau);
    matrix[2 * P, 2 * P] F = rep_matrix(0, 2 * P, 2 * P);
    F[1 : P, 1 : P] = diag_matrix(sd);
    F[P + 1 : 2 * P, 1 : P] = diag_matrix(square(scale) ./ sd);
    vector[P] given_history = tau .* hypot(sqrt2() * scale, tau) ./ sd;
    F[P + 1 : 2 * P, P + 1 : 2 * P] = diag_matrix(given_history);
    return F;
  }
  // Cholesky factor of I + F'BF.
  matrix information_factor(matrix F, matrix B_history, matrix B) {
    int P = rows(B);
    matrix[2 * P, 2 * P] both = rep_matrix(0, 2 * P, 2 * P);
    both[1 : P, 1 : P] = B_history;
    both[P + 1 : 2 * P, P + 1 : 2 * P] = B;
    return cholesky_decompose(add_diag(quad_form_sym(both, F), 1));
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
  int<lower=0, upper=1> tau_fixed; // is tau given? (yes 1)
  vector[P] prior_beta_location; // normal prior of mu: mean m (y per X)
  vector<lower=0>[P] prior_beta_scale; // its sd (y per X)
  vector<lower=0>[P] prior_tau_scale; // of tau, or tau if given (y per X)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
  int<lower=1, upper=4> prior_tau_family; // family of tau (code)
  real<lower=0> prior_tau_df; // df of tau (no unit)
}
transformed data {
  // Cross-products about the prior mean.
  vector[P] d = beta_hat_history - prior_beta_location;
  matrix[P, P] XX_history = crossprod(R_history);
  vector[P] Xr_history = XX_history * d;
  real rr_history = rss_history + dot_self(R_history * d);
  vector[N] residuals = y - X * prior_beta_location;
  matrix[P, P] XX = crossprod(X);
  vector[P] Xr = X' * residuals;
}
parameters {
  vector<lower=0>[tau_fixed ? 0 : P] tau_free; // between-sample sds
  // Residual sds of the history and of the new sample.
  vector<lower=0>[known_sigma ? 0 : 2] sigma_free;
}
transformed parameters {
  vector[P] tau = tau_fixed ? prior_tau_scale : tau_free; // between-sample sds
  real sigma_history = known_sigma ? sigma_known : sigma_free[1];
  real sigma = known_sigma ? sigma_known : sigma_free[2]; // residual sds
}
model {
  matrix[2 * P, 2 * P] F = prior_factor(tau, prior_beta_scale);
  matrix[2 * P, 2 * P] G = information_factor(F,
                             XX_history / square(sigma_history),
                             XX / square(sigma));
  vector[2 * P] v = append_row(Xr_history / square(sigma_history),
                               Xr / square(sigma));
  if (!tau_fixed) {
    for (k in 1 : P) {
      target += scale_prior_lpdf(tau_free[k] | prior_tau_family,
                                 prior_tau_scale[k], prior_tau_df);
    }
  }
  if (!known_sigma) {
    target += scale_prior_lpdf(sigma_history | prior_sigma_family,
                               prior_sigma_scale, prior_sigma_df)
              + scale_prior_lpdf(sigma | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  target += -N_history * log(sigma_history) - N * log(sigma)
            - 0.5 * rr_history / square(sigma_history)
            - 0.5 * dot_self(residuals) / square(sigma)
            - sum(log(diagonal(G)))
            + 0.5 * dot_self(mdivide_left_tri_low(G, F' * v));
}
generated quantities {
  vector[P] beta_history; // coefficients of the history
  vector[P] beta; // coefficients of the new sample
  {
    matrix[2 * P, 2 * P] F = prior_factor(tau, prior_beta_scale);
    matrix[2 * P, 2 * P] G = information_factor(F,
                               XX_history / square(sigma_history),
                               XX / square(sigma));
    vector[2 * P] v = append_row(Xr_history / square(sigma_history),
                                 Xr / square(sigma));
    vector[2 * P] z = to_vector(
                                normal_rng(mdivide_left_tri_low(G, F' * v),
                                           1));
    vector[2 * P] both = F * mdivide_right_tri_low(z', G)';
    beta_history = prior_beta_location + head(both, P);
    beta = prior_beta_location + tail(both, P);
  }
}
