    // Statements of the programs in glmm/ that eliminate several group terms: A
    // = I + M' Z'Z M is factorised, and A^-1 M'u found, term by term. They need
    // terms/chain_layout.stan, M of each term, e with u = Z'[residuals, Q] e,
    // and the sums over rows. They declare
    //   A[a, b] of coefficients a and b of the chain, by group of a, as it is
    //     when a is eliminated: A[a, a] is the diagonal of D in A = F D F',
    //   h[a] = (F^-1 M'u) of coefficient a,
    //   ZW_M[a]: F^-1 M'Z'W, W being the columns outside of the chain; without
    //     it if pairwise, where it is M Z'W,
    //   L: the Cholesky factor of what is left of A outside, and h_L its h,
    //   M_D: M of the terms outside,
    //   log_det = log|A|, and explained = (M'u)' A^-1 M'u.
    array[S, S] vector[most] A = rep_array(zeros_vector(most), S, S);
    array[S] vector[most] h = A[1];
    int whole = RD && !pairwise;
    array[S] matrix[whole ? most : 0, RD] ZW_M
      = rep_array(rep_matrix(0, whole ? most : 0, RD), S);
    matrix[RD, RD] left = WW;
    vector[RD] left_u = WrQ * e;
    array[T - E] matrix[QE, QE] M_D;
    for (o in 1 : T - E) {
      M_D[o] = M[outside[o]];
    }
    real log_det = 0;
    real explained = 0;
    for (a in 1 : S) {
      int c = term[a];
      int n = J[chain[c]];
      vector[QE] M_a = M[chain[c], : , coefficient[a]];
      for (b in a : S) {
        int d = term[b];
        A[a, b, 1 : n] = (a == b)
                         + block(ZZ, group_at[c] + 1,
                                 (d - 1) * square_of_QE + 1, n, square_of_QE)
                           * to_vector(M_a
                                       * M[chain[d], : , coefficient[b]]');
      }
      h[a, 1 : n] = block(ZrQ, group_at[c] + 1, 1, n, QE * (P + 1))
                    * to_vector(e * M_a');
      if (whole) {
        for (i in coefficient[a] : q[chain[c]]) {
          ZW_M[a, 1 : n] += M_a[i]
                            * block(ZW, zw_at[c] + (i - 1) * n + 1, 1, n, RD);
        }
      }
    }
    for (a in 1 : S) {
      int c = term[a];
      int n = J[chain[c]];
      vector[n] D_a = over_one(A[a, a, 1 : n]);
      vector[n] h_a = h[a, 1 : n];
      log_det += sum(log(D_a));
      explained += dot_product(h_a, h_a ./ D_a);
      for (b in a + 1 : S) {
        int d = term[b];
        int m = J[chain[d]];
        vector[n] f = A[a, b, 1 : n] ./ D_a;
        for (k in b : S) {
          vector[n] product = f .* A[a, k, 1 : n];
          A[b, k, 1 : m] -= sums_within(product, c == d, from[c, d, 1 : m],
                                        to[c, d, 1 : m], unit[c, d, 1 : n],
                                        size_in[d, 1 : m]);
        }
        h[b, 1 : m] -= sums_within(f .* h_a, c == d, from[c, d, 1 : m],
                                   to[c, d, 1 : m], unit[c, d, 1 : n],
                                   size_in[d, 1 : m]);
        if (whole) {
          matrix[n, RD] product = rep_matrix(f, RD) .* ZW_M[a, 1 : n];
          for (k in 1 : RD) {
            ZW_M[b, 1 : m, k] -= sums_within(product[ : , k], c == d,
                                             from[c, d, 1 : m],
                                             to[c, d, 1 : m],
                                             unit[c, d, 1 : n],
                                             size_in[d, 1 : m]);
          }
        }
      }
      if (whole) {
        // a product with rep_matrix is 20 times as quick as diag_pre_multiply
        matrix[n, RD] B = rep_matrix(inv(D_a), RD) .* ZW_M[a, 1 : n];
        left -= ZW_M[a, 1 : n]' * B;
        left_u -= B' * h_a;
      }
    }
    if (pairwise) {
      int n = J[chain[1]];
      real M_1 = M[chain[1], 1, 1];
      left_u -= ZW' * (M_1 * h[1, 1 : n] ./ A[1, 1, 1 : n]);
      left -= to_matrix((ZW_ZW * (square(M_1) * inv(A[1, 1, 1 : n])))[pair_at],
                        RD, RD);
    }
    matrix[RD, RD] L = rep_matrix(0, RD, RD);
    vector[RD] h_L = zeros_vector(RD);
    if (RD) {
      left = factor_transpose_times(M_D, left, q[outside], J[outside])';
      left = factor_transpose_times(M_D, left, q[outside], J[outside]);
      // symmetric to the last digit, as cholesky_decompose checks
      L = cholesky_decompose(add_diag(0.5 * (left + left'), 1));
      h_L = mdivide_left_tri_low(L,
              to_vector(factor_transpose_times(M_D, to_matrix(left_u),
                          q[outside], J[outside])));
      log_det += 2 * sum(log(diagonal(L)));
      explained += dot_self(h_L);
    }
