#include <stan/services/sample/hmc_nuts_diag_e.hpp>
#include <stan/services/sample/hmc_nuts_diag_e_adapt.hpp>

#include "sample_nuts.hpp"

namespace front {

int sample_nuts_diag(SampleRun& run) {
  namespace services = stan::services::sample;
  namespace util = stan::services::util;
  return sample_nuts(
      run, "diag_e", util::create_unit_e_diag_inv_metric,
      util::read_diag_inv_metric,
      [](auto&... with) { return services::hmc_nuts_diag_e_adapt(with...); },
      [](auto&... with) { return services::hmc_nuts_diag_e(with...); });
}

}  // namespace front
