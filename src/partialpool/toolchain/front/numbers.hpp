// Numbers to text and back, whole tokens only, whatever the locale.
#ifndef PARTIALPOOL_FRONT_NUMBERS_HPP
#define PARTIALPOOL_FRONT_NUMBERS_HPP

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace front {

inline std::string_view without_plus(std::string_view s) {
  bool plus = s.size() > 1 && s[0] == '+' && s[1] != '-';
  return plus ? s.substr(1) : s;
}

template <typename T>
bool parse_whole(std::string_view s, T& x) {
  s = without_plus(s);
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), x);
  return error == std::errc() && end == s.data() + s.size() && !s.empty();
}

inline bool parse_integer(std::string_view s, long long& x) {
  return parse_whole(s, x);
}

// Accepts nan and inf; a magnitude too small for a double reads as zero, one
// too large as infinity (from_chars alone would call both errors).
inline bool parse_real(std::string_view s, double& x) {
  s = without_plus(s);
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), x);
  if (s.empty() || end != s.data() + s.size()) return false;
  if (error == std::errc::result_out_of_range) {
    auto exponent = s.find_first_of("eE");
    bool tiny = exponent != std::string_view::npos && exponent + 1 < s.size()
                && s[exponent + 1] == '-';
    x = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    if (s[0] == '-') x = -x;
    return true;
  }
  return error == std::errc();
}

// Appends x as `stream << setprecision(digits) << x` would print it.
inline void append_number(std::string& out, double x, int digits) {
  if (std::isnan(x)) {
    out += "nan";
    return;
  }
  char buffer[64];
  auto result = std::to_chars(buffer, buffer + sizeof buffer, x,
                              std::chars_format::general, digits);
  out.append(buffer, result.ptr);
}

// The shortest text that reads back as x.
inline std::string shortest(double x) {
  char buffer[64];
  auto result = std::to_chars(buffer, buffer + sizeof buffer, x);
  return std::string(buffer, result.ptr);
}

}  // namespace front
#endif
