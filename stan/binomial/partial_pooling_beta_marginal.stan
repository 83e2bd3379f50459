// Repeated binary trials, partial pooling: the model of partial_pooling_beta
// with every theta[n] integrated out.
//
//   successes[n] ~ beta_binomial(trials[n], phi kappa, (1 - phi) kappa)
//   phi          ~ beta(prior_phi_alpha, prior_phi_beta)
//   kappa        ~ Pareto(prior_kappa_min, prior_kappa_shape)
//
// The sampler sees two parameters, however many units there are. Given phi and
// kappa the theta[n] are independent and are drawn exactly:
//
//   theta[n] | successes ~ beta(phi kappa + successes[n],
//                               (1 - phi) kappa + trials[n] - successes[n])
//
// The likelihood is written as a product over the trials of each unit: after i
// successes and j failures, the chance of a success is (phi kappa + i)
// / (kappa + i + j). Units that share a factor are counted beforehand, so that
// a gradient costs max(trials), not N. Stan's beta_binomial takes differences
// of lgamma instead and loses every digit in the long tail of kappa.
//
// Source: Gelman et al. (2013), Bayesian Data Analysis, section 5.3; priors
//   from Carpenter (2016), Hierarchical Partial Pooling for Repeated Binary
//   Trials, Stan case study, section "Model 3: Partial Pooling (Chance of
//   Success)".
// Example: partial_pooling_beta_marginal.data.json, hits of 18 baseball players
//   in their first 45 at-bats of 1970 (Efron and Morris 1975, table 1).
data {
  int<lower=1> N; // units (count)
  array[N] int<lower=0> trials; // trials of each unit (count)
  array[N] int<lower=0, upper=trials> successes; // successes in them (count)
  real<lower=0> prior_phi_alpha; // beta prior of phi: first shape (no unit)
  real<lower=0> prior_phi_beta; // beta prior of phi: second shape (no unit)
  real<lower=0> prior_kappa_min; // Pareto prior of kappa: lower bound (trials)
  real<lower=0> prior_kappa_shape; // Pareto prior of kappa: shape (no unit)
}
transformed data {
  array[N] int failures;
  for (n in 1 : N) {
    failures[n] = trials[n] - successes[n];
  }
  int T = max(trials);
  int S = max(successes);
  int F = max(failures);
  vector[T] i = cumulative_sum(ones_vector(T)) - 1; // 0, 1, ..., T - 1
  // How many units have more than i trials, successes, failures.
  vector[T] more_trials = zeros_vector(T);
  vector[S] more_successes = zeros_vector(S);
  vector[F] more_failures = zeros_vector(F);
  for (n in 1 : N) {
    more_trials[1 : trials[n]] += 1;
    more_successes[1 : successes[n]] += 1;
    more_failures[1 : failures[n]] += 1;
  }
}
parameters {
  real<lower=0, upper=1> phi; // average chance of success
  real<lower=prior_kappa_min> kappa; // concentration, in trials
}
model {
  phi ~ beta(prior_phi_alpha, prior_phi_beta);
  kappa ~ pareto(prior_kappa_min, prior_kappa_shape);
  target += dot_product(more_successes, log(phi + i[1 : S] / kappa));
  target += dot_product(more_failures, log1m(phi - i[1 : F] / kappa));
  target += -dot_product(more_trials, log1p(i / kappa));
}
generated quantities {
  vector<lower=0, upper=1>[N] theta; // chance of success
  {
    vector[N] a = phi * kappa + to_vector(successes);
    vector[N] b = (1 - phi) * kappa + to_vector(failures);
    theta = to_vector(beta_rng(a, b));
  }
}
