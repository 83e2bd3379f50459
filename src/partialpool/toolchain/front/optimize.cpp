#include <stan/services/optimize/bfgs.hpp>
#include <stan/services/optimize/lbfgs.hpp>
#include <stan/services/optimize/newton.hpp>

#include "session.hpp"

namespace front {
namespace {

using Model = stan::model::model_base;

template <bool jacobian>
int optimize(Session& s, const Initials& initials, CsvWriter& output) {
  namespace services = stan::services::optimize;
  const Arguments& a = s.arguments;
  const std::string algorithm = a.text("method.optimize.algorithm");
  const auto& init = *initials.contexts[0];
  stan::callbacks::writer init_writer;
  const int iterations = a.integer("method.optimize.iter");
  const bool save = a.flag("method.optimize.save_iterations");
  if (algorithm == "newton")
    return services::newton<Model, jacobian>(
        s.model, init, s.seed, s.id, initials.radius, iterations, save,
        s.interrupt, s.console, init_writer, output);

  const std::string options = "method.optimize.algorithm." + algorithm + ".";
  auto option = [&](const char* name) { return a.real(options + name); };
  if (algorithm == "bfgs")
    return services::bfgs<Model, jacobian>(
        s.model, init, s.seed, s.id, initials.radius, option("init_alpha"),
        option("tol_obj"), option("tol_rel_obj"), option("tol_grad"),
        option("tol_rel_grad"), option("tol_param"), iterations, save,
        s.refresh, s.interrupt, s.console, init_writer, output);
  return services::lbfgs<Model, jacobian>(
      s.model, init, s.seed, s.id, initials.radius,
      a.integer(options + "history_size"), option("init_alpha"),
      option("tol_obj"), option("tol_rel_obj"), option("tol_grad"),
      option("tol_rel_grad"), option("tol_param"), iterations, save, s.refresh,
      s.interrupt, s.console, init_writer, output);
}

}  // namespace

void run_optimize(Session& session) {
  const Initials initials = read_initials(session, session.id, 1);
  CsvWriter output = open_single_output(session);
  const bool jacobian = session.arguments.flag("method.optimize.jacobian");
  int code = jacobian ? optimize<true>(session, initials, output)
                      : optimize<false>(session, initials, output);
  check_service(session, code, output);
  // Newton's method of Stan 2.39 reports success wherever it ended; -1e100 is
  // its mark for "never evaluated" (stan-dev/stan issues 3425 and 3429).
  if (!std::isfinite(output.last_lp()) || output.last_lp() <= -1e100)
    throw RunError("Optimization terminated with error: the objective is not "
                   "finite where the optimizer ended. Try algorithm=lbfgs.");
}

}  // namespace front
