#include "input.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stan/io/dump.hpp>
#include <stan/io/empty_var_context.hpp>
#include <stan/io/ends_with.hpp>
#include <stan/io/json/json_data.hpp>

#include "errors.hpp"

namespace front {
namespace {

// CmdStanPy copies lists of files to names ending in .json whatever they hold,
// so the first character decides, and the extension only where that is moot.
bool looks_like_json(std::istream& in, const std::string& path) {
  in >> std::ws;
  int first = in.peek();
  in.clear();
  in.seekg(0);
  if (first == '{' || first == '[') return true;
  bool named_json = stan::io::ends_with(".json", path);
  return named_json && (first == EOF || !(std::isalpha(first) || first == '"'
                                          || first == '.' || first == '#'));
}

ContextPtr read_dump(std::istream& in) {
  auto context = std::make_shared<stan::io::dump>(in);
  // The reader stops silently at what it does not understand.
  in.clear();
  std::string rest;
  if (in >> rest && rest[0] != '#')
    throw std::invalid_argument("syntax error before \"" + rest + "\"");
  std::vector<std::string> reals, ints;
  context->names_r(reals);
  context->names_i(ints);
  if (reals.empty() && ints.empty())
    throw std::invalid_argument("no variables found");
  return context;
}

}  // namespace

ContextPtr empty_context() {
  return std::make_shared<stan::io::empty_var_context>();
}

ContextPtr read_context(const std::string& path, const std::string& role) {
  const std::string name = role + " file \"" + path + "\"";
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw MissingInput("cannot open " + name + ": " + std::strerror(errno));
  in.peek();
  if (in.bad()) throw MissingInput("cannot read " + name + ".");
  in.clear();
  try {
    if (looks_like_json(in, path))
      return std::make_shared<stan::json::json_data>(in);
    return read_dump(in);
  } catch (const std::exception& e) {
    throw DataError("cannot read " + name + ": " + e.what());
  }
}

}  // namespace front
