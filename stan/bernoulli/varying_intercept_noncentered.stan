// Logistic regression, partial pooling: the log odds of the districts come from
// a normal distribution; non-centered.
//
//   y[n]  ~ bernoulli_logit(a[district[n]])
//   a[j]  = a_bar + sigma z[j]
//   z[j]  ~ normal(0, 1)
//   a_bar ~ normal(prior_a_bar_location, prior_a_bar_scale)
//   sigma ~ half-normal, half-t, half-Cauchy or exponential, sigma > 0
//
// A district without rows is drawn from the population.
//
// Source: McElreath (2020), Statistical Rethinking, 2nd edition, sections 13.1
//   and 13.4, practice 13H1; Betancourt and Girolami (2015), Hamiltonian
//   Monte Carlo for Hierarchical Models.
// Example: varying_intercept_noncentered.data.json, use of contraception by
//   the 139 women of districts 1-3 (117, 20 and 2 of them) in the Bangladesh
//   Fertility Survey of 1988 (Huq and Cleland 1990).
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
  real prior_a_bar_location; // normal prior of a_bar: mean (log odds)
  real<lower=0> prior_a_bar_scale; // normal prior of a_bar: sd (log odds)
  // Prior of sigma > 0, family code: 1 half-normal, 2 half-Student-t,
  // 3 half-Cauchy, 4 exponential.
  int<lower=1, upper=4> prior_sigma_family; // family (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (log odds)
  real<lower=0> prior_sigma_df; // degrees of freedom, used by 2 only (no unit)
}
parameters {
  real a_bar; // mean log odds of the districts
  real<lower=0> sigma; // standard deviation of the log odds between districts
  vector[J] z; // standardised log odds of each district
}
transformed parameters {
  vector[J] a = a_bar + sigma * z; // implies a ~ normal(a_bar, sigma)
}
model {
  a_bar ~ normal(prior_a_bar_location, prior_a_bar_scale);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  z ~ std_normal();
  y ~ bernoulli_logit(a[district]);
}
generated quantities {
  vector<lower=0, upper=1>[J] theta = inv_logit(a); // chance in each district
}
