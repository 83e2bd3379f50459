// Logistic regression, partial pooling: the log odds of the districts and their
// differences between town and country come from a bivariate normal; centered.
//
//   y[n]         ~ bernoulli_logit(a[district[n]] + b[district[n]] urban[n])
//   (a[j], b[j]) ~ normal((a_bar, b_bar), S Omega S), S = diag(sigma_a, _b)
//   a_bar        ~ normal(prior_a_bar_location, prior_a_bar_scale); b_bar alike
//   sigma_a, _b  ~ half-normal, half-t, half-Cauchy or exponential, each > 0
//   Omega        = L_Omega L_Omega' ~ LKJ(prior_eta), rho = Omega[1, 2]
//
// Source: McElreath (2020), Statistical Rethinking, 2nd edition, section 14.1
//   and practice 14H1; Lewandowski, Kurowicka and Joe (2009), Journal of
//   Multivariate Analysis 100(9), 1989-2001, for the prior of Omega.
// Example: varying_intercept_slope_centered.data.json, use of contraception by
//   1,934 women of 60 districts in the Bangladesh Fertility Survey of 1988
//   (Huq and Cleland 1990); codes 55-61 are 54-60 here, for nobody has 54.
functions {
  // Log density of a scale x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    if (family == 1) {
      return normal_lpdf(x | 0, scale);
    } else if (family == 2) {
      return student_t_lpdf(x | df, 0, scale);
    } else if (family == 3) {
      return cauchy_lpdf(x | 0, scale);
    }
    return exponential_lpdf(x | 1 / scale); // family 4
  }
}
data {
  int<lower=1> N; // rows: women (count)
  int<lower=1> J; // districts (count)
  array[N] int<lower=0, upper=1> y; // outcome: 1 if she uses it, else 0 (code)
  array[N] int<lower=1, upper=J> district; // her district, 1 to J (code)
  array[N] int<lower=0, upper=1> urban; // 1 if she lives in a town (code)
  real prior_a_bar_location; // normal prior of a_bar: mean (log odds)
  real<lower=0> prior_a_bar_scale; // normal prior of a_bar: sd (log odds)
  real prior_b_bar_location; // normal prior of b_bar: mean (log odds)
  real<lower=0> prior_b_bar_scale; // normal prior of b_bar: sd (log odds)
  // Priors of sigma_a, sigma_b > 0, family code: 1 half-normal,
  // 2 half-Student-t, 3 half-Cauchy, 4 exponential.
  int<lower=1, upper=4> prior_sigma_a_family; // family (code)
  real<lower=0> prior_sigma_a_scale; // scale; mean if 4 (log odds)
  real<lower=0> prior_sigma_a_df; // degrees of freedom, for 2 only (no unit)
  int<lower=1, upper=4> prior_sigma_b_family; // family (code)
  real<lower=0> prior_sigma_b_scale; // scale; mean if 4 (log odds)
  real<lower=0> prior_sigma_b_df; // degrees of freedom, for 2 only (no unit)
  real<lower=0> prior_eta; // LKJ prior of the correlation: shape (no unit)
}
parameters {
  real a_bar; // mean of a
  real b_bar; // mean of b
  real<lower=0> sigma_a; // standard deviation of a between districts
  real<lower=0> sigma_b; // standard deviation of b between districts
  cholesky_factor_corr[2] L_Omega; // Cholesky factor of their correlations
  vector[J] a; // log odds of each district, in the country
  vector[J] b; // what living in a town adds to it
}
model {
  a_bar ~ normal(prior_a_bar_location, prior_a_bar_scale);
  b_bar ~ normal(prior_b_bar_location, prior_b_bar_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  L_Omega ~ lkj_corr_cholesky(prior_eta);
  {
    array[J] vector[2] ab;
    for (j in 1 : J) {
      ab[j] = [a[j], b[j]]';
    }
    matrix[2, 2] L_Sigma = diag_pre_multiply([sigma_a, sigma_b]', L_Omega);
    ab ~ multi_normal_cholesky([a_bar, b_bar]', L_Sigma);
  }
  y ~ bernoulli_logit(a[district] + b[district] .* to_vector(urban));
}
generated quantities {
  real<lower=-1, upper=1> rho = L_Omega[2, 1]; // correlation of a and b
  vector<lower=0, upper=1>[J] theta_rural = inv_logit(a); // chance, country
  vector<lower=0, upper=1>[J] theta_urban = inv_logit(a + b); // chance, town
}
