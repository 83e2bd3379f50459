    // Transformed parameters of the programs in glmm/: what xi, tau_raw, cpc
    // and z stand for. It needs terms/layout.stan, these parameters, and s, the
    // unit of the pilot's residuals. It sets alpha, beta, tau, r and z_density.
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
