// One sampling run, as the files of the single samplers share it.
#ifndef PARTIALPOOL_FRONT_SAMPLE_HPP
#define PARTIALPOOL_FRONT_SAMPLE_HPP

#include <stan/callbacks/writer.hpp>
#include <vector>

#include "json_writer.hpp"
#include "session.hpp"

namespace front {

struct SampleRun {
  explicit SampleRun(Session& session);

  Session& session;
  int num_chains, num_warmup, num_samples, thin;
  bool save_warmup;

  bool engaged, save_metric;
  double gamma, delta, kappa, t0;
  unsigned init_buffer, term_buffer, window;

  double stepsize, stepsize_jitter, int_time;
  int max_depth;

  Initials initials;
  std::vector<ContextPtr> metrics;  // given by the user; else empty

  // One per chain.
  std::vector<CsvWriter> samples, diagnostics;
  std::vector<JsonWriter> metric_writers;
  std::vector<stan::callbacks::writer> init_writers;

  // The start metrics: those given, or `unit` for every chain.
  std::vector<ContextPtr> metrics_or(const ContextPtr& unit) const;
};

// Each returns the service's code.
int sample_nuts_diag(SampleRun& run);
int sample_nuts_dense(SampleRun& run);
int sample_nuts_unit(SampleRun& run);
int sample_static(SampleRun& run, const std::string& metric);
int sample_fixed_param(SampleRun& run);

}  // namespace front
#endif
