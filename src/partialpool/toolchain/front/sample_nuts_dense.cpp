#include <stan/services/sample/hmc_nuts_dense_e.hpp>
#include <stan/services/sample/hmc_nuts_dense_e_adapt.hpp>

#include "sample_nuts.hpp"

namespace front {

int sample_nuts_dense(SampleRun& run) {
  namespace services = stan::services::sample;
  namespace util = stan::services::util;
  return sample_nuts(
      run, "dense_e", util::create_unit_e_dense_inv_metric,
      util::read_dense_inv_metric,
      [](auto&... with) { return services::hmc_nuts_dense_e_adapt(with...); },
      [](auto&... with) { return services::hmc_nuts_dense_e(with...); });
}

}  // namespace front
