// The table of arguments: names, nesting, kinds, bounds, defaults. Everything
// else (parser, help, configuration header, configuration JSON) reads it.
#include "arguments.hpp"
#include "numbers.hpp"

namespace front {
namespace {

using Children = std::vector<Argument>;

constexpr double max_int = std::numeric_limits<int>::max();

Bounds at_least(double lower) {
  return {lower, std::numeric_limits<double>::infinity(), false, false};
}
Bounds more_than(double lower) {
  return {lower, std::numeric_limits<double>::infinity(), true, false};
}

Argument make(Kind kind, const char* name, std::string value, Bounds bounds,
              const char* help) {
  Argument a;
  a.name = name;
  a.kind = kind;
  a.help = help;
  a.value = a.default_value = std::move(value);
  a.bounds = bounds;
  return a;
}

Argument integer(const char* name, int value, double lower, const char* help) {
  return make(Kind::integer, name, std::to_string(value),
              {lower, max_int, false, false}, help);
}
Argument real(const char* name, double value, Bounds bounds,
              const char* help) {
  return make(Kind::real, name, shortest(value), bounds, help);
}
Argument boolean(const char* name, bool value, const char* help) {
  return make(Kind::boolean, name, value ? "true" : "false", {}, help);
}
Argument text(const char* name, const char* value, const char* help) {
  return make(Kind::text, name, value, {}, help);
}
Argument required(Argument a) {
  a.required = true;
  return a;
}
Argument group(const char* name, const char* help, Children children = {}) {
  Argument a = make(Kind::group, name, "", {}, help);
  a.children = std::move(children);
  return a;
}
Argument choice(const char* name, const char* value, const char* help,
                Children children) {
  Argument a = make(Kind::choice, name, value, {}, help);
  a.children = std::move(children);
  return a;
}

Argument sample() {
  auto adapt = group("adapt", "Warmup adaptation", {
      boolean("engaged", true, "Adapt step size and metric during warmup"),
      real("gamma", 0.05, more_than(0), "Adaptation regularization scale"),
      real("delta", 0.8, {0, 1, true, true}, "Target acceptance statistic"),
      real("kappa", 0.75, more_than(0), "Adaptation relaxation exponent"),
      real("t0", 10, more_than(0), "Adaptation iteration offset"),
      integer("init_buffer", 75, 0, "Width of the initial fast interval"),
      integer("term_buffer", 50, 0, "Width of the final fast interval"),
      integer("window", 25, 0, "Initial width of the slow interval"),
      boolean("save_metric", false, "Save step size and metric as JSON")});
  auto hmc = group("hmc", "Hamiltonian Monte Carlo", {
      choice("engine", "nuts", "Engine", {
          group("static", "Fixed integration time", {
              real("int_time", 6.283185307179586, more_than(0),
                   "Total integration time")}),
          group("nuts", "No-U-Turn sampler", {
              integer("max_depth", 10, 1, "Largest tree depth")})}),
      choice("metric", "diag_e", "Geometry of the base manifold", {
          group("unit_e", "Euclidean with unit metric"),
          group("diag_e", "Euclidean with diagonal metric"),
          group("dense_e", "Euclidean with dense metric")}),
      text("metric_file", "", "Input file with the inverse metric"),
      real("stepsize", 1, more_than(0), "Step size"),
      real("stepsize_jitter", 0, {0, 1, false, false},
           "Uniformly random jitter of the step size, a fraction")});
  return group("sample", "Bayesian inference with Markov chain Monte Carlo", {
      integer("num_samples", 1000, 0, "Number of sampling iterations"),
      integer("num_warmup", 1000, 0, "Number of warmup iterations"),
      boolean("save_warmup", false, "Write warmup draws too"),
      integer("thin", 1, 1, "Period between saved draws"),
      adapt,
      choice("algorithm", "hmc", "Sampling algorithm", {
          hmc,
          group("fixed_param", "Parameters stay at their initial values")}),
      integer("num_chains", 1, 1, "Number of chains run by this process")});
}

Children line_search(bool with_history) {
  Children tolerances = {
      real("init_alpha", 0.001, more_than(0), "First line-search step"),
      real("tol_obj", 1e-12, at_least(0),
           "Tolerance on changes of the objective"),
      real("tol_rel_obj", 1e4, at_least(0),
           "Tolerance on relative changes of the objective"),
      real("tol_grad", 1e-8, at_least(0), "Tolerance on the gradient norm"),
      real("tol_rel_grad", 1e7, at_least(0),
           "Tolerance on the relative gradient norm"),
      real("tol_param", 1e-8, at_least(0),
           "Tolerance on changes of the parameters")};
  if (with_history)
    tolerances.push_back(
        integer("history_size", 5, 1, "Amount of history kept for L-BFGS"));
  return tolerances;
}

Argument optimize() {
  return group("optimize", "Point estimation", {
      choice("algorithm", "lbfgs", "Optimization algorithm", {
          group("bfgs", "BFGS with line search", line_search(false)),
          group("lbfgs", "Limited-memory BFGS", line_search(true)),
          group("newton", "Newton's method")}),
      boolean("jacobian", false,
              "Adjust for the change of variables (MAP on the "
              "unconstrained scale)"),
      integer("iter", 2000, 1, "Largest number of iterations"),
      boolean("save_iterations", false, "Write every iteration")});
}

Argument variational() {
  return group("variational", "Variational inference", {
      choice("algorithm", "meanfield", "Variational family", {
          group("meanfield", "Independent normals"),
          group("fullrank", "Multivariate normal")}),
      integer("iter", 10000, 1, "Largest number of iterations"),
      integer("grad_samples", 1, 1, "Draws per gradient"),
      integer("elbo_samples", 100, 1, "Draws per ELBO estimate"),
      real("eta", 1, more_than(0), "Step size scale"),
      group("adapt", "Step size adaptation", {
          boolean("engaged", true, "Adapt eta"),
          integer("iter", 50, 1, "Iterations per candidate eta")}),
      real("tol_rel_obj", 0.01, more_than(0),
           "Tolerance on the relative change of the ELBO"),
      integer("eval_elbo", 100, 1, "Iterations between ELBO estimates"),
      integer("output_samples", 1000, 0, "Draws from the approximation")});
}

Argument pathfinder() {
  Children children = line_search(true);
  Children own = {
      integer("num_psis_draws", 1000, 1, "Draws after importance resampling"),
      integer("num_paths", 4, 1, "Number of single paths"),
      boolean("save_single_paths", false, "Write each path's draws and log"),
      boolean("psis_resample", true, "Resample by Pareto-smoothed weights"),
      boolean("calculate_lp", true, "Evaluate the log density of each draw"),
      integer("max_lbfgs_iters", 1000, 1, "Largest number of iterations"),
      integer("num_draws", 1000, 1, "Draws per path"),
      integer("num_elbo_draws", 25, 1, "Draws per ELBO estimate")};
  children.insert(children.end(), own.begin(), own.end());
  return group("pathfinder", "Pathfinder variational inference", children);
}

Argument laplace() {
  return group("laplace", "Normal approximation at a mode", {
      required(text("mode", "", "Input file with the mode, CSV or JSON")),
      boolean("jacobian", true, "Adjust for the change of variables"),
      integer("draws", 1000, 1, "Number of draws"),
      boolean("calculate_lp", true, "Evaluate the log density of each draw")});
}

Argument generate_quantities() {
  return group("generate_quantities", "Generated quantities of fitted draws", {
      required(text("fitted_params", "", "Input CSV with the draws")),
      integer("num_chains", 1, 1, "Number of chains run by this process")});
}

Argument log_prob() {
  return group("log_prob", "Log density and gradient at given points", {
      text("constrained_params", "", "Input file, constrained scale"),
      text("unconstrained_params", "", "Input file, unconstrained scale"),
      boolean("jacobian", true, "Adjust for the change of variables")});
}

Argument diagnose() {
  return group("diagnose", "Model diagnostics", {
      choice("test", "gradient", "Test", {
          group("gradient", "Gradient against finite differences", {
              real("epsilon", 1e-6, more_than(0), "Finite difference step"),
              real("error", 1e-6, more_than(0), "Tolerated difference")})})});
}

}  // namespace

Argument argument_table() {
  Argument seed = make(Kind::integer, "seed", "0", {-1, 4294967295.0, false,
                       false}, "Seed; absent, 0 or -1: taken from the clock");
  return group("", "", {
      choice("method", "sample", "Analysis method", {
          sample(), optimize(), variational(), diagnose(),
          generate_quantities(), pathfinder(), log_prob(), laplace()}),
      integer("id", 1, 1, "Identifier of the (first) chain"),
      group("data", "Input data", {
          text("file", "", "Input file, JSON or Rdump")}),
      text("init", "2", "Initial values: a file, or the half-width of the "
                        "interval they are drawn from (0: all zero)"),
      group("random", "Random number generator", {seed}),
      group("output", "Output", {
          text("file", "output.csv", "Output file"),
          text("diagnostic_file", "", "Auxiliary output file"),
          integer("refresh", 100, 0, "Iterations between progress lines"),
          make(Kind::integer, "sig_figs", "8", {1, 18, false, false},
               "Significant digits of output"),
          text("profile_file", "profile.csv", "File for profiling"),
          boolean("save_cmdstan_config", false,
                  "Save the configuration as JSON")}),
      make(Kind::integer, "num_threads", "1", {-1, 65536, false, false},
           "Number of threads, -1 for all cores")});
}

}  // namespace front
