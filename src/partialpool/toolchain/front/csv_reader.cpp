#include "csv_reader.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "errors.hpp"
#include "numbers.hpp"

namespace front {
namespace {

std::string_view trimmed(std::string_view s) {
  auto first = s.find_first_not_of(" \t\r\"");
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(" \t\r\"") - first + 1);
}

template <typename F>
void for_each_field(const std::string& line, F&& f) {
  std::size_t start = 0;
  while (true) {
    auto comma = line.find(',', start);
    f(trimmed(std::string_view(line).substr(start, comma - start)));
    if (comma == std::string::npos) return;
    start = comma + 1;
  }
}

}  // namespace

CsvReader::CsvReader(const std::string& path, const std::string& role)
    : name_(role + " file \"" + path + "\""), in_(path) {
  if (!in_)
    throw MissingInput("cannot open " + name_ + ": " + std::strerror(errno));
  std::string line;
  if (!next_line(line)) throw DataError(name_ + " has no header and no draws.");
  for_each_field(line, [&](auto field) { names_.emplace_back(field); });
}

bool CsvReader::next_line(std::string& line) {
  while (std::getline(in_, line)) {
    ++line_number_;
    if (!trimmed(line).empty() && line[0] != '#') return true;
  }
  return false;
}

std::string CsvReader::where() const {
  return name_ + ", line " + std::to_string(line_number_);
}

bool CsvReader::next(std::vector<double>& row) {
  std::string line;
  if (!next_line(line)) return false;
  row.clear();
  for_each_field(line, [&](auto field) {
    double x;
    if (!parse_real(field, x))
      throw DataError(where() + ": not a number: \"" + std::string(field)
                      + "\".");
    row.push_back(x);
  });
  if (row.size() != names_.size())
    throw DataError(where() + ": found " + std::to_string(row.size())
                    + " values, expected " + std::to_string(names_.size())
                    + ".");
  return true;
}

std::vector<std::size_t> CsvReader::columns(
    const std::vector<std::string>& wanted) const {
  std::unordered_map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < names_.size(); ++i) position.emplace(names_[i], i);
  std::vector<std::size_t> found;
  for (const auto& name : wanted) {
    auto it = position.find(name);
    if (it == position.end())
      throw DataError("variable does not exist; variable name=" + name
                      + "; " + name_ + " has no such column.");
    found.push_back(it->second);
  }
  return found;
}

bool looks_like_csv(const std::string& path) {
  std::ifstream in(path);
  in >> std::ws;
  return in.peek() != '{';
}

}  // namespace front
