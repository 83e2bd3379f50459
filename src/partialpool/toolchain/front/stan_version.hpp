// Stan's version, as text.
#ifndef PARTIALPOOL_FRONT_STAN_VERSION_HPP
#define PARTIALPOOL_FRONT_STAN_VERSION_HPP

#define PARTIALPOOL_TEXT_(x) #x
#define PARTIALPOOL_TEXT(x) PARTIALPOOL_TEXT_(x)

#include <stan/version.hpp>

namespace front {
constexpr const char* stan_major = PARTIALPOOL_TEXT(STAN_MAJOR);
constexpr const char* stan_minor = PARTIALPOOL_TEXT(STAN_MINOR);
constexpr const char* stan_patch = PARTIALPOOL_TEXT(STAN_PATCH);
}  // namespace front
#endif
