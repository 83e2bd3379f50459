  // The model of the programs in glmm/ but for the likelihood and the priors of
  // its own parameters. It needs terms/effects.stan, declares eta, and adds the
  // log densities of alpha, beta, tau, cpc and z.
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
