// Gaussian regression with two or more group terms, crossed or nested: the
// posterior of gaussian.stan, from sums over groups and pairs of groups. The
// effects of the first term are integrated out, those of the others sampled. A
// gradient costs the number of pairs, whatever the number of rows is.
//
//   y ~ normal(X beta + W r2 + Z[j] r1[j], sigma), rows of group j of term 1
//   r1[j] ~ multi_normal(0, Lambda Lambda'), Lambda = diag(tau of term 1) L
//   r2: effects of terms 2, 3, ..., as in gaussian.stan; W: their columns
//
// This is gaussian_marginal.stan, which has the notation, with W r2 off y:
//
//   |w|^2 + rss becomes |w|^2 + rss + r2' (W'W r2 - 2 W'[residuals, Q] e)
//   u_j         becomes Z_j' [residuals, Q] e - Z_j'W r2,  e = (1, -w)
//
// with Z'W and W'W sparse unless small. What adds to all effects of a term and
// takes as much from beta changes little. So beta is sampled as w + Q'W r2, of
// which the least-squares fit is 0 whatever r2 is, and the mean of a term's z
// apart from their contrasts: none of these are correlated then.
//
// Terms stand one after another as in gaussian.stan: elements of tau by term
// and coefficient, those of z and r by term, coefficient, group, from term 2
// on. With H the reflection of z, a further term is sampled standardised,
// r = diag(tau) L H z with tau of either sign, or centered: r is H z in y_unit,
// and tau_raw the logarithm of tau, in tau_unit.
//
// Source: as gaussian_marginal.stan; its mixture with sampled terms is ours.
// Example: gaussian_marginal_crossed.data.json, 6 samples of
//   penicillin on 24 plates, diameter ~ 1 + (1 | plate) + (1 | sample).
functions {
  #include terms/priors.stanfunctions
  #include terms/weights.stanfunctions
  #include terms/groups.stanfunctions
  // z of each coefficient reflected, so that the sum of all groups over
  // sqrt(J) is the first of z and the others are contrasts: no less normal.
  matrix reflect(vector z, int J, int q) {
    matrix[J, q] r = to_matrix(z, J, q);
    vector[J] v = rep_vector(inv_sqrt(J), J);
    v[1] -= 1;
    return J == 1 ? r : r - v * (v' * r) / (1 - inv_sqrt(J));
  }
  // Log density of group effects as they stand, up to a constant.
  real effects_lpdf(vector r, int J, vector tau, matrix L) {
    matrix[J, size(tau)] r_t = to_matrix(r, J, size(tau));
    matrix[size(tau), size(tau)] S = diag_pre_multiply(tau, L);
    return std_normal_lpdf(to_vector(mdivide_left_tri_low(S, r_t')))
           - J * sum(log(diagonal(S)));
  }
  // A sparse matrix times r: its values row by row in units of the row's
  // largest, and where each row starts. A difference of cumulative sums is
  // quicker than sums row by row, and the units keep rounding within a row.
  vector sparse_times(vector value, array[] int column, array[] int start,
                      vector unit, vector r) {
    int m = size(start) - 1;
    vector[size(value)] products = value .* r[column];
    vector[size(value) + 1] total = append_row(0, cumulative_sum(products));
    return (total[start[2 : ]] - total[start[ : m]]) .* unit;
  }
  // Z' times what X and the further terms leave of y, by group and coefficient.
  matrix left_over(matrix ZrQ, vector e, int q, vector ZWr) {
    matrix[rows(ZrQ), q] u;
    for (i in 1 : q) {
      u[ : , i] = block(ZrQ, 1, (i - 1) * size(e) + 1, rows(ZrQ), size(e))
                  * e;
    }
    return u - to_matrix(ZWr, rows(ZrQ), q);
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
  int<lower=2> T; // group terms (count)
  array[T] int<lower=1> q; // coefficients of each term (count)
  array[T] int<lower=1> J; // groups of each term (count)
  int<lower=0> Q; // coefficients of all terms: sum of q (count)
  int<lower=0> C; // their correlations: q choose 2 where correlated (count)
  int<lower=1> R; // effects of terms 2, 3, ...: sum of q times J (count)
  array[T] int<lower=0, upper=1> correlated; // coefficients correlated? (yes 1)
  array[T] int<lower=0, upper=1> centered; // centered? first: 0 (yes 1)
  // Sums over the rows of each group of term 1 (Z) and of the others (W).
  matrix[J[1], choose(q[1] + 1, 2)] ZZ; // Z'Z, lower triangle (square of Z)
  matrix[J[1], q[1] * (P + 1)] ZrQ; // Z'[residuals, Q], X = Q R (units)
  matrix[R, P + 1] WrQ; // W'[residuals, Q] (units)
  // Z'W, by coefficient, then group: whole if dense, else its values that are
  // not 0; and W'W, its lower triangle, values off the diagonal twice.
  int<lower=0, upper=1> dense; // is Z'W given whole? (yes 1)
  matrix[dense ? q[1] * J[1] : 0, R] ZW; // if dense (units)
  int<lower=0> n_ZW; // values of Z'W, if not dense (count)
  vector[n_ZW] ZW_value; // of Z times that of W (units)
  array[n_ZW] int<lower=1, upper=R> ZW_column; // of each (code)
  int<lower=1> n_start; // rows of Z'W and 1 if not dense, else 1 (count)
  array[n_start] int<lower=1, upper=n_ZW + 1> ZW_start; // of each row (code)
  int<lower=0> n_WW; // values of W'W (count)
  vector[n_WW] WW_value; // of W times that of W (units)
  array[n_WW] int<lower=1, upper=R> WW_row; // of each (code)
  array[n_WW] int<lower=1, upper=R> WW_column; // of each (code)
  int<lower=0, upper=1> draw_effects; // draw those of term 1? (yes 1)
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
  array[Q] int<lower=1, upper=5> prior_tau_family; // of tau (code)
  vector<lower=0>[Q] prior_tau_scale; // its scale (eta per Z)
  vector<lower=0>[Q] prior_tau_df; // degrees of freedom (no unit)
  vector<lower=0>[T] prior_cor_eta; // LKJ shape of each term (no unit)
  int<lower=1, upper=5> prior_sigma_family; // of sigma (code)
  real<lower=0> prior_sigma_scale; // its scale (unit of eta)
  real<lower=0> prior_sigma_df; // its degrees of freedom (no unit)
  // Units in which the sampler sees the parameters; no posterior depends on it.
  real<lower=0> y_unit; // of sigma, xi, centered z (unit of eta)
  vector<lower=0>[Q] tau_unit; // of tau near 0; 0: log scale (eta per Z)
}
transformed data {
  // The largest value of each row of Z'W, if it is sparse, and values over it.
  vector[n_start - 1] ZW_unit = ones_vector(n_start - 1);
  vector[n_ZW] ZW_scaled = ZW_value;
  for (i in 1 : n_start - 1) {
    for (k in ZW_start[i] : ZW_start[i + 1] - 1) {
      ZW_unit[i] = k == ZW_start[i] ? abs(ZW_value[k])
                   : max({ZW_unit[i], abs(ZW_value[k])});
    }
    for (k in ZW_start[i] : ZW_start[i + 1] - 1) {
      ZW_scaled[k] /= ZW_unit[i];
    }
  }
  matrix[P, R] QW = WrQ[ : , 2 : P + 1]'; // Q'W
  // Powers of the parameters' own priors.
  int own = has_intercept + K + Q + C; // parameters but for sigma
  vector[own + 1] power = rep_vector(1, own + 1);
  power[joint_at] = rep_vector(own_power, D);
  array[T] int n_cor; // correlations of each term
  array[T] int n_r; // group effects of each term that are sampled
  // What stands before each term in tau, in cpc, and in z and r.
  array[T] int tau_at;
  array[T] int cor_at;
  array[T] int r_at;
  for (t in 1 : T) {
    n_cor[t] = correlated[t] ? choose(q[t], 2) : 0;
    n_r[t] = t > 1 ? q[t] * J[t] : 0;
    tau_at[t] = sum(q[ : t - 1]);
    cor_at[t] = sum(n_cor[ : t - 1]);
    r_at[t] = sum(n_r[ : t - 1]);
  }
  if (Q != sum(q) || C != sum(n_cor) || R != sum(n_r) || centered[1]) {
    reject("Q, C and R are ", Q, ", ", C, " and ", R, ", but must be ",
           sum(q), ", ", sum(n_cor), " and ", sum(n_r),
           ", and centered[1] must be 0");
  }
}
parameters {
  vector[P] xi; // R (beta - beta_hat) + Q'W r, in y_unit
  vector[Q] tau_raw; // tau: linear near 0, a logarithm far from it (no unit)
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // effects of terms 2, 3, ..., reflected: see above
  vector<lower=0>[1 - known_se] sigma_std; // sigma, in y_unit
}
transformed parameters {
  vector[Q] tau_signed = signed_sd(tau_raw, tau_unit); // see above (eta per Z)
  vector[R] r; // effects of terms 2, 3, ...: deviations from the population
  for (t in 2 : T) {
    matrix[J[t], q[t]] r_t = reflect(segment(z, r_at[t] + 1, n_r[t]), J[t],
                                     q[t]);
    for (k in tau_at[t] + 1 : tau_at[t] + q[t]) {
      if (centered[t]) {
        tau_signed[k] = tau_unit[k] * exp(tau_raw[k]);
      }
    }
    if (!centered[t]) {
      r_t *= diag_pre_multiply(
               segment(tau_signed, tau_at[t] + 1, q[t]) / y_unit,
               cholesky_corr(cpc, cor_at[t], q[t], correlated[t]))';
    }
    r[r_at[t] + 1 : r_at[t] + n_r[t]] = y_unit * to_vector(r_t);
  }
  vector[Q] tau = abs(tau_signed); // sds of the group effects (eta per Z)
  vector[1 - known_se] sigma = y_unit * sigma_std; // residual sd (unit of eta)
  vector[P] w = y_unit * xi - QW * r; // R (beta - beta_hat) (unit of eta)
  vector[has_intercept] Intercept = head(beta_hat, has_intercept)
                                    + R_inverse[1 : has_intercept] * w;
  vector[K] beta = tail(beta_hat, K) + R_inverse[has_intercept + 1 : P] * w;
  vector[has_intercept] alpha = Intercept + x_mean * beta; // eta at x_mean
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
  for (k in 1 : Q) {
    target += power[has_intercept + K + k]
              * scale_prior_lpdf(tau[k] | prior_tau_family[k],
                                 prior_tau_scale[k], prior_tau_df[k]);
  }
  for (t in 1 : T) {
    vector[q[t]] raw_t = segment(tau_raw, tau_at[t] + 1, q[t]);
    vector[n_r[t]] z_t = segment(z, r_at[t] + 1, n_r[t]);
    if (correlated[t]) {
      target += lkj_cpc(cpc, cor_at[t], q[t], prior_cor_eta[t],
                        tail(head(power, own), C));
    }
    if (centered[t]) {
      vector[q[t]] tau_t = segment(tau, tau_at[t] + 1, q[t]);
      matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t],
                                           correlated[t]);
      target += sum(raw_t) + effects_lpdf(z_t | J[t], tau_t / y_unit, L);
    } else {
      vector[q[t]] unit_t = segment(tau_unit, tau_at[t] + 1, q[t]);
      target += log_slope_of_sd(raw_t, unit_t); // Jacobian of tau_signed
      target += std_normal_lpdf(z_t);
    }
  }
  if (!known_se) {
    target += power[own + 1]
              * scale_prior_lpdf(sigma[1] | prior_sigma_family,
                                 prior_sigma_scale, prior_sigma_df);
  }
  if (D) {
    target += joint_prior(append_row(Intercept, beta), tau,
                          flipped(cpc, tau_signed, q, correlated),
                          log(sigma), joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  real s = known_se ? 1 : sigma[1];
  matrix[q[1], q[1]] M = diag_pre_multiply(head(tau_signed, q[1]) / s,
                           cholesky_corr(cpc, 0, q[1], correlated[1]));
  vector[P + 1] e = append_row(1, -w);
  vector[q[1] * J[1]] ZWr = dense ? ZW * r
                            : sparse_times(ZW_scaled, ZW_column, ZW_start,
                                           ZW_unit, r);
  matrix[J[1], q[1]] u = left_over(ZrQ, e, q[1], ZWr);
  vector[2] groups = integrated_out(ZZ, u, [1]', M);
  real squares = rss + dot_self(w) - 2 * dot_product(r, WrQ * e)
                 + dot_product(WW_value, r[WW_row] .* r[WW_column]);
  target += -(known_se ? 0 : rows) * log(s) - 0.5 * groups[1]
            - 0.5 * (squares - groups[2]) / square(s);
}
generated quantities {
  vector[C] rho; // correlations, ordered as cpc
  for (t in 1 : T) {
    matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t], correlated[t]);
    vector[q[t]] tau_t = segment(tau_signed, tau_at[t] + 1, q[t]);
    int before = cor_at[t];
    for (i in 2 : correlated[t] ? q[t] : 1) {
      for (j in 1 : i - 1) {
        rho[before + j] = dot_product(L[i], L[j])
                          * (tau_t[i] * tau_t[j] < 0 ? -1 : 1);
      }
      before += i - 1;
    }
  }
  // Effects of term 1, by coefficient and group: deviations.
  vector[draw_effects ? q[1] * J[1] : 0] r_first;
  if (draw_effects) {
    real s = known_se ? 1 : sigma[1];
    matrix[q[1], q[1]] M = diag_pre_multiply(head(tau_signed, q[1]) / s,
                             cholesky_corr(cpc, 0, q[1], correlated[1]));
    vector[q[1] * J[1]] ZWr = dense ? ZW * r
                              : sparse_times(ZW_scaled, ZW_column, ZW_start,
                                             ZW_unit, r);
    array[q[1], q[1]] vector[J[1]] F = factors_of(ZZ, M);
    matrix[J[1], q[1]] u = left_over(ZrQ, append_row(1, -w), q[1], ZWr);
    array[q[1]] vector[J[1]] x = whiten(F, u, [1]', M);
    matrix[J[1], q[1]] v; // Lambda \ r: F' \ (D \ x / s + D^(-1/2) normals)
    for (i in 1 : q[1]) {
      int a = q[1] + 1 - i;
      vector[J[1]] noise = to_vector(normal_rng(zeros_vector(J[1]), 1));
      v[ : , a] = x[a] ./ F[a, a] / s + noise ./ sqrt(F[a, a]);
      for (b in a + 1 : q[1]) {
        v[ : , a] -= F[b, a] .* v[ : , b];
      }
    }
    r_first = s * to_vector(v * M');
  }
}
