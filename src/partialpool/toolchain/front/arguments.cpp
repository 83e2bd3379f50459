#include "arguments.hpp"

#include <charconv>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "errors.hpp"
#include "numbers.hpp"

namespace front {

bool Bounds::admits(double x) const {
  bool above = lower_is_open ? x > lower : x >= lower;
  bool below = upper_is_open ? x < upper : x <= upper;
  return above && below;
}

std::string Bounds::describe(const std::string& name) const {
  std::string text;
  if (std::isfinite(lower))
    text += shortest(lower) + (lower_is_open ? " < " : " <= ");
  text += name;
  if (std::isfinite(upper))
    text += (upper_is_open ? " < " : " <= ") + shortest(upper);
  return text == name ? "any finite number" : text;
}

Argument* Argument::child(const std::string& child_name) {
  for (auto& c : children)
    if (c.name == child_name) return &c;
  return nullptr;
}

const Argument* Argument::child(const std::string& child_name) const {
  return const_cast<Argument*>(this)->child(child_name);
}

namespace {

[[noreturn]] void reject(const Argument& a, const std::string& text,
                         const std::string& valid) {
  throw UsageError(text + " is not a valid value for \"" + a.name
                   + "\". Valid values: " + valid);
}

std::string choices(const Argument& a) {
  std::string list;
  for (const auto& c : a.children) list += (list.empty() ? "" : ", ") + c.name;
  return list;
}

}  // namespace

void assign(Argument& a, const std::string& text) {
  switch (a.kind) {
    case Kind::group:
      throw UsageError("\"" + a.name + "\" takes no value, found \"" + text
                       + "\".");
    case Kind::choice:
      if (!a.child(text)) reject(a, text, choices(a));
      a.value = text;
      return;
    case Kind::text:
      a.value = text;
      return;
    case Kind::boolean:
      if (text == "1" || text == "true")
        a.value = "true";
      else if (text == "0" || text == "false")
        a.value = "false";
      else
        reject(a, text, "0, 1, true, false");
      return;
    case Kind::integer: {
      long long x;
      if (!parse_integer(text, x) || !a.bounds.admits(static_cast<double>(x)))
        reject(a, text, "whole numbers, " + a.bounds.describe(a.name));
      a.value = std::to_string(x);
      return;
    }
    case Kind::real: {
      double x;
      if (!parse_real(text, x) || !std::isfinite(x) || !a.bounds.admits(x))
        reject(a, text, a.bounds.describe(a.name));
      a.value = shortest(x);
      return;
    }
  }
}

const Argument& Arguments::at(const std::string& path) const {
  const Argument* node = &root_;
  std::istringstream names(path);
  for (std::string name; std::getline(names, name, '.');) {
    node = node->child(name);
    if (!node) throw std::logic_error("no argument named " + path);
  }
  return *node;
}

int Arguments::integer(const std::string& path) const {
  return std::stoi(at(path).value);
}
unsigned Arguments::unsigned_integer(const std::string& path) const {
  return static_cast<unsigned>(std::stoul(at(path).value));
}
double Arguments::real(const std::string& path) const {
  double x = 0;
  parse_real(at(path).value, x);
  return x;
}
bool Arguments::flag(const std::string& path) const {
  return at(path).value == "true";
}
const std::string& Arguments::text(const std::string& path) const {
  return at(path).value;
}
bool Arguments::is_default(const std::string& path) const {
  return at(path).is_default();
}
void Arguments::set(const std::string& path, const std::string& value) {
  const_cast<Argument&>(at(path)).value = value;
}

}  // namespace front
