// Data, initial values and metrics: JSON, or R dump format.
#ifndef PARTIALPOOL_FRONT_INPUT_HPP
#define PARTIALPOOL_FRONT_INPUT_HPP

#include <memory>
#include <stan/io/var_context.hpp>
#include <string>

namespace front {

using ContextPtr = std::shared_ptr<stan::io::var_context>;

ContextPtr empty_context();

// `role` names the file in errors: "data", "init", ... Throws
// MissingInput when it cannot be opened, DataError when it cannot be read.
ContextPtr read_context(const std::string& path, const std::string& role);

// An inverse metric; whatever else the file holds is ignored.
ContextPtr read_metric(const std::string& path);

}  // namespace front
#endif
