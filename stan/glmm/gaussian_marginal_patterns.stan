// Gaussian regression with one group term whose effects are integrated out: the
// posterior of gaussian.stan and gaussian_marginal.stan, for groups that share
// their Z'Z. Such groups form a pattern; a gradient costs the number of
// patterns, whatever the numbers of groups and rows are.
//
//   y of group j = X_j beta + Z_j r_j + normal(0, sigma) errors
//   r_j ~ multi_normal(0, Lambda Lambda'), Lambda = diag(tau) L
//
// With the notation of gaussian_marginal.stan, groups of pattern p share A_p,
// and
//
//   sum_j |A_j^(-1/2) Lambda' u_j|^2 = sum_p trace(A_p^(-1) Lambda' M_p Lambda)
//
// where M_p = sum over the groups of p of u_j u_j'. Since u_j = [v_j, C_j] e
// with e = (1, -w), element (a, b) of M_p is e' G_pab e, and the matrices
// G_pab = sum_j [v_j, C_j]_a' [v_j, C_j]_b, made once, are all that is left of
// the data.
//
// Source: as gaussian_marginal.stan; the sums over patterns are ours.
// Example: gaussian_marginal_patterns.data.json, log radon in 919 houses in 85
//   counties of Minnesota, log_radon ~ floor + (1 | county).
functions {
  // Log density of a location by the code of its family.
  real location_prior_lpdf(real x, int family, real location, real scale,
                           real df) {
    return family == 0 ? 0
           : family == 1 ? normal_lpdf(x | location, scale)
             : family == 2 ? student_t_lpdf(x | df, location, scale)
               : cauchy_lpdf(x | location, scale);
  }
  // Log density of x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    return family == 1 ? normal_lpdf(x | 0, scale)
           : family == 2 ? student_t_lpdf(x | df, 0, scale)
             : family == 3 ? cauchy_lpdf(x | 0, scale)
               : family == 4 ? exponential_lpdf(x | 1 / scale)
                 : gamma_lpdf(x | df, 1 / scale);
  }
  // Log density to add for a joint normal prior of the parameters numbered `at`
  // on the unconstrained scale, with their slopes there: powers of densities
  // depend on the scale.
  real joint_prior(vector locations,
                   vector tau,
                   vector cpc,
                   vector others,
                   array[] int at,
                   vector mean,
                   matrix L,
                   real own_power) {
    int n = size(locations) + size(tau) + size(cpc) + size(others);
    vector[n] u = append_row(append_row(locations, log(tau)),
                             append_row(log1p(cpc) - log1m(cpc), others));
    vector[n] slope = append_row(append_row(0 * locations, log(tau)),
                                 append_row(log1m(square(cpc)), others));
    return multi_normal_cholesky_lpdf(u[at] | mean, L)
           + (own_power - 1) * sum(slope[at]);
  }
  // Cholesky factor of a correlation matrix from its partial correlations, row
  // by row, which begin after the first `at` of cpc.
  matrix cholesky_corr(vector cpc, int at, int q, int correlated) {
    matrix[q, q] L = identity_matrix(q);
    int before = at;
    for (i in 2 : correlated ? q : 1) {
      for (j in 1 : i - 1) {
        L[i, j] = cpc[before + j] * L[i, i];
        L[i, i] *= sqrt(1 - square(cpc[before + j]));
      }
      before += i - 1;
    }
    return L;
  }
  // Log density of these partial correlations under LKJ(eta), up to a constant,
  // each one's part to its power.
  real lkj_cpc(vector cpc, int at, int q, real eta, vector power) {
    real total = 0;
    int before = at;
    for (i in 2 : q) {
      for (j in 1 : i - 1) {
        total += power[before + j] * (eta + 0.5 * (q - 1 - j) - 1)
                 * log1m(square(cpc[before + j]));
      }
      before += i - 1;
    }
    return total;
  }
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
  int<lower=1> B; // patterns: distinct values of Z'Z (count)
  vector<lower=1>[B] groups; // groups of each pattern (count)
  array[B] matrix[q, q] ZZ; // Z'Z of each pattern (square of the unit of Z)
  array[B, q, q] matrix[P + 1, P + 1] G; // sums over groups (squares)
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
  vector<lower=0>[q] tau_unit; // of tau (eta per Z)
}
transformed data {
  // Powers of the parameters' own priors.
  int own = has_intercept + K + q + C; // parameters but for sigma
  vector[own + 1] power = rep_vector(1, own + 1);
  power[joint_at] = rep_vector(own_power, D);
}
parameters {
  vector[P] xi; // R (beta - beta_hat), in y_unit
  vector<lower=0>[q] tau_std; // tau, in tau_unit
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
  vector[q] tau = tau_unit .* tau_std; // sds of the group effects (eta per Z)
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
  if (correlated) {
    target += lkj_cpc(cpc, 0, q, prior_cor_eta, tail(head(power, own), C));
  }
  if (!known_se) {
    target += power[own + 1]
              * scale_prior_lpdf(sigma[1] | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  if (D) {
    target += joint_prior(append_row(Intercept, beta), tau, cpc, log(sigma),
                          joint_at, prior_joint_mean, prior_joint_L,
                          own_power);
  }
  real s = known_se ? 1 : sigma[1];
  matrix[q, q] Lambda = diag_pre_multiply(tau,
                          cholesky_corr(cpc, 0, q, correlated));
  vector[P + 1] e = append_row(1, -y_unit * xi);
  real explained = 0;
  for (p in 1 : B) {
    matrix[q, q] F = cholesky_decompose(
                       add_diag(quad_form_sym(ZZ[p], Lambda) / square(s), 1));
    matrix[q, q] H = mdivide_left_tri_low(F, Lambda') / s;
    matrix[q, q] M;
    for (a in 1 : q) {
      for (b in 1 : a) {
        M[a, b] = quad_form(G[p, a, b], e);
        M[b, a] = M[a, b];
      }
    }
    target += -groups[p] * sum(log(diagonal(F)));
    explained += sum((H * M) .* H);
  }
  target += -(known_se ? 0 : rows) * log(s)
            - 0.5 * (rss + square(y_unit) * dot_self(xi) - explained)
              / square(s);
}
generated quantities {
  vector[C] rho; // correlations, row by row below the diagonal
  {
    matrix[q, q] L = cholesky_corr(cpc, 0, q, correlated);
    int before = 0;
    for (i in 2 : correlated ? q : 1) {
      for (j in 1 : i - 1) {
        rho[before + j] = dot_product(L[i], L[j]);
      }
      before += i - 1;
    }
  }
}
