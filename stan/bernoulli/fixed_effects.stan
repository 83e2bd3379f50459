// Logistic regression, no pooling: every district has its own log odds and
// learns nothing from the others ("fixed effects").
//
//   y[n] ~ bernoulli_logit(a[district[n]])
//   a[j] ~ normal(prior_a_location, prior_a_scale)
//
// A district without rows has its prior.
//
// Source: McElreath (2020), Statistical Rethinking, 2nd edition, section 13.1
//   and practice 13H1.
// Example: fixed_effects.data.json, use of contraception by the 139 women of
//   districts 1-3 (117, 20 and 2 of them) in the Bangladesh Fertility Survey
//   of 1988 (Huq and Cleland 1990).
data {
  int<lower=1> N; // rows: women (count)
  int<lower=1> J; // districts (count)
  array[N] int<lower=0, upper=1> y; // outcome: 1 if she uses it, else 0 (code)
  array[N] int<lower=1, upper=J> district; // her district, 1 to J (code)
  real prior_a_location; // normal prior of every a: mean (log odds)
  real<lower=0> prior_a_scale; // normal prior of every a: sd (log odds)
}
parameters {
  vector[J] a; // log odds of each district
}
model {
  a ~ normal(prior_a_location, prior_a_scale);
  y ~ bernoulli_logit(a[district]);
}
generated quantities {
  vector<lower=0, upper=1>[J] theta = inv_logit(a); // chance in each district
}
