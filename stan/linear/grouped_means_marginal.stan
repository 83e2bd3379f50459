// Means of groups, partial pooling, residual standard deviation known: the
// model of grouped_means_centered with every theta[j] integrated out.
//
//   y_mean[j] ~ normal(mu, sqrt(tau^2 + sigma^2 / n[j]))      sigma known
//   mu        ~ normal(prior_mu_location, prior_mu_scale)
//   tau       ~ half-normal, half-t, half-Cauchy or exponential, tau > 0
//
// With sigma known, a group's n[j] observations matter through their mean
// alone. The sampler sees two parameters and no funnel. The theta[j] are drawn
// exactly: with v[j] = sigma^2 + n[j] tau^2,
//
//   theta[j] | y ~ normal(mu + n[j] tau^2 / v[j] (y_mean[j] - mu),
//                         tau sigma / sqrt(v[j]))
//
// Terms stand multiplied by n[j]: a group without observations counts for
// nothing and is drawn from the population.
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section
//   5.4, pp. 113-117; priors of tau: Gelman (2006), Bayesian Analysis 1(3),
//   515-533.
// Example: grouped_means_marginal.data.json, simulated: 5 groups of 10 to 19
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
  // Sums of v over the observations of each group.
  vector sum_by(vector v, array[] int group, int J) {
    vector[J] total = zeros_vector(J);
    for (i in 1 : size(group)) {
      total[group[i]] += v[i];
    }
    return total;
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
transformed data {
  vector[J] n = sum_by(ones_vector(N), group, J);
  vector[J] y_mean = sum_by(y, group, J) ./ fmax(n, 1);
}
parameters {
  real mu; // mean of the group means
  real<lower=0> tau; // standard deviation of the means between groups
}
model {
  mu ~ normal(prior_mu_location, prior_mu_scale);
  tau ~ scale_prior(prior_tau_family, prior_tau_scale, prior_tau_df);
  vector[J] v = square(sigma) + n * square(tau);
  target += -0.5 * sum(log(v) + n .* square(y_mean - mu) ./ v);
}
generated quantities {
  vector[J] theta; // mean of each group
  {
    vector[J] v = square(sigma) + n * square(tau);
    vector[J] mean_theta = mu + square(tau) * n .* (y_mean - mu) ./ v;
    theta = to_vector(normal_rng(mean_theta, tau * sigma ./ sqrt(v)));
  }
}
