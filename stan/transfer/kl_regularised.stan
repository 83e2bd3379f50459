// Linear regression whose posterior is held near that of an earlier fit by a
// Kullback-Leibler penalty.
//
//   y[n] ~ normal(X[n] beta, sigma)           X[n] is row n of X
//   beta ~ normal, sigma ~ half-normal, half-t, half-Cauchy or exponential
//   p_hist(beta, log sigma) = multi_normal(m, L L')
//
// Of all distributions q the one that maximises
//
//   E_q[log p(y | beta, sigma)] - KL(q || prior) - lambda KL(q || p_hist)
//
// is q = [p(y | beta, sigma) prior p_hist^lambda]^(1 / (1 + lambda)), up to a
// constant: the objective is a constant less (1 + lambda) times the divergence
// of q from it. Densities are those of (beta, log sigma); since the powers of
// prior and p_hist add up to 1, other coordinates give the same q. lambda = 0
// is the ordinary posterior; as lambda grows q becomes p_hist.
//
// Source: Bissiri, Holmes and Walker (2016), A general framework for updating
//   belief distributions, section 2; Abbas (2009), A Kullback-Leibler view of
//   linear and log-linear pools, Decision Analysis 6:25 (the geometric mean).
// Example: kl_regularised.data.json, radon in houses of small counties after
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
  real<lower=0> lambda; // weight of the penalty (no unit)
  vector[P] prior_beta_location; // normal prior of beta: mean (y per X)
  vector<lower=0>[P] prior_beta_scale; // its sd (y per X)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
  // The earlier posterior; one more where sigma is unknown: log(sigma), last.
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
  real log_posterior = normal_lpdf(y | X * beta, sigma)
                       + normal_lpdf(beta | prior_beta_location,
                                     prior_beta_scale);
  if (!known_sigma) {
    log_posterior += scale_prior_lpdf(sigma | prior_sigma_family,
                                      prior_sigma_scale, prior_sigma_df)
                     + log_sigma[1];
  }
  target += (log_posterior
             + lambda
               * multi_normal_cholesky_lpdf(append_row(beta, log_sigma) |
                   prior_joint_mean, prior_joint_L))
            / (1 + lambda);
}
