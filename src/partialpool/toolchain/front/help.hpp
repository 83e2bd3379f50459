#ifndef PARTIALPOOL_FRONT_HELP_HPP
#define PARTIALPOOL_FRONT_HELP_HPP

#include <string>

#include "arguments.hpp"

namespace front {

// The arguments of one scope; with `everything` the tree below them as well.
std::string help_text(const Argument& scope, bool everything);

}  // namespace front
#endif
