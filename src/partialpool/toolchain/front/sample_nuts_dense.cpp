#include <stan/services/sample/hmc_nuts_dense_e.hpp>
#include <stan/services/sample/hmc_nuts_dense_e_adapt.hpp>
#include <stan/services/util/inv_metric.hpp>

#include "sample.hpp"

namespace front {

int sample_nuts_dense(SampleRun& run) {
  namespace services = stan::services;
  Session& s = run.session;
  const auto dimension = s.model.num_params_r();
  auto metrics = run.metrics_or(std::make_shared<stan::io::array_var_context>(
      services::util::create_unit_e_dense_inv_metric(dimension)));
  if (run.engaged)
    return services::sample::hmc_nuts_dense_e_adapt(
        s.model, run.num_chains, run.initials.contexts, metrics, s.seed, s.id,
        run.initials.radius, run.num_warmup, run.num_samples, run.thin,
        run.save_warmup, s.refresh, run.stepsize, run.stepsize_jitter,
        run.max_depth, run.delta, run.gamma, run.kappa, run.t0,
        run.init_buffer, run.term_buffer, run.window, s.interrupt, s.console,
        run.init_writers, run.samples, run.diagnostics, run.metric_writers);
  int code = services::sample::hmc_nuts_dense_e(
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
      json.write("metric_type", "dense_e");
      json.write("inv_metric", services::util::read_dense_inv_metric(
                                   *metrics[i], dimension, s.console));
      json.end_record();
    }
  return code;
}

}  // namespace front
