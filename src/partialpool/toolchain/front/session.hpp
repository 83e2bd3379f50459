// What every method needs: arguments, model, console, the common outputs.
#ifndef PARTIALPOOL_FRONT_SESSION_HPP
#define PARTIALPOOL_FRONT_SESSION_HPP

#include <stan/model/model_base.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "config_writer.hpp"
#include "console.hpp"
#include "csv_writer.hpp"
#include "errors.hpp"
#include "files.hpp"
#include "input.hpp"
#include "interrupt.hpp"

namespace front {

struct Session {
  const Arguments& arguments;
  stan::model::model_base& model;
  Console& console;
  Interrupt& interrupt;
  FileClaims& claims;
  ModelFacts facts;
  unsigned seed;
  unsigned id;
  int refresh;
  int sig_figs;
};

struct Initials {
  double radius = 2;
  std::vector<ContextPtr> contexts;  // one per chain or path
};

// "init": a radius, one file, or one file per chain.
Initials read_initials(Session& session, unsigned first_id, int count);

// Opens a CSV and writes the configuration into it, as chain `id` sees it.
CsvWriter open_csv(Session& session, const std::string& path, unsigned id,
                   const std::string& output_file);

// The outputs of a method that writes one CSV: claims and opens it, and the
// configuration JSON if asked for.
CsvWriter open_single_output(Session& session);

// Claims the "_config.json" beside `output_file`, if it was asked for.
void claim_config(Session& session, const std::string& output_file);
void save_config(Session& session, unsigned id, const std::string& output_file);

// Ends the run with the right Failure unless a service returned 0, was not
// stopped, and everything reached the disk.
void check_service(Session& session, int service_code);

// Closes the file first, so that a full disk shows now.
void check_service(Session& session, int service_code, CsvWriter& output);

void refuse_without_parameters(Session& session, const std::string& method);

// One file per method.
void run_sample(Session& session);
void run_optimize(Session& session);
void run_variational(Session& session);
void run_pathfinder(Session& session);
void run_laplace(Session& session);
void run_generate_quantities(Session& session);
void run_log_prob(Session& session);
void run_diagnose(Session& session);

}  // namespace front
#endif
