// Defines the build record; see build_record.hpp. The makefile passes
// FRONT_CPP_OPTIMS, and the version of the compiler is its own.
#include "build_record.hpp"

const BuildRecord model_build_record = {
#ifdef STAN_THREADS
    true,
#else
    false,
#endif
#ifdef STAN_NO_RANGE_CHECKS
    true,
#else
    false,
#endif
#ifdef FRONT_CPP_OPTIMS
    true,
#else
    false,
#endif
    __VERSION__};
