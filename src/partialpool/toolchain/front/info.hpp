#ifndef PARTIALPOOL_FRONT_INFO_HPP
#define PARTIALPOOL_FRONT_INFO_HPP

#include <string>

namespace front {

// What "info" prints: lines with exactly one '=' each.
std::string info_text();

}  // namespace front
#endif
