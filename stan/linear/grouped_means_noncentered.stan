// Means of groups, partial pooling, residual standard deviation known: the
// means come from a normal distribution; non-centered.
//
//   y[n]     ~ normal(theta[group[n]], sigma)      sigma known
//   theta[j] = mu + tau z[j]
//   z[j]     ~ normal(0, 1)
//   mu       ~ normal(prior_mu_location, prior_mu_scale)
//   tau      ~ half-normal, half-t, half-Cauchy or exponential, tau > 0
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.4, pp. 113-117; priors of tau: Gelman (2006), Bayesian Analysis 1(3),
//   515-533.
// Example: grouped_means_noncentered.data.json, simulated: 5 groups of 10 to 19
//   observations, means ~ uniform(0, 5), residual sd 1, rounded to 4 digits
//   (NumPy's default_rng(2017)).
functions {
  // Log density of a scale x > 0, up to a constant, by the code of its family.
  real scale_prior_lpdf(real x, int family, real scale, real df) {
    return family == 1 ? normal_lpdf(x | 0, scale)
           : family == 2 ? student_t_lpdf(x | df, 0, scale)
             : family == 3 ? cauchy_lpdf(x | 0, scale)
               : exponential_lpdf(x | 1 / scale);
  }
}
data {
  int<lower=1> N; // observations (count)
  int<lower=1> J; // groups (count)
  array[N] int<lower=1, upper=J> group; // group of each observation (code)
  vector[N] y; // outcome of each observation (unit of y)
  real<lower=0> sigma; // known residual standard deviation (unit of y)
  real prior_mu_location; // normal prior of mu: mean (unit of y)
  real<lower=0> prior_mu_scale; // its sd (unit of y)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_tau_family; // family of tau (code)
  real<lower=0> prior_tau_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_tau_df; // df of tau (no unit)
}
parameters {
  real mu; // mean of the group means
  real<lower=0> tau; // standard deviation of the means between groups
  vector[J] z; // standardised mean of each group
}
transformed parameters {
  vector[J] theta = mu + tau * z; // implies theta ~ normal(mu, tau)
}
model {
  mu ~ normal(prior_mu_location, prior_mu_scale);
  tau ~ scale_prior(prior_tau_family, prior_tau_scale, prior_tau_df);
  z ~ std_normal();
  y ~ normal(theta[group], sigma);
}
