#include "session.hpp"

#include "numbers.hpp"

namespace front {
namespace {

// The configuration as one chain of several has it.
Arguments for_chain(Session& session, unsigned id,
                    const std::string& output_file) {
  Arguments own = session.arguments;
  own.set("id", std::to_string(id));
  own.set("output.file", output_file);
  return own;
}

std::string config_path(const std::string& output_file) {
  return with_ending(output_file, "_config.json");
}

}  // namespace

Initials read_initials(Session& session, unsigned first_id, int count) {
  const std::string& init = session.arguments.text("init");
  Initials initials;
  double radius;
  if (parse_real(init, radius)) {
    if (!std::isfinite(radius) || radius < 0)
      throw UsageError(init + " is not a valid value for \"init\". Valid "
                       "values: 0 <= init, or a file.");
    initials.radius = radius;
    initials.contexts.assign(count, empty_context());
    return initials;
  }
  std::string previous;
  for (const auto& path : input_per_chain(init, first_id, count, "init")) {
    // One file for all chains is read once.
    bool same = path == previous;
    if (!same) session.claims.input(path, "init file");
    initials.contexts.push_back(same ? initials.contexts.back()
                                     : read_context(path, "init"));
    previous = path;
  }
  return initials;
}

CsvWriter open_csv(Session& session, const std::string& path, unsigned id,
                   const std::string& output_file) {
  CsvWriter csv(path, session.sig_figs);
  csv.raw(config_comments(for_chain(session, id, output_file), session.facts));
  return csv;
}

CsvWriter open_single_output(Session& session) {
  const std::string& path = session.arguments.text("output.file");
  session.claims.output(path, "output file");
  claim_config(session, path);
  save_config(session, session.id, path);
  return open_csv(session, path, session.id, path);
}

void claim_config(Session& session, const std::string& output_file) {
  if (session.arguments.flag("output.save_cmdstan_config"))
    session.claims.output(config_path(output_file), "configuration file");
}

void save_config(Session& session, unsigned id,
                 const std::string& output_file) {
  if (session.arguments.flag("output.save_cmdstan_config"))
    write_file(config_path(output_file),
               config_json(for_chain(session, id, output_file), session.facts));
}

void check_service(Session& session, int service_code) {
  if (int signal = received_signal())
    throw Failure(128 + signal, "interrupted");
  if (std::string failure = write_failure(); !failure.empty())
    throw IoError(failure);
  if (service_code == 0) return;
  std::string why = session.console.errors();
  throw Failure(service_code, why.empty() ? "the method failed" : why);
}

void check_service(Session& session, int service_code, CsvWriter& output) {
  output.close();
  check_service(session, service_code);
  if (!output.has_header() || output.rows() == 0)
    throw RunError("\"" + output.path() + "\" is incomplete: no draws.");
}

void refuse_without_parameters(Session& session, const std::string& method) {
  if (session.model.num_params_r() == 0)
    throw RunError("method " + method + " needs a model with parameters; "
                   + session.facts.name + " has none.");
}

}  // namespace front
