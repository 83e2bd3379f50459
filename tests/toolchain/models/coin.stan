// No parameters at all.
generated quantities {
  int heads = bernoulli_rng(0.5);
}
