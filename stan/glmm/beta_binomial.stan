// Beta-binomial regression with any number of group terms: the
// program behind formulas such as y | trials(n) ~ x + (1 + x | g).
//
//   y[n] ~ beta_binomial(trials[n], mu[n] phi, (1 - mu[n]) phi), to the power
//          weights[n]; mu = inv_logit(eta)
//   eta = alpha + (X - mean of X) beta + known + sum over terms t of
//         Z[t] r[t][group[t]]
//   r[t][j] ~ multi_normal(0, diag(tau[t]) Omega[t] diag(tau[t]))
//   Omega[t] ~ LKJ(prior_cor_eta[t]) where correlated[t], else the identity
//
// Group term t has q[t] coefficients in each of J[t] groups. Terms stand one
// after another: columns of Z, elements of tau by term and coefficient, those
// of z and r by term, coefficient, group. A term is sampled as it stands
// (centered[t] = 1: z is r) or standardised (0: r = diag(tau) L z).
// cpc are canonical partial correlations, which are independent under the LKJ
// prior: row by row those of the Cholesky factor L of Omega.
//
// Source: Lewandowski, Kurowicka and Joe (2009), Generating random correlation
//   matrices based on vines and extended onion method, section 2.4 (C-vine).
// Example: beta_binomial.data.json, contraception in town and country of 60
//   districts of Bangladesh, use | trials(women) ~ urban + (1 | district).
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
  // Standardised effects of J groups made into group effects.
  vector scale_effects(vector z, int J, vector tau, matrix L) {
    matrix[J, size(tau)] z_t = to_matrix(z, J, size(tau));
    return to_vector(z_t * diag_pre_multiply(tau, L)');
  }
  // Log density of group effects as they stand, up to a constant.
  real effects_lpdf(vector r, int J, vector tau, matrix L) {
    matrix[J, size(tau)] r_t = to_matrix(r, J, size(tau));
    matrix[size(tau), size(tau)] S = diag_pre_multiply(tau, L);
    return std_normal_lpdf(to_vector(mdivide_left_tri_low(S, r_t')))
           - J * sum(log(diagonal(S)));
  }
  // log Gamma(x) - (x - 0.5) log(x) + x - 0.5 log(2 pi), where x >= 8.
  vector stirling(vector x) {
    vector[size(x)] u = inv_square(x);
    return (1 / 12.0
            - u
              .* (1 / 360.0
                  - u .* (1 / 1260.0 - u .* (1 / 1680.0 - u / 1188))))
           ./ x;
  }
  // Sum over k < n of log(mu + k / phi), for each mu and n: exact however large
  // phi is. Eight terms as they stand, those after them by Stirling's series.
  vector log_rising(vector log_mu, vector n, real phi) {
    vector[size(n)] mu = exp(log_mu);
    vector[size(n)] rest = fdim(n, 8);
    vector[size(n)] a = phi * mu + 8;
    vector[size(n)] total = fmin(n, 1) .* log_mu;
    for (k in 1 : 7) {
      total += fdim(fmin(n, k + 1), k) .* log(mu + k / phi);
    }
    return total + (a - 0.5) .* log1p(rest ./ a) - rest
           + rest .* log(mu + (8 + rest) / phi) + stirling(a + rest)
           - stirling(a);
  }
}
data {
  int<lower=1> N; // rows (count)
  array[N] int<lower=0> trials; // trials of each row (count)
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
  array[T] int<lower=0, upper=1> centered; // parameterisation (centered 1)
  array[T, N] int<lower=1> group; // group of each row, by term (code)
  matrix[N, Q] Z; // predictors of the group terms (their units)
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
  int<lower=1, upper=5> prior_phi_family; // of phi (code)
  real<lower=0> prior_phi_scale; // its scale (trials)
  real<lower=0> prior_phi_df; // its degrees of freedom (no unit)
}
transformed data {
  matrix[N, K] Xc = has_intercept ? X - rep_matrix(x_mean, N) : X;
  // Powers of the parameters' own priors.
  int own = has_intercept + K + Q + C; // parameters of every family
  vector[own + 2] power = rep_vector(1, own + 2);
  power[joint_at] = rep_vector(own_power, D);
  array[T] int n_cor; // correlations of each term
  array[T] int n_r; // group effects of each term
  // What stands before each term in tau, in cpc, and in z and r.
  array[T] int tau_at;
  array[T] int cor_at;
  array[T] int r_at;
  for (t in 1 : T) {
    n_cor[t] = correlated[t] ? choose(q[t], 2) : 0;
    n_r[t] = q[t] * J[t];
    tau_at[t] = sum(q[ : t - 1]);
    cor_at[t] = sum(n_cor[ : t - 1]);
    r_at[t] = sum(n_r[ : t - 1]);
  }
  if (Q != sum(q) || C != sum(n_cor) || R != sum(n_r)) {
    reject("Q, C and R are ", Q, ", ", C, " and ", R, ", but must be ",
           sum(q), ", ", sum(n_cor), " and ", sum(n_r));
  }
  array[Q, N] int effect; // where in r is the effect that Z multiplies
  for (t in 1 : T) {
    for (n in 1 : N) {
      if (group[t, n] > J[t]) {
        reject("group[", t, ", ", n, "] is ", group[t, n], " of ", J[t]);
      }
      for (k in 1 : q[t]) {
        effect[tau_at[t] + k, n] = r_at[t] + (k - 1) * J[t] + group[t, n];
      }
    }
  }
  vector[N] successes = to_vector(y);
  vector[N] failures = to_vector(trials) - successes;
  // Distinct trials and the weight of each, for what is equal in equal ones.
  int M = 0;
  vector[N] sizes = zeros_vector(N);
  vector[N] sizes_weight = zeros_vector(N);
  for (n in sort_indices_asc(trials)) {
    if (M == 0 || trials[n] > sizes[max(M, 1)]) {
      M += 1;
      sizes[M] = trials[n];
    }
    sizes_weight[M] += weights[n];
  }
}
parameters {
  vector[has_intercept] alpha; // eta at x_mean (unit of eta)
  vector[K] beta; // slopes (eta per X)
  vector<lower=0>[Q - sum(tau_fixed)] tau_free; // sds of the group effects
  vector<lower=-1, upper=1>[C] cpc; // partial correlations
  vector[R] z; // group effects, standardised unless centered
  real<lower=0> phi; // precision: prior trials of each row (trials)
}
transformed parameters {
  vector[Q] tau; // standard deviations of the group effects
  vector[R] r = z; // group effects: deviations from the population
  for (k in 1 : Q) {
    tau[k] = tau_fixed[k] ? prior_tau_scale[k]
             : tau_free[k - sum(tau_fixed[ : k])];
  }
  for (t in 1 : T) {
    matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t], correlated[t]);
    vector[q[t]] tau_t = segment(tau, tau_at[t] + 1, q[t]);
    vector[n_r[t]] z_t = segment(z, r_at[t] + 1, n_r[t]);
    if (!centered[t]) {
      r[r_at[t] + 1 : r_at[t] + n_r[t]] = scale_effects(z_t, J[t], tau_t, L);
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
    }
  }
  for (t in 1 : T) {
    vector[q[t]] tau_t = segment(tau, tau_at[t] + 1, q[t]);
    vector[n_r[t]] z_t = segment(z, r_at[t] + 1, n_r[t]);
    matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t], correlated[t]);
    if (correlated[t]) {
      target += lkj_cpc(cpc, cor_at[t], q[t], prior_cor_eta[t],
                        tail(head(power, own), C));
    }
    target += centered[t] ? effects_lpdf(z_t | J[t], tau_t, L)
              : std_normal_lpdf(z_t);
  }
  for (k in 1 : Q) {
    eta += Z[ : , k] .* r[effect[k]];
  }
  if (D) {
    target += joint_prior(append_row(alpha - x_mean * beta, beta), tau, cpc,
                          [log(phi)]', joint_at, prior_joint_mean,
                          prior_joint_L, own_power);
  }
  target += power[own + 1]
            * scale_prior_lpdf(phi | prior_phi_family, prior_phi_scale,
                               prior_phi_df);
  target += dot_product(weights,
                        log_rising(log_inv_logit(eta), successes, phi)
                        + log_rising(log1m_inv_logit(eta), failures, phi))
            - dot_product(sizes_weight[1 : M],
                          log_rising(zeros_vector(M), sizes[1 : M], phi));
}
generated quantities {
  vector[has_intercept] Intercept = alpha - x_mean * beta; // eta at X = 0
  vector[C] rho; // correlations, ordered as cpc
  for (t in 1 : T) {
    matrix[q[t], q[t]] L = cholesky_corr(cpc, cor_at[t], q[t], correlated[t]);
    int before = cor_at[t];
    for (i in 2 : correlated[t] ? q[t] : 1) {
      for (j in 1 : i - 1) {
        rho[before + j] = dot_product(L[i], L[j]);
      }
      before += i - 1;
    }
  }
}
