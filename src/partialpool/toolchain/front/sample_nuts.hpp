// NUTS with an adapted metric: the diagonal and the dense services differ in
// name only.
#ifndef PARTIALPOOL_FRONT_SAMPLE_NUTS_HPP
#define PARTIALPOOL_FRONT_SAMPLE_NUTS_HPP

#include <stan/services/util/inv_metric.hpp>

#include "sample.hpp"

namespace front {

// `unit` and `read` make and read such a metric; `adaptive` and `fixed` call
// the services.
template <typename Unit, typename Read, typename Adaptive, typename Fixed>
int sample_nuts(SampleRun& run, const char* metric, Unit unit, Read read,
                Adaptive adaptive, Fixed fixed) {
  Session& s = run.session;
  const auto dimension = s.model.num_params_r();
  auto metrics = run.metrics_or(
      std::make_shared<stan::io::array_var_context>(unit(dimension)));
  if (run.engaged)
    return adaptive(
        s.model, run.num_chains, run.initials.contexts, metrics, s.seed, s.id,
        run.initials.radius, run.num_warmup, run.num_samples, run.thin,
        run.save_warmup, s.refresh, run.stepsize, run.stepsize_jitter,
        run.max_depth, run.delta, run.gamma, run.kappa, run.t0,
        run.init_buffer, run.term_buffer, run.window, s.interrupt, s.console,
        run.init_writers, run.samples, run.diagnostics, run.metric_writers);
  int code = fixed(
      s.model, run.num_chains, run.initials.contexts, metrics, s.seed, s.id,
      run.initials.radius, run.num_warmup, run.num_samples, run.thin,
      run.save_warmup, s.refresh, run.stepsize, run.stepsize_jitter,
      run.max_depth, s.interrupt, s.console, run.init_writers, run.samples,
      run.diagnostics);
  // Without adaptation the service has no metric writer: what was given is
  // what was used.
  if (code == 0 && run.save_metric)
    for (int i = 0; i < run.num_chains; ++i) {
      auto& json = run.metric_writers[i];
      json.begin_record();
      json.write("stepsize", run.stepsize);
      json.write("metric_type", metric);
      json.write("inv_metric", read(*metrics[i], dimension, s.console));
      json.end_record();
    }
  return code;
}

}  // namespace front
#endif
