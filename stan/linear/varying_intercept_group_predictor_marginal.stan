// Linear regression with groups, partial pooling: the model of
// varying_intercept_group_predictor_centered with every a[j] integrated out.
//
//   y_mean[j] - b x_mean[j] ~ normal(mu_a + g u[j],
//                                    sqrt(sigma_a^2 + sigma^2 / n[j]))
//   y[n] - y_mean ~ normal(b (x[n] - x_mean), sigma) within groups, N - J terms
//   b ~ normal(prior_b_location, prior_b_scale), mu_a and g alike
//   sigma_a, sigma ~ half-normal, half-t, half-Cauchy or exponential
//
// The sampler sees five parameters and no funnel, and a gradient costs J, not
// N: see varying_intercept_marginal. Given them the a[j] are drawn exactly.
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 12.6.
// Example: varying_intercept_group_predictor_marginal.data.json, log radon in
//   919 houses in 85 counties of Minnesota; x is the floor of the measurement
//   (0 basement, 1 first floor). u is the log of the county's uranium in the
//   soil.
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
  vector[N] x; // predictor of each observation (unit of x)
  vector[J] u; // predictor of each group (unit of u)
  vector[N] y; // outcome of each observation (unit of y)
  real prior_b_location; // normal prior of b: mean (y per x)
  real<lower=0> prior_b_scale; // its sd (y per x)
  real prior_mu_a_location; // normal prior of mu_a: mean (unit of y)
  real<lower=0> prior_mu_a_scale; // its sd (unit of y)
  real prior_g_location; // normal prior of g: mean (y per u)
  real<lower=0> prior_g_scale; // its sd (y per u)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_a_family; // family of sigma_a (code)
  real<lower=0> prior_sigma_a_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_a_df; // df of sigma_a (no unit)
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
}
transformed data {
  // The data, group by group: counts, means, and what varies within groups.
  vector[J] n = sum_by(ones_vector(N), group, J);
  vector[J] x_mean = sum_by(x, group, J) ./ fmax(n, 1);
  vector[J] y_mean = sum_by(y, group, J) ./ fmax(n, 1);
  vector[N] dx = x - x_mean[group];
  vector[N] dy = y - y_mean[group];
  real sxx = dot_self(dx);
  real b_hat = sxx > 0 ? dot_product(dx, dy) / sxx : 0; // slope within groups
  real rss = dot_self(dy - b_hat * dx); // residual sum of squares
}
parameters {
  real b; // slope of x, within groups
  real mu_a; // mean intercept of groups with u = 0
  real g; // slope of u, between groups
  real<lower=0> sigma_a; // standard deviation of the intercepts given u
  real<lower=0> sigma; // residual standard deviation
}
model {
  b ~ normal(prior_b_location, prior_b_scale);
  mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale);
  g ~ normal(prior_g_location, prior_g_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  vector[J] v = square(sigma) + n * square(sigma_a);
  vector[J] e = y_mean - b * x_mean - mu_a - g * u;
  target += -(N - J) * log(sigma)
            - 0.5 * (rss + sxx * square(b - b_hat)) / square(sigma);
  target += -0.5 * sum(log(v) + n .* square(e) ./ v);
}
generated quantities {
  vector[J] a; // intercept of each group
  {
    vector[J] v = square(sigma) + n * square(sigma_a);
    vector[J] e = y_mean - b * x_mean - mu_a - g * u;
    vector[J] mean_a = mu_a + g * u + square(sigma_a) * n .* e ./ v;
    a = to_vector(normal_rng(mean_a, sigma_a * sigma ./ sqrt(v)));
  }
}
