  // Transformed data of glmm/gaussian_marginal_all: products of the columns of
  // Z'W, by which the Schur complement of one term of one coefficient is a
  // product of a matrix and a vector. It needs terms/chain_layout.stan and ZW,
  // and declares pairwise, ZW_ZW and pair_at. With several coefficients large
  // numbers would cancel in that product where a group has few rows.
  int pairwise = S == 1 && RD > 0; // is one coefficient in the chain? (yes 1)
  int n_pairs = pairwise ? choose(RD + 1, 2) : 0;
  matrix[n_pairs, HE] ZW_ZW = rep_matrix(0, n_pairs, HE); // by pair, group
  array[pairwise ? RD * RD : 0] int pair_at; // the pair of any two columns
  pair_at = rep_array(1, pairwise ? RD * RD : 0);
  if (pairwise) {
    int pair = 0;
    for (k in 1 : RD) {
      for (m in 1 : k) {
        pair += 1;
        pair_at[(k - 1) * RD + m] = pair;
        pair_at[(m - 1) * RD + k] = pair;
        ZW_ZW[pair] = (ZW[ : , k] .* ZW[ : , m])';
      }
    }
  }
