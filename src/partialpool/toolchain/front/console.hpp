// The console: whole lines, one write(2) each, from any thread.
#ifndef PARTIALPOOL_FRONT_CONSOLE_HPP
#define PARTIALPOOL_FRONT_CONSOLE_HPP

#include <mutex>
#include <stan/callbacks/logger.hpp>
#include <string>

namespace front {

class Console final : public stan::callbacks::logger {
 public:
  void debug(const std::string& m) override { print(1, m); }
  void debug(const std::stringstream& m) override { print(1, m.str()); }
  void info(const std::string& m) override { print(1, m); }
  void info(const std::stringstream& m) override { print(1, m.str()); }
  void warn(const std::string& m) override { print(1, m); }
  void warn(const std::stringstream& m) override { print(1, m.str()); }
  void error(const std::string& m) override { report(m); }
  void error(const std::stringstream& m) override { report(m.str()); }
  void fatal(const std::string& m) override { report(m); }
  void fatal(const std::stringstream& m) override { report(m.str()); }

  // What a service called errors, on one line: CmdStanPy shows its user only
  // the lines that begin with "Error" or "Exception", such as our closing one.
  std::string errors();

 private:
  void report(const std::string& message);
  void print(int descriptor, const std::string& message);

  std::mutex mutex_;
  std::string errors_;
};

}  // namespace front
#endif
