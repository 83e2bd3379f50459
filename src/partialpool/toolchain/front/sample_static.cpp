#include <stan/services/sample/hmc_static_dense_e.hpp>
#include <stan/services/sample/hmc_static_dense_e_adapt.hpp>
#include <stan/services/sample/hmc_static_diag_e.hpp>
#include <stan/services/sample/hmc_static_diag_e_adapt.hpp>
#include <stan/services/sample/hmc_static_unit_e.hpp>
#include <stan/services/sample/hmc_static_unit_e_adapt.hpp>
#include <stan/services/util/inv_metric.hpp>

#include "sample.hpp"

namespace front {

int sample_static(SampleRun& run, const std::string& metric) {
  namespace services = stan::services::sample;
  Session& s = run.session;
  const auto dimension = s.model.num_params_r();
  const auto& init = *run.initials.contexts[0];
  auto& init_writer = run.init_writers[0];
  auto& samples = run.samples[0];
  auto& diagnostics = run.diagnostics[0];

  if (metric == "unit_e") {
    if (run.engaged)
      return services::hmc_static_unit_e_adapt(
          s.model, init, s.seed, s.id, run.initials.radius, run.num_warmup,
          run.num_samples, run.thin, run.save_warmup, s.refresh, run.stepsize,
          run.stepsize_jitter, run.int_time, run.delta, run.gamma, run.kappa,
          run.t0, s.interrupt, s.console, init_writer, samples, diagnostics);
    return services::hmc_static_unit_e(
        s.model, init, s.seed, s.id, run.initials.radius, run.num_warmup,
        run.num_samples, run.thin, run.save_warmup, s.refresh, run.stepsize,
        run.stepsize_jitter, run.int_time, s.interrupt, s.console, init_writer,
        samples, diagnostics);
  }

  // The diagonal and the dense services differ in name only.
  const bool dense = metric == "dense_e";
  auto unit = std::make_shared<stan::io::array_var_context>(
      dense ? stan::services::util::create_unit_e_dense_inv_metric(dimension)
            : stan::services::util::create_unit_e_diag_inv_metric(dimension));
  const ContextPtr start = run.metrics_or(unit)[0];
  auto adaptive = [&](auto service) {
    return service(s.model, init, *start, s.seed, s.id, run.initials.radius,
                   run.num_warmup, run.num_samples, run.thin, run.save_warmup,
                   s.refresh, run.stepsize, run.stepsize_jitter, run.int_time,
                   run.delta, run.gamma, run.kappa, run.t0, run.init_buffer,
                   run.term_buffer, run.window, s.interrupt, s.console,
                   init_writer, samples, diagnostics);
  };
  auto fixed = [&](auto service) {
    return service(s.model, init, *start, s.seed, s.id, run.initials.radius,
                   run.num_warmup, run.num_samples, run.thin, run.save_warmup,
                   s.refresh, run.stepsize, run.stepsize_jitter, run.int_time,
                   s.interrupt, s.console, init_writer, samples, diagnostics);
  };
#define SERVICE(name) \
  [](auto&&... arguments) { return services::name(arguments...); }
  if (run.engaged)
    return dense ? adaptive(SERVICE(hmc_static_dense_e_adapt))
                 : adaptive(SERVICE(hmc_static_diag_e_adapt));
  return dense ? fixed(SERVICE(hmc_static_dense_e))
               : fixed(SERVICE(hmc_static_diag_e));
#undef SERVICE
}

}  // namespace front
