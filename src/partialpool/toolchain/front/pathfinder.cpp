#include <stan/services/pathfinder/multi.hpp>
#include <stan/services/pathfinder/single.hpp>

#include "json_writer.hpp"
#include "session.hpp"

namespace front {
namespace {

struct Options {
  explicit Options(const Arguments& a) : arguments(a) {}
  int integer(const char* name) const { return arguments.integer(in(name)); }
  double real(const char* name) const { return arguments.real(in(name)); }
  bool flag(const char* name) const { return arguments.flag(in(name)); }

 private:
  static std::string in(const char* name) {
    return std::string("method.pathfinder.") + name;
  }
  const Arguments& arguments;
};

int single(Session& s, const Options& o, const Initials& initials,
           CsvWriter& output, JsonWriter& log) {
  stan::callbacks::writer init_writer;
  return stan::services::pathfinder::pathfinder_lbfgs_single(
      s.model, *initials.contexts[0], s.seed, s.id, initials.radius,
      o.integer("history_size"), o.real("init_alpha"), o.real("tol_obj"),
      o.real("tol_rel_obj"), o.real("tol_grad"), o.real("tol_rel_grad"),
      o.real("tol_param"), o.integer("max_lbfgs_iters"),
      o.integer("num_elbo_draws"), o.integer("num_draws"),
      o.flag("save_single_paths"), s.refresh, s.interrupt, s.console,
      init_writer, output, log, o.flag("calculate_lp"));
}

int multi(Session& s, const Options& o, const Initials& initials,
          CsvWriter& output, std::vector<CsvWriter>& path_outputs,
          std::vector<JsonWriter>& path_logs) {
  std::vector<stan::callbacks::writer> init_writers(path_outputs.size());
  JsonWriter no_log;
  return stan::services::pathfinder::pathfinder_lbfgs_multi(
      s.model, initials.contexts, s.seed, s.id, initials.radius,
      o.integer("history_size"), o.real("init_alpha"), o.real("tol_obj"),
      o.real("tol_rel_obj"), o.real("tol_grad"), o.real("tol_rel_grad"),
      o.real("tol_param"), o.integer("max_lbfgs_iters"),
      o.integer("num_elbo_draws"), o.integer("num_draws"),
      o.integer("num_psis_draws"), o.integer("num_paths"),
      o.flag("save_single_paths"), s.refresh, s.interrupt, s.console,
      init_writers, path_outputs, path_logs, output, no_log,
      o.flag("calculate_lp"), o.flag("psis_resample"));
}

}  // namespace

void run_pathfinder(Session& s) {
  refuse_without_parameters(s, "pathfinder");
  const Options o(s.arguments);
  const int paths = o.integer("num_paths");
  const bool save_paths = o.flag("save_single_paths");
  const std::string& path = s.arguments.text("output.file");
  const Initials initials = read_initials(s, s.id, paths);

  // One path writes its log beside the draws, several write both per path.
  std::vector<std::string> csv_paths, log_paths;
  if (save_paths && paths == 1) log_paths.push_back(with_ending(path, ".json"));
  if (save_paths && paths > 1)
    for (int i = 0; i < paths; ++i) {
      const std::string ending = "_path_" + std::to_string(s.id + i);
      csv_paths.push_back(with_ending(path, ending + ".csv"));
      log_paths.push_back(with_ending(path, ending + ".json"));
    }
  for (const auto& p : csv_paths) s.claims.output(p, "single-path file");
  for (const auto& p : log_paths) s.claims.output(p, "single-path log");

  CsvWriter output = open_single_output(s);
  std::vector<CsvWriter> path_outputs;
  std::vector<JsonWriter> path_logs;
  for (int i = 0; i < paths; ++i) {
    path_outputs.push_back(csv_paths.empty()
                               ? CsvWriter()
                               : open_csv(s, csv_paths[i], s.id + i, path));
    path_logs.push_back(log_paths.empty() ? JsonWriter()
                                          : open_json(log_paths[i]));
  }
  int code = paths == 1 ? single(s, o, initials, output, path_logs[0])
                        : multi(s, o, initials, output, path_outputs, path_logs);
  path_logs.clear();
  for (auto& csv : path_outputs) csv.close();
  check_service(s, code, output);
}

}  // namespace front
