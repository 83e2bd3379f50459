#include <stan/services/experimental/advi/fullrank.hpp>
#include <stan/services/experimental/advi/meanfield.hpp>

#include "numbers.hpp"
#include "session.hpp"

namespace front {

void run_variational(Session& s) {
  namespace services = stan::services::experimental::advi;
  refuse_without_parameters(s, "variational");
  const Arguments& a = s.arguments;
  const std::string options = "method.variational.";
  auto integer = [&](const char* name) { return a.integer(options + name); };
  const double eta = a.real(options + "eta");
  const bool engaged = a.flag(options + "adapt.engaged");

  const Initials initials = read_initials(s, s.id, 1);
  const std::string& diagnostic_path = a.text("output.diagnostic_file");
  const std::string& output_path = a.text("output.file");
  s.claims.output(diagnostic_path, "diagnostic file");
  CsvWriter output = open_single_output(s);
  CsvWriter diagnostics
      = diagnostic_path.empty()
            ? CsvWriter()
            : open_csv(s, diagnostic_path, s.id, output_path);
  // Readers look for the step size here; the service writes it only if it
  // adapted one.
  if (!engaged)
    output.raw("# Stepsize adaptation not engaged.\n# eta = " + shortest(eta)
               + "\n");

  stan::callbacks::writer init_writer;
  auto call = [&](auto service) {
    return service(s.model, *initials.contexts[0], s.seed, s.id,
                   initials.radius, integer("grad_samples"),
                   integer("elbo_samples"), integer("iter"),
                   a.real(options + "tol_rel_obj"), eta, engaged,
                   integer("adapt.iter"), integer("eval_elbo"),
                   integer("output_samples"), s.interrupt, s.console,
                   init_writer, output, diagnostics);
  };
  int code = a.text(options + "algorithm") == "fullrank"
                 ? call(services::fullrank<stan::model::model_base>)
                 : call(services::meanfield<stan::model::model_base>);
  diagnostics.close();
  check_service(s, code, output);
}

}  // namespace front
