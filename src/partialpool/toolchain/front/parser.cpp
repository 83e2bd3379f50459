#include "parser.hpp"

#include "errors.hpp"
#include "help.hpp"

namespace front {
namespace {

class Parser {
 public:
  explicit Parser(ParsedLine& line) : line_(line) {
    scopes_.push_back(&line.arguments.root());
  }

  void take(const std::string& token) {
    if (token == "help" || token == "help-all") {
      line_.help = help_text(*scopes_.back(), token == "help-all");
      return;
    }
    auto equals = token.find('=');
    std::string key = token.substr(0, equals);
    bool has_value = equals != std::string::npos;
    std::string value = has_value ? token.substr(equals + 1) : "";
    // An argument belongs to the innermost open scope that knows it.
    for (std::size_t depth = scopes_.size(); depth > 0; --depth) {
      Argument& scope = *scopes_[depth - 1];
      bool taken = has_value ? take_value(scope, key, value, depth)
                             : take_keyword(scope, key, depth);
      if (taken) return;
    }
    throw UsageError(token + " is either mistyped or misplaced.");
  }

 private:
  bool take_value(Argument& scope, const std::string& key,
                  const std::string& value, std::size_t depth) {
    Argument* argument = scope.child(key);
    if (scope.kind == Kind::choice || !argument) return false;
    scopes_.resize(depth);
    assign(*argument, value);
    if (argument->kind == Kind::choice) open(*argument, value);
    note(*argument, depth);
    return true;
  }

  // A bare word opens a group ("adapt"), or is a value of one of the scope's
  // choices ("sample" for "method=sample").
  bool take_keyword(Argument& scope, const std::string& key,
                    std::size_t depth) {
    for (Argument& argument : scope.children) {
      if (argument.kind == Kind::group && argument.name == key) {
        scopes_.resize(depth);
        scopes_.push_back(&argument);
        return true;
      }
      if (argument.kind == Kind::choice && argument.child(key)) {
        scopes_.resize(depth);
        argument.value = key;
        open(argument, key);
        note(argument, depth);
        return true;
      }
      if (argument.name == key)
        throw UsageError("\"" + key + "\" needs a value: " + key + "=...");
    }
    return false;
  }

  void open(Argument& choice, const std::string& value) {
    scopes_.push_back(choice.child(value));
  }

  void note(const Argument& argument, std::size_t depth) {
    if (depth == 1 && argument.name == "method") line_.method_given = true;
    if (depth == 1 && argument.name == "num_threads")
      line_.threads_given = true;
    if (argument.name == "seed") line_.seed_given = true;
  }

  ParsedLine& line_;
  std::vector<Argument*> scopes_;
};

void check_required(const Argument& node) {
  for (const Argument& a : node.children) {
    if (a.required && a.value.empty())
      throw UsageError("\"" + a.name + "\" is required: " + a.name + "=...");
    if (a.kind == Kind::group) check_required(a);
    if (a.kind == Kind::choice) check_required(*a.child(a.value));
  }
}

}  // namespace

ParsedLine parse(const std::vector<std::string>& tokens) {
  ParsedLine line;
  Parser parser(line);
  // Help is wanted for the scope it stands in, and nothing runs then.
  for (const std::string& token : tokens) {
    parser.take(token);
    if (!line.help.empty()) return line;
  }
  if (!line.method_given)
    throw UsageError("a method must be given, for example \"sample\"; see "
                     "\"help\".");
  check_required(line.arguments.root());
  return line;
}

}  // namespace front
