#include "config_writer.hpp"

#include "stan_version.hpp"

namespace front {
namespace {

void write_lines(const Argument& node, const std::string& prefix, int depth,
                 std::string& out) {
  const std::string indent = prefix + std::string(2 * depth, ' ');
  for (const Argument& a : node.children) {
    if (a.kind == Kind::group) {
      out += indent + a.name + "\n";
      write_lines(a, prefix, depth + 1, out);
      continue;
    }
    out += indent + a.name + " = " + printable(a.value)
           + (a.is_default() ? " (Default)" : "") + "\n";
    if (a.kind != Kind::choice) continue;
    const Argument& chosen = *a.child(a.value);
    if (chosen.children.empty()) continue;
    out += indent + "  " + chosen.name + "\n";
    write_lines(chosen, prefix, depth + 2, out);
  }
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_value(const Argument& a) {
  return a.kind == Kind::text ? quoted(a.value) : a.value;
}

// Members of a JSON object, without its braces.
std::string json_members(const Argument& node, int depth) {
  const std::string indent(2 * depth, ' ');
  std::string out;
  for (const Argument& a : node.children) {
    if (!out.empty()) out += ",\n";
    out += indent + quoted(a.name) + ": ";
    if (a.kind == Kind::group) {
      out += "{\n" + json_members(a, depth + 1) + "\n" + indent + "}";
    } else if (a.kind == Kind::choice) {
      const Argument& chosen = *a.child(a.value);
      out += "{\n" + indent + "  \"value\": " + quoted(a.value);
      if (!chosen.children.empty())
        out += ",\n" + indent + "  " + quoted(chosen.name) + ": {\n"
               + json_members(chosen, depth + 2) + "\n" + indent + "  }";
      out += "\n" + indent + "}";
    } else {
      out += json_value(a);
    }
  }
  return out;
}

// Length of the valid UTF-8 sequence at s[i], 0 if there is none.
std::size_t utf8_length(const std::string& s, std::size_t i) {
  auto byte = [&](std::size_t k) {
    return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u;
  };
  auto continues = [&](std::size_t k) { return (byte(k) & 0xC0) == 0x80; };
  unsigned b = byte(i), next = byte(i + 1);
  if (b < 0x80) return b >= 0x20 && b != 0x7F ? 1 : 0;
  if (b >= 0xC2 && b <= 0xDF) return continues(i + 1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) {
    bool overlong = b == 0xE0 && next < 0xA0;
    bool surrogate = b == 0xED && next > 0x9F;
    return !overlong && !surrogate && continues(i + 1) && continues(i + 2) ? 3
                                                                           : 0;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    bool outside = (b == 0xF0 && next < 0x90) || (b == 0xF4 && next > 0x8F);
    return !outside && continues(i + 1) && continues(i + 2) && continues(i + 3)
               ? 4
               : 0;
  }
  return 0;
}

}  // namespace

std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = utf8_length(text, i);
    out += n ? text.substr(i, n) : "?";
    i += n ? n : 1;
  }
  return out;
}

std::string argument_lines(const Arguments& arguments,
                           const std::string& prefix) {
  std::string out;
  write_lines(arguments.root(), prefix, 0, out);
  return out;
}

std::string config_comments(const Arguments& arguments,
                            const ModelFacts& facts) {
  std::string out = std::string("# stan_version_major = ") + stan_major + "\n"
                    + "# stan_version_minor = " + stan_minor + "\n"
                    + "# stan_version_patch = " + stan_patch + "\n"
                    + "# model = " + facts.name + "\n"
                    + "# start_datetime = " + facts.started + "\n";
  out += argument_lines(arguments, "# ");
  for (const auto& line : facts.compile_info)
    out += "# " + printable(line) + "\n";
  return out;
}

std::string config_json(const Arguments& arguments, const ModelFacts& facts) {
  auto member = [](const std::string& key, const std::string& value) {
    return "  " + quoted(key) + ": " + quoted(value);
  };
  std::string out = "{\n" + member("stan_major_version", stan_major) + ",\n"
                    + member("stan_minor_version", stan_minor) + ",\n"
                    + member("stan_patch_version", stan_patch) + ",\n"
                    + member("model_name", facts.name) + ",\n"
                    + member("start_datetime", facts.started) + ",\n"
                    + json_members(arguments.root(), 1) + ",\n"
                    + "  \"mpi_enabled\": false";
  for (const auto& line : facts.compile_info) {
    auto equals = line.find(" = ");
    if (equals != std::string::npos)
      out += ",\n" + member(line.substr(0, equals), line.substr(equals + 3));
  }
  return out + "\n}\n";
}

}  // namespace front
