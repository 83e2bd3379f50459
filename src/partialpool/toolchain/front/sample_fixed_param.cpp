#include <stan/services/sample/fixed_param.hpp>

#include "sample.hpp"

namespace front {

int sample_fixed_param(SampleRun& run) {
  Session& s = run.session;
  return stan::services::sample::fixed_param(
      s.model, run.num_chains, run.initials.contexts, s.seed, s.id,
      run.initials.radius, run.num_samples, run.thin, s.refresh, s.interrupt,
      s.console, run.init_writers, run.samples, run.diagnostics);
}

}  // namespace front
