  // Transformed data of the programs in glmm/: it checks sizes, and finds where
  // each term stands. It needs terms/data.stan. It declares, for the fragments
  // that follow, Xc, own, power, n_cor, n_r, n_g, n_h, n_above, n_e, tau_at,
  // cor_at, r_at, g_at, h_at, e_at, effect, Z_k and above.
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
