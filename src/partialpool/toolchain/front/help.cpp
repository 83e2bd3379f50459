#include "help.hpp"

namespace front {
namespace {

std::string valid_values(const Argument& a) {
  switch (a.kind) {
    case Kind::boolean:
      return "0, 1, true, false";
    case Kind::integer:
    case Kind::real:
      return a.bounds.describe(a.name);
    case Kind::text:
      return "any text";
    case Kind::choice: {
      std::string list;
      for (const auto& c : a.children)
        list += (list.empty() ? "" : ", ") + c.name;
      return list;
    }
    case Kind::group:
      break;
  }
  return "";
}

void describe(const Argument& a, int depth, bool everything,
              std::string& out) {
  const std::string indent(2 * depth, ' ');
  const bool leaf = a.kind != Kind::group;
  out += indent + a.name + (leaf ? "=<value>" : "") + "\n";
  out += indent + "  " + a.help + "\n";
  if (leaf) {
    out += indent + "  Valid values: " + valid_values(a) + "\n";
    out += indent + (a.required ? "  Required"
                                : "  Defaults to: " + a.default_value) + "\n";
  }
  if (everything)
    for (const auto& c : a.children) describe(c, depth + 2, true, out);
}

}  // namespace

std::string help_text(const Argument& scope, bool everything) {
  std::string out;
  if (scope.name.empty())
    out = "Usage: <executable> <arg1> <subarg1_1> ... <arg2> ...\n\n"
          "Begin with a method; other arguments may stand before or after it.\n"
          "\"info\" prints build information, \"help-all\" the whole tree.\n\n";
  else
    out = scope.name + ": " + scope.help + "\n\n";
  for (const auto& c : scope.children) {
    // The choice of a method is the first thing a user looks for.
    bool expand = everything || (scope.name.empty() && c.name == "method");
    describe(c, 1, everything, out);
    if (expand && !everything)
      for (const auto& m : c.children) describe(m, 3, false, out);
  }
  return out;
}

}  // namespace front
