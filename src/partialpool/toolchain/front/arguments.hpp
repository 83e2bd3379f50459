// The command-line arguments: what exists, what it accepts, what the user set.
#ifndef PARTIALPOOL_FRONT_ARGUMENTS_HPP
#define PARTIALPOOL_FRONT_ARGUMENTS_HPP

#include <limits>
#include <string>
#include <vector>

namespace front {

enum class Kind {
  group,    // holds other arguments: "adapt", "output"
  choice,   // one of its children, each a group: "method", "engine"
  integer,
  real,
  boolean,
  text
};

struct Bounds {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
  bool lower_is_open = false;
  bool upper_is_open = false;

  bool admits(double x) const;
  std::string describe(const std::string& name) const;
};

struct Argument {
  std::string name;
  Kind kind = Kind::group;
  std::string help;
  std::string value;          // in normal form: true/false, shortest decimal
  std::string default_value;
  Bounds bounds;
  bool required = false;
  std::vector<Argument> children;

  bool is_default() const { return value == default_value; }
  Argument* child(const std::string& child_name);
  const Argument* child(const std::string& child_name) const;
};

// The whole table, every value at its default (argument_table.cpp).
Argument argument_table();

// Checks `text` against the argument's kind and bounds and stores it in normal
// form; throws UsageError (errors.hpp) naming argument, value and bounds.
void assign(Argument& argument, const std::string& text);

// Reads an argument tree by dotted path: "method.sample.adapt.delta".
class Arguments {
 public:
  explicit Arguments(Argument root) : root_(std::move(root)) {}

  const Argument& root() const { return root_; }
  Argument& root() { return root_; }

  int integer(const std::string& path) const;
  unsigned unsigned_integer(const std::string& path) const;
  double real(const std::string& path) const;
  bool flag(const std::string& path) const;
  const std::string& text(const std::string& path) const;
  bool is_default(const std::string& path) const;
  void set(const std::string& path, const std::string& value);

 private:
  const Argument& at(const std::string& path) const;
  Argument root_;
};

}  // namespace front
#endif
