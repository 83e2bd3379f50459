#include <stan/services/diagnose/diagnose.hpp>

#include "session.hpp"

namespace front {

void run_diagnose(Session& s) {
  const Arguments& a = s.arguments;
  const std::string options = "method.diagnose.test.gradient.";
  const Initials initials = read_initials(s, s.id, 1);
  CsvWriter output = open_single_output(s);
  stan::callbacks::writer init_writer;
  int mismatches = stan::services::diagnose::diagnose(
      s.model, *initials.contexts[0], s.seed, s.id, initials.radius,
      a.real(options + "epsilon"), a.real(options + "error"), s.interrupt,
      s.console, init_writer, output);
  output.close();
  check_service(s, 0);
  // The service returns a count, which does not fit into an exit code.
  if (mismatches > 0)
    throw Failure(exit_code::gradient_mismatch,
                  std::to_string(mismatches)
                      + " gradient(s) differ from finite differences by more "
                        "than the tolerance.");
}

}  // namespace front
