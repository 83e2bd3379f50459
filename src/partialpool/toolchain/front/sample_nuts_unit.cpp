#include <stan/services/sample/hmc_nuts_unit_e.hpp>
#include <stan/services/sample/hmc_nuts_unit_e_adapt.hpp>

#include "sample.hpp"

namespace front {

int sample_nuts_unit(SampleRun& run) {
  namespace services = stan::services::sample;
  Session& s = run.session;
  if (run.engaged)
    return services::hmc_nuts_unit_e_adapt(
        s.model, run.num_chains, run.initials.contexts, s.seed, s.id,
        run.initials.radius, run.num_warmup, run.num_samples, run.thin,
        run.save_warmup, s.refresh, run.stepsize, run.stepsize_jitter,
        run.max_depth, run.delta, run.gamma, run.kappa, run.t0, s.interrupt,
        s.console, run.init_writers, run.samples, run.diagnostics,
        run.metric_writers);
  int code = services::hmc_nuts_unit_e(
      s.model, run.num_chains, run.initials.contexts, s.seed, s.id,
      run.initials.radius, run.num_warmup, run.num_samples, run.thin,
      run.save_warmup, s.refresh, run.stepsize, run.stepsize_jitter,
      run.max_depth, s.interrupt, s.console, run.init_writers, run.samples,
      run.diagnostics);
  if (code == 0 && run.save_metric)
    for (auto& json : run.metric_writers) {
      json.begin_record();
      json.write("stepsize", run.stepsize);
      json.write("metric_type", "unit_e");
      Eigen::VectorXd ones = Eigen::VectorXd::Ones(s.model.num_params_r());
      json.write("inv_metric", ones);
      json.end_record();
    }
  return code;
}

}  // namespace front
