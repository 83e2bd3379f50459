#include "input.hpp"

#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
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

// Of a metric file only inv_metric matters. What we write ourselves also names
// the metric's type, and Stan's reader refuses text.
ContextPtr read_json_metric(std::istream& in) {
  namespace json = rapidjson;
  constexpr unsigned flags
      = json::kParseNanAndInfFlag | json::kParseFullPrecisionFlag;
  json::IStreamWrapper stream(in);
  json::Document file;
  file.ParseStream<flags>(stream);
  if (file.HasParseError() || !file.IsObject())
    throw std::invalid_argument("not a JSON object");
  if (!file.HasMember("inv_metric"))
    throw std::invalid_argument(
        "variable does not exist; variable name=inv_metric");
  json::Document only(json::kObjectType, &file.GetAllocator());
  only.AddMember("inv_metric", file["inv_metric"], file.GetAllocator());
  json::StringBuffer text;
  json::Writer<json::StringBuffer, json::UTF8<>, json::UTF8<>,
               json::CrtAllocator, json::kWriteNanAndInfFlag>
      writer(text);
  only.Accept(writer);
  std::istringstream filtered(text.GetString());
  return std::make_shared<stan::json::json_data>(filtered);
}

ContextPtr read_json(std::istream& in) {
  return std::make_shared<stan::json::json_data>(in);
}

ContextPtr read_file(const std::string& path, const std::string& role,
                     ContextPtr (*read_as_json)(std::istream&)) {
  const std::string name = role + " file \"" + path + "\"";
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw MissingInput("cannot open " + name + ": " + std::strerror(errno));
  in.peek();
  if (in.bad()) throw MissingInput("cannot read " + name + ".");
  in.clear();
  try {
    return looks_like_json(in, path) ? read_as_json(in) : read_dump(in);
  } catch (const std::exception& e) {
    throw DataError("cannot read " + name + ": " + e.what());
  }
}

}  // namespace

ContextPtr empty_context() {
  return std::make_shared<stan::io::empty_var_context>();
}

ContextPtr read_context(const std::string& path, const std::string& role) {
  return read_file(path, role, read_json);
}

ContextPtr read_metric(const std::string& path) {
  return read_file(path, "metric", read_json_metric);
}

}  // namespace front
