// Gaussian regression with two or more group terms, crossed or nested: the
// posterior of gaussian.stan, from sums over groups and pairs of groups. The
// effects of all terms are integrated out, so that the sampler sees only the
// population's parameters, and no funnel.
//
//   y ~ normal(X beta + Z r, sigma), r: the effects of all terms
//   r[t][j] ~ multi_normal(0, Lambda Lambda'), Lambda = diag(tau) L of term t
//
// This is gaussian_marginal.stan, which has the notation, with all terms in the
// place of one: with M = Lambda / sigma of all groups and A = I + M' Z'Z M, the
// density of y is, up to a constant,
//
//   -rows log sigma - log|A| / 2
//   - (rss + |w|^2 - (M' u)' A^(-1) M' u) / (2 sigma^2),  u = Z'[res., Q] e,
//
// e = (1, -w). A is factorised term by term (blocked elimination). First come
// the terms of a chain, each nested in the next: no two groups of one term have
// rows in common, and those of an inner term belong to one group each of the
// outer ones, so what is left stays diagonal by group. All operations are on
// vectors over groups, and a sum over the groups that are nested in one is a
// difference of cumulative sums, as groups are sorted. The effects of all other
// terms, which are crossed with the chain's, are left with a dense matrix, the
// Schur complement, whose Cholesky factor is computed last.
//
// Terms stand one after another as in gaussian.stan: elements of tau by term
// and coefficient; those of r by term, coefficient, group, from term 2 on.
//
// Source: Bates et al. (2015), Fitting linear mixed-effects models using lme4,
//   for the density; Bates (2025), MixedModels.jl, for the blocked elimination.
// Example: gaussian_marginal_all.data.json, strength of 60 samples from 30
//   casks in 10 batches of a paste, strength ~ 1 + (1 | batch / cask).
functions {
  #include terms/priors.stanfunctions
  #include terms/elimination.stanfunctions
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
  #include terms/chain_data.stan
  // Sums over the rows of each group of the chain's terms (Z), of the terms
  // outside of it (W), by term, coefficient, group, and of both.
  // Z'Z of each term with itself and the next ones of the chain, whose groups
  // enclose its own: by the other's place in the chain and coefficient, then by
  // its own coefficient.
  matrix[JE, E * QE * QE] ZZ; // Z'Z of Z and a term's Z (units)
  matrix[JE, QE * (P + 1)] ZrQ; // Z'[residuals, Q], X = Q R (units)
  matrix[HE, RD] ZW; // Z'W, by term of the chain, coefficient, group (units)
  matrix[RD, RD] WW; // W'W (units)
  matrix[RD, P + 1] WrQ; // W'[residuals, Q] (units)
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
  real<lower=0> y_unit; // of sigma and xi (unit of eta)
  vector<lower=0>[Q] tau_unit; // of tau near 0; 0: log scale (eta per Z)
}
transformed data {
  // Powers of the parameters' own priors.
  int own = has_intercept + K + Q + C; // parameters but for sigma
  vector[own + 1] power = rep_vector(1, own + 1);
  power[joint_at] = rep_vector(own_power, D);
  array[T] int n_cor; // correlations of each term
  array[T] int tau_at; // what stands before each term in tau, in cpc, in r
  array[T] int cor_at;
  array[T] int r_at;
  int n_R = 0;
  for (t in 1 : T) {
    n_cor[t] = correlated[t] ? choose(q[t], 2) : 0;
    tau_at[t] = sum(q[ : t - 1]);
    cor_at[t] = sum(n_cor[ : t - 1]);
    r_at[t] = n_R;
    n_R += t > 1 ? q[t] * J[t] : 0;
  }
  #include terms/chain_layout.stan
  int square_of_QE = QE * QE;
  #include terms/pair_sums.stan
  // Sizes of the groups of each term, by the largest of Z'Z, and one over those
  // of the groups that enclose them.
  array[E] vector[most] size_in = rep_array(ones_vector(most), E);
  array[E, E] vector[most] unit = rep_array(ones_vector(most), E, E);
  for (d in 1 : E) {
    for (l in 1 : J[chain[d]]) {
      real largest = max(
                         block(ZZ, group_at[d] + l,
                               (d - 1) * square_of_QE + 1, 1, square_of_QE));
      size_in[d, l] = largest > 0 ? largest : 1;
    }
    for (c in 1 : d) {
      int n = J[chain[c]];
      unit[c, d, 1 : n] = inv(size_in[d, group_in[c, d, 1 : n]]);
    }
  }
  if (Q != sum(q) || C != sum(n_cor) || R != n_R || chain[1] != 1) {
    reject("Q, C and R are ", Q, ", ", C, " and ", R, ", but must be ",
           sum(q), ", ", sum(n_cor), " and ", n_R, ", and chain[1] must be 1");
  }
}
parameters {
  vector[P] xi; // R (beta - beta_hat), in y_unit
  vector[Q] tau_raw; // tau: linear near 0, a logarithm far from it (no unit)
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
  vector[Q] tau_signed = signed_sd(tau_raw, tau_unit); // signed (eta per Z)
  vector[Q] tau = abs(tau_signed); // sds of the group effects (eta per Z)
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
  for (k in 1 : Q) {
    target += power[has_intercept + K + k]
              * scale_prior_lpdf(tau[k] | prior_tau_family[k],
                                 prior_tau_scale[k], prior_tau_df[k]);
  }
  target += log_slope_of_sd(tau_raw, tau_unit); // Jacobian of tau_signed
  for (t in 1 : T) {
    if (correlated[t]) {
      target += lkj_cpc(cpc, cor_at[t], q[t], prior_cor_eta[t],
                        tail(head(power, own), C));
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
  {
    real s = known_se ? 1 : sigma[1];
    vector[P + 1] e = append_row(1, -y_unit * xi);
    array[T] matrix[QE, QE] M = factors(tau_signed / s, cpc, q, correlated,
                                        QE);
    #include terms/eliminate.stan
    target += -(known_se ? 0 : rows) * log(s) - 0.5 * log_det
              - 0.5 * (rss + square(y_unit) * dot_self(xi) - explained)
                / square(s);
  }
}
generated quantities {
  vector[C] rho; // correlations, ordered as cpc
  for (t in 1 : T) {
    matrix[q[t], q[t]] L_t = cholesky_corr(cpc, cor_at[t], q[t],
                                           correlated[t]);
    vector[q[t]] tau_t = segment(tau_signed, tau_at[t] + 1, q[t]);
    int before = cor_at[t];
    for (i in 2 : correlated[t] ? q[t] : 1) {
      for (j in 1 : i - 1) {
        rho[before + j] = dot_product(L_t[i], L_t[j])
                          * (tau_t[i] * tau_t[j] < 0 ? -1 : 1);
      }
      before += i - 1;
    }
  }
  // Effects of term 1, and of terms 2, 3, ...: by coefficient and group.
  vector[draw_effects ? q[1] * J[1] : 0] r_first;
  vector[R] r;
  {
    real s = known_se ? 1 : sigma[1];
    vector[P + 1] e = append_row(1, -y_unit * xi);
    array[T] matrix[QE, QE] M = factors(tau_signed / s, cpc, q, correlated,
                                        QE);
    #include terms/eliminate.stan
    // M \ r, from the last coefficient to the first: given those after it, one
    // is normal with mean (h / s - A of those times them) / D, variance 1 / D.
    vector[RD] v_D = zeros_vector(RD);
    vector[RD] r_D = v_D; // M of the terms outside times v_D
    array[S] vector[most] v = rep_array(zeros_vector(most), S);
    if (RD) {
      v_D = mdivide_right_tri_low(
              (h_L / s + to_vector(normal_rng(zeros_vector(RD), 1)))', L)';
      r_D = factor_times(M_D, v_D, q[outside], J[outside]);
      int at = 0;
      for (t in outside) {
        int n = q[t] * J[t];
        r[r_at[t] + 1 : r_at[t] + n] = s * segment(r_D, at + 1, n);
        at += n;
      }
    }
    for (reverse in 1 : S) {
      int a = S + 1 - reverse;
      int c = term[a];
      int t = chain[c];
      int n = J[t];
      vector[n] mean_a = h[a, 1 : n] / s;
      if (t == 1 && !draw_effects) {
        continue;
      }
      for (b in a + 1 : S) {
        mean_a -= A[a, b, 1 : n] .* v[b, group_in[c, term[b], 1 : n]];
      }
      if (pairwise) {
        mean_a -= M[t, 1, 1] * (ZW * r_D);
      } else if (RD) {
        mean_a -= ZW_M[a, 1 : n] * r_D;
      }
      v[a, 1 : n] = mean_a ./ A[a, a, 1 : n]
                    + to_vector(normal_rng(zeros_vector(n), 1))
                      ./ sqrt(A[a, a, 1 : n]);
    }
    for (a in 1 : S) {
      int c = term[a];
      int t = chain[c];
      int n = J[t];
      if (t == 1 && !draw_effects) {
        continue;
      }
      int first = a - coefficient[a]; // what stands before the term's own
      vector[n] r_a = zeros_vector(n);
      for (b in 1 : coefficient[a]) {
        r_a += s * M[t, coefficient[a], b] * v[first + b, 1 : n];
      }
      for (j in 1 : n) {
        int place = (coefficient[a] - 1) * n + level[group_at[c] + j];
        if (t == 1) {
          r_first[place] = r_a[j];
        } else {
          r[r_at[t] + place] = r_a[j];
        }
      }
    }
  }
}
