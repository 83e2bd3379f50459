  // Generated quantities of the programs in glmm/. It needs terms/effects.stan
  // and terms/priors.stanfunctions, and declares Intercept and rho.
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
