#ifndef PARTIALPOOL_FRONT_PROFILE_HPP
#define PARTIALPOOL_FRONT_PROFILE_HPP

#include <string>

#include "session.hpp"

namespace front {

// Writes the timings of the model's profile() statements, if it has any. A file
// that cannot be written is worth a line on the console, not a lost fit.
void write_profile(const std::string& path, Session& session);

}  // namespace front
#endif
