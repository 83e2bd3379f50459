// Binomial (or Bernoulli) regression with any number of group terms: the
// program behind formulas such as y | trials(n) ~ x + (1 + x | g).
//
//   y[n] ~ binomial_logit(trials[n], eta[n]), to the power weights[n]
//   eta = alpha + (X - mean of X) beta + known + sum over terms t of
//         Z[t] r[t][group[t]]
//   r[t][j] ~ multi_normal(0, diag(tau[t]) Omega[t] diag(tau[t]))
//   Omega[t] ~ LKJ(prior_cor_eta[t]) where correlated[t], else the identity
//
// Group term t has q[t] coefficients in each of J[t] groups. Terms stand one
// after another: columns of Z, elements of tau by term and coefficient, those
// of z and r by term, coefficient, group. cpc are canonical partial
// correlations, which are independent under the LKJ prior: row by row those of
// the Cholesky factor L of Omega. With Lambda = diag(tau) L, z is by form[t]
//   0 non-centered: r[j] = Lambda z[j]
//   1 centered:     r[j] = z[j]
//   2 rescaled:     r[j] = Lambda w[j], where w[j] given a pilot fit is about
//     normal(A[j]^-1 Lambda' u[j], A[j]^-1), and z[j] is w[j] standardised:
//     A[j] = I + Lambda' Z'WZ[j] Lambda, u[j] = Z'We[j] - Z'WXB[j] xi, over
//     sigma^2 where there is a sigma. z is then nearly standard normal.
// The pilot fit has working weights W, coefficients b_hat (alpha and beta) of
// covariance B B', and working residuals e at b_hat, less the known part and
// the effects of other terms. It moves no posterior, only the coordinates.
// tau is sampled as |tau_unit sinh(tau_raw)|, its sign being that of the
// effects, or where tau_unit = 0 as exp(tau_raw).
//
// Source: Lewandowski, Kurowicka and Joe (2009), Generating random correlation
//   matrices based on vines and extended onion method, section 2.4 (C-vine);
//   Kleppe (2019), Dynamically rescaled Hamiltonian Monte Carlo for Bayesian
//   hierarchical models, section 4.
// Example: binomial.data.json, contraception in 60 districts of Bangladesh,
//   use ~ urban + (1 + urban | district).
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
  // Partial correlations with the signs that signed sds give them.
  vector flipped(vector cpc, vector tau, array[] int q,
                 array[] int correlated) {
    vector[size(cpc)] signed = cpc;
    int c = 0; // partial correlations and sds before
    int k = 0;
    for (t in 1 : size(q)) {
      for (i in 2 : correlated[t] ? q[t] : 1) {
        for (j in 1 : i - 1) {
          c += 1;
          signed[c] *= tau[k + i] * tau[k + j] < 0 ? -1 : 1;
        }
      }
      k += q[t];
    }
    return signed;
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
  // tau with the sign of its effects from tau_raw; those given, as they are.
  vector signed_tau(vector tau_raw, vector unit, array[] int fixed,
                    vector given) {
    vector[size(given)] tau = given;
    int at = 0;
    for (k in 1 : size(given)) {
      if (!fixed[k]) {
        at += 1;
        tau[k] = unit[k] > 0 ? unit[k] * sinh(tau_raw[at]) : exp(tau_raw[at]);
      }
    }
    return tau;
  }
  // Each of the three: the log density of z, up to a constant, and after it the
  // group effects that z stands for.
  vector noncentered(vector z, matrix Lambda, int J, int q) {
    return append_row(std_normal_lpdf(z),
                      to_vector(to_matrix(z, J, q) * Lambda'));
  }
  vector centered(vector z, matrix Lambda, int J, int q) {
    matrix[q, J] w = mdivide_left_tri_low(Lambda, to_matrix(z, J, q)');
    return append_row(
                      std_normal_lpdf(to_vector(w))
                      - J * sum(log(diagonal(Lambda))), z);
  }
  // With A = U D U', U of unit diagonal, w = U'^-1 (D^-1 U^-1 Lambda' u +
  // D^-1/2 z), and the density is exp(-|w|^2 / 2) |D|^-1/2.
  // r_above are effects of terms in which this one is nested, with their Z'WZ.
  vector rescaled(vector z,
                  matrix Lambda,
                  int J,
                  int q,
                  vector ZWZ,
                  vector ZWe,
                  vector ZWZ_above,
                  array[] vector r_above,
                  vector xi,
                  int P,
                  real s) {
    matrix[J, choose(q + 1, 2)] S = to_matrix(ZWZ, J, choose(q + 1, 2));
    matrix[J, q * (1 + P)] V = to_matrix(ZWe, J, q * (1 + P));
    array[q, q] vector[J] U; // below the diagonal U, then on it D
    array[q] vector[J] w;
    for (a in 1 : q) {
      for (b in 1 : a) {
        vector[choose(q + 1, 2)] share = zeros_vector(choose(q + 1, 2));
        for (i in a : q) {
          for (j in b : q) {
            int pair = choose(max(i, j), 2) + min(i, j);
            share[pair] += Lambda[i, a] * Lambda[j, b] / square(s);
          }
        }
        U[a, b] = S * share;
        for (c in 1 : b - 1) {
          U[a, b] -= U[a, c] .* U[b, c] .* U[c, c];
        }
        U[a, b] = a == b ? 1 + U[a, b] : U[a, b] ./ U[b, b];
      }
      w[a] = V * to_vector(append_row(1, -xi) * Lambda[ : , a]') / square(s);
      for (m in 1 : size(r_above)) {
        matrix[J, q] S_m = to_matrix(
                                     segment(ZWZ_above, (m - 1) * J * q + 1,
                                             J * q),
                                     J, q);
        w[a] -= (S_m * Lambda[ : , a] / square(s)) .* r_above[m];
      }
      for (b in 1 : a - 1) {
        w[a] -= U[a, b] .* w[b];
      }
    }
    real density = 0;
    matrix[J, q] W;
    for (k in 1 : q) {
      int a = q + 1 - k;
      w[a] = w[a] ./ U[a, a]
             + segment(z, (a - 1) * J + 1, J) ./ sqrt(U[a, a]);
      for (b in a + 1 : q) {
        w[a] -= U[b, a] .* w[b];
      }
      density -= 0.5 * (dot_self(w[a]) + sum(log(U[a, a])));
      W[ : , a] = w[a];
    }
    return append_row(density, to_vector(W * Lambda'));
  }
}
data {
  int<lower=1> N; // rows (count)
  array[N] int<lower=0> trials; // trials of each row, 1 for Bernoulli (count)
  array[N] int<lower=0, upper=trials> y; // successes of each row (count)
  vector<lower=0>[N] weights; // power of each row's likelihood (no unit)
  vector[N] known; // known part of eta: the offset (unit of eta)
  int<lower=0> K; // predictors, without the intercept (count)
  matrix[N, K] X; // predictors (their units)
  int<lower=0, upper=1> has_intercept; // is there one? (yes 1)
  row_vector[K] x_mean; // where alpha stands: means of X (their units)
  int<lower=0> T; // group terms (count)
  array[T] int<lower=1> q; // coefficients of each term (count)
  array[T] int<lower=1> J; // groups of each term (count)
  int<lower=0> Q; // coefficients of all terms: sum of q (count)
  int<lower=0> C; // their correlations: q choose 2 where correlated (count)
  int<lower=0> R; // group effects of all terms: sum of q times J (count)
  array[T] int<lower=0, upper=1> correlated; // coefficients correlated? (yes 1)
  array[T, N] int<lower=1> group; // group of each row, by term (code)
  matrix[N, Q] Z; // predictors of the group terms (their units)
  // Coordinates of the sampler; no posterior depends on them.
  int<lower=0> P; // columns, intercept first: K + has_intercept (count)
  vector[P] b_hat; // pilot alpha and beta, or 0 (eta, eta per X)
  matrix[P, P] B; // a factor of their covariance, or I (eta, eta per X)
  vector<lower=0>[Q] tau_unit; // where tau is near 0; 0: log scale (eta per Z)
  array[T] int<lower=0, upper=2> form; // coordinates of each term (code)
  // Of the terms of form 2, one after another, sums over each group's rows.
  int<lower=0> G; // length of ZWZ: sum of (q + 1 choose 2) times J (count)
  int<lower=0> H; // length of ZWe: sum of q times (1 + P) times J (count)
  vector[G] ZWZ; // by pair (1,1) (2,1) (2,2) ..., group (square of Z over eta)
  vector[H] ZWe; // by coefficient, column of [e, X B], group (Z over eta)
  array[T] int<lower=1, upper=T> turn; // terms, the coarse first (code)
  array[T, T] int<lower=0, upper=1> nested; // row's term in column's? (yes 1)
  int<lower=0> E; // length of ZWZ_above: q above times q times J (count)
  vector[E] ZWZ_above; // by term above, its coefficient, own, group (as ZWZ)
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
  array[Q] int<lower=0, upper=1> tau_fixed; // is tau given? (yes 1)
  array[Q] int<lower=1, upper=5> prior_tau_family; // of tau (code)
  vector<lower=0>[Q] prior_tau_scale; // or tau if given (eta per Z)
  vector<lower=0>[Q] prior_tau_df; // degrees of freedom (no unit)
  vector<lower=0>[T] prior_cor_eta; // LKJ shape of each term (no unit)
}
transformed data {
  matrix[N, K] Xc = has_intercept ? X - rep_matrix(x_mean, N) : X;
  // Powers of the parameters' own priors.
  int own = has_intercept + K + Q + C; // parameters of every family
  vector[own + 2] power = rep_vector(1, own + 2);
  power[joint_at] = rep_vector(own_power, D);
  array[T] int n_cor; // correlations of each term
  array[T] int n_r; // group effects of each term
  array[T] int n_g; // its elements of ZWZ
  array[T] int n_h; // its elements of ZWe
  array[T] int n_above; // coefficients of the terms it is nested in
  array[T] int n_e; // and its elements of ZWZ_above
  // What stands before each term in tau, cpc, z and r, ZWZ, ZWe, ZWZ_above.
  array[T] int tau_at;
  array[T] int cor_at;
  array[T] int r_at;
  array[T] int g_at;
  array[T] int h_at;
  array[T] int e_at;
  for (t in 1 : T) {
    n_cor[t] = correlated[t] ? choose(q[t], 2) : 0;
    n_r[t] = q[t] * J[t];
    n_g[t] = form[t] == 2 ? choose(q[t] + 1, 2) * J[t] : 0;
    n_h[t] = form[t] == 2 ? n_r[t] * (1 + P) : 0;
    tau_at[t] = sum(q[ : t - 1]);
    cor_at[t] = sum(n_cor[ : t - 1]);
    r_at[t] = sum(n_r[ : t - 1]);
    g_at[t] = sum(n_g[ : t - 1]);
    h_at[t] = sum(n_h[ : t - 1]);
    n_above[t] = 0;
    for (u in 1 : T) {
      n_above[t] += form[t] == 2 && nested[t, u] ? q[u] : 0;
    }
    n_e[t] = n_above[t] * n_r[t];
    e_at[t] = sum(n_e[ : t - 1]);
  }
  array[7] int sizes_given = {Q, C, R, P, G, H, E};
  array[7] int sizes_needed = {sum(q), sum(n_cor), sum(n_r),
                               K + has_intercept, sum(n_g), sum(n_h),
                               sum(n_e)};
  for (i in 1 : 7) {
    if (sizes_given[i] != sizes_needed[i]) {
      reject("Q, C, R, P, G, H and E are ", sizes_given, ", but must be ",
             sizes_needed);
    }
  }
  for (t in 1 : T) {
    if (sort_asc(turn)[t] != t) {
      reject("turn is ", turn, ", but must name every term once");
    }
  }
  array[Q, N] int effect; // where in r is the effect that Z multiplies
  array[Q] vector[N] Z_k; // columns of Z
  array[T, R] int above; // of term t's groups, the group in each other term
  above = rep_array(1, T, R);
  for (t in 1 : T) {
    for (n in 1 : N) {
      if (group[t, n] > J[t]) {
        reject("group[", t, ", ", n, "] is ", group[t, n], " of ", J[t]);
      }
      for (u in 1 : T) {
        above[u, r_at[t] + group[t, n]] = group[u, n];
      }
      for (k in 1 : q[t]) {
        effect[tau_at[t] + k, n] = r_at[t] + (k - 1) * J[t] + group[t, n];
        Z_k[tau_at[t] + k, n] = Z[n, tau_at[t] + k];
      }
    }
  }
  vector[N] successes = weights .* to_vector(y);
  vector[N] attempts = weights .* to_vector(trials);
  // Rows of one trial each have a quicker density, here with eta as it is.
  int bernoulli = min(trials) == 1 && max(trials) == 1 && min(weights) == 1
                  && max(weights) == 1;
  matrix[N, 0] no_more = rep_matrix(0, N, 0);
}
parameters {
  vector[P] xi; // alpha and beta, standardised by the pilot fit
  vector[Q - sum(tau_fixed)] tau_raw; // sds of the group effects, transformed
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // group effects, standardised unless centered
}
transformed parameters {
  vector[has_intercept] alpha; // eta at x_mean (unit of eta)
  vector[K] beta; // slopes (eta per X)
  vector[Q] tau; // standard deviations of the group effects (eta per Z)
  vector[R] r = zeros_vector(R); // group effects, from the population
  vector[T] z_density; // log density of the z of each term
  {
    real s = 1; // unit of the pilot's residuals
    vector[P] b = b_hat + B * xi;
    vector[Q] signed = signed_tau(tau_raw, tau_unit, tau_fixed,
                                  prior_tau_scale);
    alpha = head(b, has_intercept);
    beta = tail(b, K);
    tau = abs(signed);
    for (t in turn) {
      vector[q[t]] tau_t = segment(signed, tau_at[t] + 1, q[t]);
      matrix[q[t], q[t]] Lambda = diag_pre_multiply(tau_t,
                                    cholesky_corr(cpc, cor_at[t], q[t],
                                                  correlated[t]));
      vector[n_r[t]] z_t = segment(z, r_at[t] + 1, n_r[t]);
      vector[1 + n_r[t]] of_z;
      if (form[t] == 0) {
        of_z = noncentered(z_t, Lambda, J[t], q[t]);
      } else if (form[t] == 1) {
        of_z = centered(z_t, Lambda, J[t], q[t]);
      } else {
        array[n_above[t]] vector[J[t]] r_above;
        int m = 0;
        for (u in 1 : T) {
          for (k in 1 : nested[t, u] ? q[u] : 0) {
            array[J[t]] int at = above[u, r_at[t] + 1 : r_at[t] + J[t]];
            m += 1;
            r_above[m] = segment(r, r_at[u] + (k - 1) * J[u] + 1, J[u])[at];
          }
        }
        of_z = rescaled(z_t, Lambda, J[t], q[t],
                        ZWZ[g_at[t] + 1 : g_at[t] + n_g[t]],
                        ZWe[h_at[t] + 1 : h_at[t] + n_h[t]],
                        ZWZ_above[e_at[t] + 1 : e_at[t] + n_e[t]], r_above,
                        xi, P, s);
      }
      z_density[t] = of_z[1];
      r[r_at[t] + 1 : r_at[t] + n_r[t]] = tail(of_z, n_r[t]);
    }
  }
}
model {
  vector[N] eta = known + Xc * beta;
  if (has_intercept) {
    target += power[1]
              * location_prior_lpdf(alpha[1] | prior_alpha_family,
                  prior_alpha_location, prior_alpha_scale, prior_alpha_df);
    eta += alpha[1];
  }
  for (k in 1 : K) {
    target += power[has_intercept + k]
              * location_prior_lpdf(beta[k] | prior_beta_family[k],
                  prior_beta_location[k], prior_beta_scale[k],
                  prior_beta_df[k]);
  }
  for (k in 1 : Q) {
    if (!tau_fixed[k]) {
      target += power[has_intercept + K + k]
                * scale_prior_lpdf(tau[k] | prior_tau_family[k],
                                   prior_tau_scale[k], prior_tau_df[k]);
      // Jacobian of tau_raw, up to a constant
      real raw = tau_raw[k - sum(tau_fixed[ : k])];
      target += tau_unit[k] > 0 ? log_sum_exp(raw, -raw) : raw;
    }
  }
  for (t in 1 : T) {
    if (correlated[t]) {
      target += lkj_cpc(cpc, cor_at[t], q[t], prior_cor_eta[t],
                        tail(head(power, own), C));
    }
  }
  target += sum(z_density);
  for (k in 1 : Q) {
    eta += Z_k[k] .* r[effect[k]];
  }
  if (D) {
    target += joint_prior(append_row(alpha - x_mean * beta, beta), tau,
                          flipped(cpc,
                                  signed_tau(tau_raw, tau_unit, tau_fixed,
                                             prior_tau_scale),
                                  q, correlated),
                          zeros_vector(0), joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  target += bernoulli
            ? bernoulli_logit_glm_lpmf(y | no_more, eta, zeros_vector(0))
            : dot_product(successes, eta)
              - dot_product(attempts, log1p_exp(eta));
}
generated quantities {
  vector[has_intercept] Intercept = alpha - x_mean * beta; // eta at X = 0
  vector[C] rho; // correlations, ordered as cpc
  {
    vector[Q] signed = signed_tau(tau_raw, tau_unit, tau_fixed,
                                  prior_tau_scale);
    for (t in 1 : T) {
      matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t],
                                           correlated[t]);
      vector[q[t]] tau_t = segment(signed, tau_at[t] + 1, q[t]);
      int before = cor_at[t];
      for (i in 2 : correlated[t] ? q[t] : 1) {
        for (j in 1 : i - 1) {
          rho[before + j] = (2 * step(tau_t[i] * tau_t[j]) - 1)
                            * dot_product(L[i], L[j]);
        }
        before += i - 1;
      }
    }
  }
}
