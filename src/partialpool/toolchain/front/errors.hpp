// Failures that end the program, each with its exit code (sysexits numbers, as
// in stan/services/error_codes.hpp; 74 is EX_IOERR).
#ifndef PARTIALPOOL_FRONT_ERRORS_HPP
#define PARTIALPOOL_FRONT_ERRORS_HPP

#include <stdexcept>
#include <string>

namespace front {

namespace exit_code {
constexpr int ok = 0, gradient_mismatch = 1, usage = 64, data = 65,
              no_input = 66, software = 70, io = 74, config = 78;
}

class Failure : public std::runtime_error {
 public:
  Failure(int code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

struct UsageError : Failure {
  explicit UsageError(const std::string& m) : Failure(exit_code::usage, m) {}
};
struct DataError : Failure {
  explicit DataError(const std::string& m) : Failure(exit_code::data, m) {}
};
struct MissingInput : Failure {
  explicit MissingInput(const std::string& m)
      : Failure(exit_code::no_input, m) {}
};
struct RunError : Failure {
  explicit RunError(const std::string& m) : Failure(exit_code::software, m) {}
};
struct IoError : Failure {
  explicit IoError(const std::string& m) : Failure(exit_code::io, m) {}
};

}  // namespace front
#endif
