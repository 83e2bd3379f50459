// Gaussian regression with one group term whose effects are integrated out: the
// posterior of gaussian.stan, from sums over groups. The sampler sees no group
// effects and no funnel; a gradient costs J, whatever the number of rows is.
//
//   y of group j = X_j beta + Z_j r_j + normal(0, sigma) errors
//   r_j ~ multi_normal(0, Lambda Lambda'), Lambda = diag(tau) L
//
// With X = Q R, the least-squares fit beta_hat, w = R (beta - beta_hat),
// u_j = v_j - C_j w, M = Lambda / sigma and A_j = I + M' S_j M, the density of
// y is, up to a constant,
//
//   -rows log sigma - sum_j log|A_j| / 2
//   - (rss + |w|^2 - sum_j (M' u_j)' A_j^(-1) M' u_j) / (2 sigma^2)
//
// where S_j = Z_j'Z_j, C_j = Z_j'Q_j, and v_j = Z_j' times the residuals of
// the least-squares fit. beta is sampled as w, in which that fit has no
// correlations. tau is sampled with a sign, as tau_unit sinh(tau_raw):
// changing the signs of tau[k] and of the kth effects changes nothing, so that
// tau = 0 is an ordinary point amid a smooth density, not the end of a long
// tail. Where a prior is 0 or infinite at tau = 0, tau_unit is 0 and tau is
// exp(tau_raw). Given the draws, Lambda^(-1) r_j is normal with mean A_j^(-1)
// M' u_j / sigma and covariance A_j^(-1). A row of weight 2 counts twice in all
// sums; known standard errors are weights 1 / se^2 with sigma 1.
//
// Source: Lindley and Smith (1972), Bayes estimates for the linear model;
//   Bates et al. (2015), Fitting linear mixed-effects models using lme4.
// Example: gaussian_marginal.data.json, reaction times of 18 sleepers,
//   reaction ~ days + (1 + days | subject).
functions {
  #include terms/priors.stanfunctions
  #include terms/weights.stanfunctions
  #include terms/groups.stanfunctions
}
data {
  int<lower=0> K; // predictors, without the intercept (count)
  int<lower=0, upper=1> has_intercept; // is there one? (yes 1)
  int<lower=0> P; // columns of X, intercept first: K + has_intercept (count)
  row_vector[K] x_mean; // means of X, where the prior of alpha is (unit of X)
  vector[P] beta_hat; // least-squares fit, Intercept first (eta per X)
  matrix[P, P] R_inverse; // inverse of R, where X = Q R (1 / unit of X)
  real<lower=0> rss; // residual sum of squares of that fit (square of eta)
  real<lower=0> rows; // rows, or the sum of their weights (count)
  int<lower=0, upper=1> known_se; // standard errors known, in the sums? (yes 1)
  int<lower=1> q; // coefficients of the group term (count)
  int<lower=0, upper=1> correlated; // coefficients correlated? (yes 1)
  int<lower=0> C; // correlations: q choose 2 if correlated (count)
  int<lower=1> J; // groups (count)
  // Sums over the rows of each group.
  matrix[J, choose(q + 1, 2)] ZZ; // Z'Z, lower triangle (square of unit of Z)
  matrix[J, q * (P + 1)] ZrQ; // Z'[residuals of that fit, Q], X = Q R (units)
  int<lower=0, upper=1> draw_effects; // draw the group effects? (yes 1)
  // Priors. Locations: 0 flat, 1 normal, 2 Student t, 3 Cauchy. Positive ones:
  // 1 half-normal, 2 half-t, 3 half-Cauchy, 4 exponential (scale: its mean),
  // 5 gamma (df: its shape).
  int<lower=0, upper=3> prior_alpha_family; // of the intercept (code)
  real prior_alpha_location; // at x_mean (unit of eta)
  real<lower=0> prior_alpha_scale; // its scale (unit of eta)
  real<lower=0> prior_alpha_df; // its degrees of freedom (no unit)
  array[K] int<lower=0, upper=3> prior_beta_family; // of the slopes (code)
  vector[K] prior_beta_location; // their locations (eta per X)
  vector<lower=0>[K] prior_beta_scale; // their scales (eta per X)
  vector<lower=0>[K] prior_beta_df; // their degrees of freedom (no unit)
  // A joint normal prior of D parameters, numbered Intercept, beta, log tau,
  // logit((cpc + 1) / 2), then logs of the others, less their lower bounds.
  int<lower=0> D; // parameters with a joint prior (count)
  array[D] int<lower=1> joint_at; // which they are (code)
  vector[D] prior_joint_mean; // its mean (their units, or logs)
  matrix[D, D] prior_joint_L; // Cholesky factor of its covariance (the same)
  real<lower=0> own_power; // power left to the own priors of these (no unit)
  array[q] int<lower=1, upper=5> prior_tau_family; // of tau (code)
  vector<lower=0>[q] prior_tau_scale; // its scale (eta per Z)
  vector<lower=0>[q] prior_tau_df; // degrees of freedom (no unit)
  real<lower=0> prior_cor_eta; // LKJ shape (no unit)
  int<lower=1, upper=5> prior_sigma_family; // of sigma (code)
  real<lower=0> prior_sigma_scale; // its scale (unit of eta)
  real<lower=0> prior_sigma_df; // its degrees of freedom (no unit)
  // Units in which the sampler sees the parameters; no posterior depends on it.
  real<lower=0> y_unit; // of sigma and xi (unit of eta)
  vector<lower=0>[q] tau_unit; // of tau near 0; 0: log scale (eta per Z)
}
transformed data {
  // Powers of the parameters' own priors.
  int own = has_intercept + K + q + C; // parameters but for sigma
  vector[own + 1] power = rep_vector(1, own + 1);
  power[joint_at] = rep_vector(own_power, D);
}
parameters {
  vector[P] xi; // R (beta - beta_hat), in y_unit
  vector[q] tau_raw; // tau: linear near 0, a logarithm far from it (no unit)
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector<lower=0>[1 - known_se] sigma_std; // sigma, in y_unit
}
transformed parameters {
  vector[has_intercept] Intercept = head(beta_hat, has_intercept)
                                    + y_unit
                                      * (R_inverse[1 : has_intercept] * xi);
  vector[K] beta = tail(beta_hat, K)
                   + y_unit * (R_inverse[has_intercept + 1 : P] * xi);
  vector[has_intercept] alpha = Intercept + x_mean * beta; // eta at x_mean
  vector[q] tau_signed = signed_sd(tau_raw, tau_unit); // see above (eta per Z)
  vector[q] tau = abs(tau_signed); // sds of the group effects (eta per Z)
  vector[1 - known_se] sigma = y_unit * sigma_std; // residual sd (unit of eta)
}
model {
  if (has_intercept) {
    target += power[1]
              * location_prior_lpdf(alpha[1] | prior_alpha_family,
                  prior_alpha_location, prior_alpha_scale, prior_alpha_df);
  }
  for (k in 1 : K) {
    target += power[has_intercept + k]
              * location_prior_lpdf(beta[k] | prior_beta_family[k],
                  prior_beta_location[k], prior_beta_scale[k],
                  prior_beta_df[k]);
  }
  for (k in 1 : q) {
    target += power[has_intercept + K + k]
              * scale_prior_lpdf(tau[k] | prior_tau_family[k],
                                 prior_tau_scale[k], prior_tau_df[k]);
  }
  target += log_slope_of_sd(tau_raw, tau_unit); // Jacobian of tau_signed
  if (correlated) {
    target += lkj_cpc(cpc, 0, q, prior_cor_eta, tail(head(power, own), C));
  }
  if (!known_se) {
    target += power[own + 1]
              * scale_prior_lpdf(sigma[1] | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  if (D) {
    target += joint_prior(append_row(Intercept, beta), tau,
                          flipped(cpc, tau_signed, {q}, {correlated}),
                          log(sigma), joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  real s = known_se ? 1 : sigma[1];
  matrix[q, q] M = diag_pre_multiply(tau_signed / s,
                     cholesky_corr(cpc, 0, q, correlated));
  vector[2] groups = integrated_out(ZZ, ZrQ, append_row(1, -y_unit * xi), M);
  target += -(known_se ? 0 : rows) * log(s) - 0.5 * groups[1]
            - 0.5 * (rss + square(y_unit) * dot_self(xi) - groups[2])
              / square(s);
}
generated quantities {
  vector[C] rho; // correlations, row by row below the diagonal
  {
    matrix[q, q] L = cholesky_corr(cpc, 0, q, correlated);
    int before = 0;
    for (i in 2 : correlated ? q : 1) {
      for (j in 1 : i - 1) {
        rho[before + j] = dot_product(L[i], L[j])
                          * (tau_signed[i] * tau_signed[j] < 0 ? -1 : 1);
      }
      before += i - 1;
    }
  }
  // Group effects, by coefficient and group: deviations from the population.
  vector[draw_effects ? q * J : 0] r;
  if (draw_effects) {
    real s = known_se ? 1 : sigma[1];
    matrix[q, q] M = diag_pre_multiply(tau_signed / s,
                       cholesky_corr(cpc, 0, q, correlated));
    array[q, q] vector[J] F = factors_of(ZZ, M);
    array[q] vector[J] x = whiten(F, ZrQ, append_row(1, -y_unit * xi), M);
    matrix[J, q] z; // Lambda \ r: F' \ (D \ x / s + D^(-1/2) standard normals)
    for (i in 1 : q) {
      int a = q + 1 - i;
      vector[J] noise = to_vector(normal_rng(zeros_vector(J), 1));
      z[ : , a] = x[a] ./ F[a, a] / s + noise ./ sqrt(F[a, a]);
      for (b in a + 1 : q) {
        z[ : , a] -= F[b, a] .* z[ : , b];
      }
    }
    r = s * to_vector(z * M');
  }
}
