// Two correlated normals, known exactly; trouble on demand:
// 0 none, 1 no initial value is accepted, 2 the generated quantities fail,
// 3 every evaluation takes long.
data {
  int<lower=0, upper=3> trouble;
  int<lower=0> K;
}
parameters {
  vector[2] x;
}
transformed parameters {
  real twice = 2 * x[1];
}
model {
  profile("target") {
    x ~ multi_normal([1, -2]', [[1, 0.5], [0.5, 2]]);
  }
  if (trouble == 1) {
    reject("nowhere to start");
  }
  if (trouble == 3) {
    real waste = 0;
    for (i in 1 : 400000) {
      waste += sin(i);
    }
    target += 0 * waste;
  }
}
generated quantities {
  real y = normal_rng(x[1], 1);
  array[K] real none;
  tuple(real, vector[2]) pair = (x[1], x);
  complex z = to_complex(x[1], x[2]);
  if (trouble == 2) {
    reject("no quantities today");
  }
}
