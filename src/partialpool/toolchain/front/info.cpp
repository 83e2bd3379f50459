#include "info.hpp"

#include <algorithm>

#include "build_record.hpp"
#include "stan_version.hpp"

namespace front {

std::string info_text() {
  const BuildRecord& record = model_build_record;
  auto flag = [](const char* name, bool on) {
    return std::string(name) + (on ? "=true\n" : "=false\n");
  };
  std::string compiler = record.compiler;
  std::replace(compiler.begin(), compiler.end(), '=', ':');
  return std::string("stan_version_major = ") + stan_major + "\n"
         + "stan_version_minor = " + stan_minor + "\n"
         + "stan_version_patch = " + stan_patch + "\n"
         + flag("STAN_THREADS", record.threads) + flag("STAN_MPI", false)
         + flag("STAN_OPENCL", false)
         + flag("STAN_NO_RANGE_CHECKS", record.no_range_checks)
         + flag("STAN_CPP_OPTIMS", record.cpp_optims)
         + "compiler=" + compiler + "\n" + "front=partialpool";
}

}  // namespace front
