// Two linear regressions with a commensurate prior: each new coefficient is
// centered at the historical one, with a precision of spike and slab.
//
//   y[n] ~ normal(X[n] beta, sigma)                  the new sample
//   y_h[n] ~ normal(X_h[n] beta_history, sigma_history)
//   beta_history ~ normal
//   beta[k] ~ normal(beta_history[k], 1 / sqrt(t[k]))
//   t[k]: spike with chance p, else uniform(low, high)
//   sigmas ~ half-normal, half-t, half-Cauchy or exponential
//
// In the spike, t large, the samples agree; in the slab the history says next
// to nothing. The choice is summed out; agreement is its posterior chance.
//
// Source: Hobbs, Carlin, Mandrekar and Sargent (2011), Hierarchical
//   commensurate and power prior models for adaptive incorporation of
//   historical information in clinical trials, Biometrics 67:1047; spike and
//   slab: Hobbs, Sargent and Carlin (2012), Commensurate priors for
//   incorporating historical information in clinical trials using general and
//   generalized linear models, Bayesian Analysis 7:639.
// Example: commensurate.data.json, radon in houses of small counties after
//   those of large ones: log_radon ~ floor.
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
  // Sums of the history X_h, y_h, about its least-squares fit.
  real<lower=0> N_history; // rows (count)
  vector[P] beta_hat_history; // least-squares fit (y per X)
  matrix[P, P] R_history; // upper factor: R'R = X_h'X_h (unit of X)
  real<lower=0> rss_history; // residual sum of squares (square of y)
  vector[P] prior_beta_location; // normal prior of beta_history: mean (y per X)
  vector<lower=0>[P] prior_beta_scale; // its sd (y per X)
  real<lower=0, upper=1> prior_spike_chance; // p (no unit)
  vector<lower=0>[P] prior_spike_sd; // 1 / sqrt(t) in the spike (y per X)
  // Range of 1 / sqrt(t) in the slab, 1 / sqrt(high) to 1 / sqrt(low).
  vector<lower=0>[P] prior_slab_smallest; // the smallest sd (y per X)
  vector<lower=0>[P] prior_slab_largest; // the largest sd (y per X)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
parameters {
  vector[P] beta_history; // coefficients of the history
  vector[P] difference; // what those of the new sample have in addition
  // Precisions in the slab.
  
  vector<lower=inv_square(prior_slab_largest),
         upper=inv_square(prior_slab_smallest)>[P] slab;
  // Residual sds of the history and of the new sample.
  vector<lower=0>[known_sigma ? 0 : 2] sigma_free;
}
transformed parameters {
  vector[P] beta = beta_history + difference; // of the new sample
  real sigma_history = known_sigma ? sigma_known : sigma_free[1];
  real sigma = known_sigma ? sigma_known : sigma_free[2]; // residual sds
  vector[P] log_spike; // log density of the difference, in the spike
  vector[P] log_slab; // and in the slab
  for (k in 1 : P) {
    log_spike[k] = log(prior_spike_chance)
                   + normal_lpdf(difference[k] | 0, prior_spike_sd[k]);
    log_slab[k] = log1m(prior_spike_chance)
                  + normal_lpdf(difference[k] | 0, inv_sqrt(slab[k]));
  }
}
model {
  beta_history ~ normal(prior_beta_location, prior_beta_scale);
  for (k in 1 : P) {
    target += log_sum_exp(log_spike[k], log_slab[k]);
  }
  if (!known_sigma) {
    target += scale_prior_lpdf(sigma_history | prior_sigma_family,
                               prior_sigma_scale, prior_sigma_df)
              + scale_prior_lpdf(sigma | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  target += -N_history * log(sigma_history)
            - 0.5
              * (rss_history
                 + dot_self(R_history * (beta_history - beta_hat_history)))
              / square(sigma_history);
  y ~ normal(X * beta, sigma);
}
generated quantities {
  vector[P] agreement = inv_logit(log_spike - log_slab); // chance of the spike
}
