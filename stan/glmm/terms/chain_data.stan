  // Data of the programs in glmm/ that eliminate several group terms: the order
  // of the elimination. It needs T, q and J of the terms.
  // The chain: terms that are eliminated by group, each nested in the next.
  int<lower=1, upper=T> E; // terms of the chain (count)
  array[E] int<lower=1, upper=T> chain; // which, the innermost first (code)
  array[T - E] int<lower=1, upper=T> outside; // the other terms (code)
  int<lower=1> QE; // largest number of coefficients of a term (count)
  int<lower=1> JE; // groups of the chain's terms (count)
  int<lower=0> JI; // groups of the chain's terms but the last (count)
  int<lower=1> HE; // effects of the chain's terms (count)
  int<lower=0> RD; // effects of the terms outside of the chain (count)
  // Groups of the chain's terms stand one term after another, sorted so that
  // the groups nested in one group stand together.
  array[JE] int<lower=1> level; // which group of its term each is (code)
  array[JI] int<lower=1> outer; // its group of the chain's next term (code)
