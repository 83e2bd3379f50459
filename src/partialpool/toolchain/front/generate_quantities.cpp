#include <tbb/parallel_for.h>

#include <chrono>
#include <stan/services/util/create_rng.hpp>
#include <stan/services/util/gq_writer.hpp>

#include "csv_reader.hpp"
#include "session.hpp"

namespace front {
namespace {

using Names = std::vector<std::string>;

// One chain. The service of Stan 2.39 seeds every chain alike whatever its id
// (stan-dev/stan issue 3401), so the loop is our own, seeded by the chain's.
void generate(Session& s, const Names& parameters, const std::string& fitted,
              unsigned id, CsvWriter& output) {
  CsvReader draws(fitted, "fitted_params");
  const auto columns = draws.columns(parameters);
  stan::services::util::gq_writer writer(output, s.console,
                                         parameters.size());
  writer.write_gq_names(s.model);
  auto rng = stan::services::util::create_rng(s.seed, id);
  const auto start = std::chrono::steady_clock::now();
  std::vector<double> row, constrained(columns.size()), unconstrained;
  std::ostringstream messages;
  while (draws.next(row)) {
    s.interrupt();
    for (std::size_t i = 0; i < columns.size(); ++i)
      constrained[i] = row[columns[i]];
    try {
      s.model.unconstrain_array(constrained, unconstrained, &messages);
    } catch (const std::exception& e) {
      throw DataError("fitted_params file \"" + fitted + "\", draw "
                      + std::to_string(output.rows() + 1) + ": " + e.what());
    }
    writer.write_gq_values(s.model, rng, unconstrained);
  }
  if (output.rows() == 0)
    throw DataError("fitted_params file \"" + fitted + "\" has no draws.");
  const std::chrono::duration<double> elapsed
      = std::chrono::steady_clock::now() - start;
  writer.write_timing(std::round(elapsed.count() * 1000) / 1000);
  output.close();
}

Names parameter_names(const Session& s) {
  Names parameters, all;
  s.model.constrained_param_names(parameters, false, false);
  s.model.constrained_param_names(all, false, true);
  if (all.size() == parameters.size())
    throw Failure(exit_code::config,
                  "Model doesn't generate any quantities of interest.");
  return parameters;
}

}  // namespace

void run_generate_quantities(Session& s) {
  const Arguments& a = s.arguments;
  const int chains = a.integer("method.generate_quantities.num_chains");
  const auto fitted = input_per_chain(
      a.text("method.generate_quantities.fitted_params"), s.id, chains,
      "fitted_params");
  const auto paths = output_per_chain(a.text("output.file"), s.id, chains);
  const Names parameters = parameter_names(s);
  for (int i = 0; i < chains; ++i) {
    // One input for all chains is fine; an output over it is not.
    s.claims.input(fitted[i], "fitted_params file");
    s.claims.output(paths[i], "output file");
    claim_config(s, paths[i]);
  }
  std::vector<CsvWriter> outputs;
  try {
    for (int i = 0; i < chains; ++i) {
      // Everything about the input that can be wrong, before anything is written.
      CsvReader(fitted[i], "fitted_params").columns(parameters);
      save_config(s, s.id + i, paths[i]);
      outputs.push_back(open_csv(s, paths[i], s.id + i, paths[i]));
    }
    tbb::parallel_for(0, chains, [&](int i) {
      generate(s, parameters, fitted[i], s.id + i, outputs[i]);
    });
    check_service(s, 0);
  } catch (...) {
    // CmdStanPy does not look at the exit code and would parse what is there.
    for (auto& output : outputs) output.discard();
    if (received_signal()) check_service(s, 1);
    throw;
  }
}

}  // namespace front
