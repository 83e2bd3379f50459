  // Transformed data of the programs in glmm/ that eliminate several group
  // terms: which coefficient is eliminated when, and where its groups stand. It
  // needs terms/chain_data.stan, and declares S, term, coefficient, group_at,
  // zw_at, most, group_in, from and to.
  int S = sum(q[chain]); // coefficients of the chain
  array[S] int term; // the place in the chain of each one's term
  array[S] int coefficient; // which of the term's coefficients it is
  array[E] int group_at; // what stands before each term's groups
  array[E] int zw_at; // what stands before each term's rows of ZW
  int most = max(J[chain]); // groups of the term with the most
  // Of each group of a term, its group of each later term of the chain; and
  // where the groups that are nested in one of those begin and end.
  array[E, E, most] int group_in = rep_array(1, E, E, most);
  array[E, E, most] int from = rep_array(1, E, E, most);
  array[E, E, most] int to = rep_array(1, E, E, most);
  {
    int n = 0;
    int groups = 0;
    int effects = 0;
    for (c in 1 : E) {
      group_at[c] = groups;
      zw_at[c] = effects;
      groups += J[chain[c]];
      effects += q[chain[c]] * J[chain[c]];
      for (k in 1 : q[chain[c]]) {
        n += 1;
        term[n] = c;
        coefficient[n] = k;
      }
    }
    if (groups != JE || groups - J[chain[E]] != JI || effects != HE) {
      reject("JE, JI and HE are ", JE, ", ", JI, " and ", HE,
             ", but must be ", groups, ", ", groups - J[chain[E]], " and ",
             effects);
    }
    for (c in 1 : E) {
      int J_c = J[chain[c]];
      group_in[c, c, 1 : J_c] = linspaced_int_array(J_c, 1, J_c);
      for (d in c + 1 : E) {
        int J_d = J[chain[d]];
        for (j in 1 : J_c) {
          int above = outer[group_at[d - 1] + group_in[c, d - 1, j]];
          if (above > J_d || (j > 1 && above < group_in[c, d, j - 1])) {
            reject("groups of term ", chain[c], " are not sorted by those of ",
                   "term ", chain[d], ", or name more than there are");
          }
          group_in[c, d, j] = above;
          to[c, d, above] = j + 1;
        }
        for (l in 2 : J_d) {
          from[c, d, l] = to[c, d, l - 1];
          to[c, d, l] = max(to[c, d, l], from[c, d, l]);
        }
      }
    }
  }
