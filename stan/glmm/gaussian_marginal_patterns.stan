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
//   sum_j (M' u_j)' A_j^(-1) M' u_j = sum_p trace(A_p^(-1) M' U_p M)
//
// where U_p = sum over the groups of p of u_j u_j'. Since u_j = [v_j, C_j] e
// with e = (1, -w), element (a, b) of U_p is e' G_pab e, and the matrices
// G_pab = sum_j [v_j, C_j]_a' [v_j, C_j]_b, made once, are all that is left of
// the data.
//
// Source: as gaussian_marginal.stan; the sums over patterns are ours.
// Example: gaussian_marginal_patterns.data.json, log radon in 919 houses in 85
//   counties of Minnesota, log_radon ~ floor + (1 | county).
functions {
  #include terms/priors.stanfunctions
  #include terms/weights.stanfunctions
  // A = I + M'S M of every pattern as F D F': F below the diagonal, D on it.
  array[,] vector factors_of(matrix S, matrix M) {
    int q = rows(M);
    array[q, q] vector[rows(S)] F = rep_array(zeros_vector(rows(S)), q, q);
    for (a in 1 : q) {
      array[a] vector[rows(S)] g;
      for (b in 1 : a) {
        g[b] = (a == b) + S * weights_of(M, a, b);
        for (c in 1 : b - 1) {
          g[b] -= g[c] .* F[b, c];
        }
        F[a, b] = a == b ? g[b] : g[b] ./ F[b, b];
      }
    }
    return F;
  }
  // Sum over patterns of trace(A^(-1) M' [sum of u u'] M), where the sum of
  // u[i] u[j] over the groups of a pattern is e' G[columns of i, j] e.
  real explained_by(array[,] vector F, matrix G, vector e, matrix M) {
    int q = rows(M);
    vector[choose(size(e) + 1, 2)] ee = weights_of(to_matrix(e), 1, 1);
    array[q, q] vector[rows(G)] N;
    real total = 0;
    for (a in 1 : q) {
      for (b in 1 : a) {
        N[a, b] = G * to_vector(ee * weights_of(M, a, b)');
        N[b, a] = N[a, b];
      }
    }
    for (a in 1 : q) {
      for (c in 1 : a - 1) {
        for (b in 1 : q) {
          N[a, b] -= F[a, c] .* N[c, b];
        }
      }
    }
    for (a in 1 : q) {
      for (b in 1 : a) {
        for (c in 1 : b - 1) {
          N[a, b] -= F[b, c] .* N[a, c];
        }
      }
      total += sum(N[a, a] ./ F[a, a]);
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
  matrix[B, choose(q + 1, 2)] ZZ; // Z'Z, lower triangle (square of unit of Z)
  // Sums over its groups of u[i, k] u[j, l], made symmetric in k and l, for
  // i >= j and k >= l.
  matrix[B, choose(q + 1, 2) * choose(P + 2, 2)] G; // these (squares)
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
  array[q, q] vector[B] F = factors_of(ZZ, M);
  real explained = explained_by(F, G, append_row(1, -y_unit * xi), M); // s^2
  for (a in 1 : q) {
    target += -0.5 * dot_product(groups, log(F[a, a]));
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
        rho[before + j] = dot_product(L[i], L[j])
                          * (tau_signed[i] * tau_signed[j] < 0 ? -1 : 1);
      }
      before += i - 1;
    }
  }
}
