// From argv to an argument tree.
#ifndef PARTIALPOOL_FRONT_PARSER_HPP
#define PARTIALPOOL_FRONT_PARSER_HPP

#include <string>
#include <vector>

#include "arguments.hpp"

namespace front {

struct ParsedLine {
  Arguments arguments{argument_table()};
  bool method_given = false;
  bool seed_given = false;
  bool threads_given = false;
  // Non-empty when help was asked for: the text to print.
  std::string help;
};

// Throws UsageError for anything the table does not admit.
ParsedLine parse(const std::vector<std::string>& tokens);

}  // namespace front
#endif
