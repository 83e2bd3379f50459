// Linear regression with groups, partial pooling: the model of
// varying_intercept_slope_lkj_centered with every a[j] and b[j] integrated out.
// The sampler sees six parameters and no funnel; a gradient costs J, not N.
//
//   y of group j ~ multi_normal(mu_a + mu_b x, Z S L L' S Z' + sigma^2 I),
//                  Z = (1, x), S = diag(sigma_a, sigma_b)
//   mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale), mu_b alike
//   sigma_a, sigma_b, sigma ~ half-normal, half-t, half-Cauchy or exponential
//   L    ~ lkj_corr_cholesky(prior_L_eta), rho = L[2, 1] the correlation
//
// Two steps. The slope within group j says of z = (b[j] - mu_b) / sigma_b
//
//   z ~ normal(m[j], sigma / sqrt(w[j])),  w = sigma^2 + sxx sigma_b^2
//
// and then the mean of the group, on which z has the effect h[j] = sigma_b
// x_mean[j] + rho sigma_a, has the error e[j], of variance v[j] / n[j]. Terms
// are positive (no digits are lost) and stand multiplied by n[j] or sxx[j] (no
// observations, no spread of x: no special case). b[j], then a[j] given b[j],
// are drawn exactly.
//
// Source: Gelman and Hill (2007), Data Analysis Using Regression and
//   Multilevel/Hierarchical Models, section 13.1; prior of the correlation:
//   Lewandowski, Kurowicka and Joe (2009), J. Multivariate Analysis 100, 1989.
// Example: varying_intercept_slope_lkj_marginal.data.json, log radon in 919
//   houses in 85 counties of Minnesota; x is the floor of the measurement (0
//   basement, 1 first floor).
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
  vector[N] y; // outcome of each observation (unit of y)
  real prior_mu_a_location; // normal prior of mu_a: mean (unit of y)
  real<lower=0> prior_mu_a_scale; // its sd (unit of y)
  real prior_mu_b_location; // normal prior of mu_b: mean (y per x)
  real<lower=0> prior_mu_b_scale; // its sd (y per x)
  // Families of the scales: 1 half-normal, 2 half-Student-t, 3 half-Cauchy,
  // 4 exponential; df, the degrees of freedom, are used by 2 only.
  int<lower=1, upper=4> prior_sigma_a_family; // family of sigma_a (code)
  real<lower=0> prior_sigma_a_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_a_df; // df of sigma_a (no unit)
  int<lower=1, upper=4> prior_sigma_b_family; // family of sigma_b (code)
  real<lower=0> prior_sigma_b_scale; // scale; mean if 4 (y per x)
  real<lower=0> prior_sigma_b_df; // df of sigma_b (no unit)
  int<lower=1, upper=4> prior_sigma_family; // family of sigma (code)
  real<lower=0> prior_sigma_scale; // scale; mean if 4 (unit of y)
  real<lower=0> prior_sigma_df; // df of sigma (no unit)
  real<lower=0> prior_L_eta; // LKJ shape, 1 uniform, larger nearer 0 (no unit)
}
transformed data {
  // The data, group by group: counts, means, and what varies within groups.
  vector[J] n = sum_by(ones_vector(N), group, J);
  vector[J] x_mean = sum_by(x, group, J) ./ fmax(n, 1);
  vector[J] y_mean = sum_by(y, group, J) ./ fmax(n, 1);
  vector[N] dx = x - x_mean[group];
  vector[N] dy = y - y_mean[group];
  vector[J] sxx = sum_by(square(dx), group, J);
  vector[J] b_hat = sum_by(dx .* dy, group, J) ./ fmax(sxx, 1e-300);
  real rss = dot_self(dy - b_hat[group] .* dx); // residual sum of squares
}
parameters {
  real mu_a; // mean of the intercepts
  real mu_b; // mean of the slopes
  real<lower=0> sigma_a; // standard deviation of the intercepts between groups
  real<lower=0> sigma_b; // standard deviation of the slopes between groups
  real<lower=0> sigma; // residual standard deviation
  cholesky_factor_corr[2] L; // of the correlation matrix of (a, b)
}
model {
  mu_a ~ normal(prior_mu_a_location, prior_mu_a_scale);
  mu_b ~ normal(prior_mu_b_location, prior_mu_b_scale);
  sigma_a ~ scale_prior(prior_sigma_a_family, prior_sigma_a_scale,
                        prior_sigma_a_df);
  sigma_b ~ scale_prior(prior_sigma_b_family, prior_sigma_b_scale,
                        prior_sigma_b_df);
  sigma ~ scale_prior(prior_sigma_family, prior_sigma_scale, prior_sigma_df);
  L ~ lkj_corr_cholesky(prior_L_eta);
  vector[J] u = square(sigma) + n * square(sigma_a * L[2, 2]);
  vector[J] w = square(sigma) + sxx * square(sigma_b);
  vector[J] m = sigma_b * sxx .* (b_hat - mu_b) ./ w;
  vector[J] h = sigma_b * x_mean + L[2, 1] * sigma_a;
  vector[J] v = u + square(sigma) * n .* square(h) ./ w;
  vector[J] e = y_mean - mu_a - mu_b * x_mean - h .* m;
  target += -(N - 2 * J) * log(sigma) - 0.5 * rss / square(sigma);
  target += -0.5 * sum(log(w) + sxx .* square(b_hat - mu_b) ./ w);
  target += -0.5 * sum(log(v) + n .* square(e) ./ v);
}
generated quantities {
  real rho = L[2, 1]; // correlation of intercepts and slopes
  vector[J] a; // intercept of each group
  vector[J] b; // slope of each group
  {
    vector[J] u = square(sigma) + n * square(sigma_a * L[2, 2]);
    vector[J] w = square(sigma) + sxx * square(sigma_b);
    vector[J] m = sigma_b * sxx .* (b_hat - mu_b) ./ w;
    vector[J] h = sigma_b * x_mean + L[2, 1] * sigma_a;
    vector[J] v = u + square(sigma) * n .* square(h) ./ w;
    vector[J] e = y_mean - mu_a - mu_b * x_mean - h .* m;
    vector[J] k = square(sigma) * n .* h ./ (v .* w);
    vector[J] sd_z = sigma * sqrt(u ./ (v .* w));
    vector[J] z_b = to_vector(normal_rng(m + k .* e, sd_z));
    vector[J] c = square(sigma_a * L[2, 2]) * n ./ u;
    vector[J] mean_a = mu_a + L[2, 1] * sigma_a * z_b
                       + c .* (e + h .* (m - z_b));
    a = to_vector(normal_rng(mean_a, sigma_a * L[2, 2] * sigma ./ sqrt(u)));
    b = mu_b + sigma_b * z_b;
  }
}
