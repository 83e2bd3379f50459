// The configuration of a run as text: comment block of every CSV, the console,
// and the JSON side file.
#ifndef PARTIALPOOL_FRONT_CONFIG_WRITER_HPP
#define PARTIALPOOL_FRONT_CONFIG_WRITER_HPP

#include <string>
#include <vector>

#include "arguments.hpp"

namespace front {

struct ModelFacts {
  std::string name;
  std::string started;                     // "2026-01-31 12:00:00 UTC"
  std::vector<std::string> compile_info;   // "stanc_version = stanc3 ..."
};

// "key = value" lines, indented by nesting, each beginning with `prefix`.
std::string argument_lines(const Arguments& arguments,
                           const std::string& prefix);

// Stan version, model, arguments and compile info as CSV comments.
std::string config_comments(const Arguments& arguments,
                            const ModelFacts& facts);

std::string config_json(const Arguments& arguments, const ModelFacts& facts);

// UTF-8 text on one line: control characters and invalid bytes become '?'.
// CSV readers decode the comments strictly, and a path may hold any byte.
std::string printable(const std::string& text);

}  // namespace front
#endif
