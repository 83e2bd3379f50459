#include "console.hpp"

#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace front {

constexpr std::size_t longest = 300;  // no more errors are kept past this

void Console::print(int descriptor, const std::string& message) {
  std::string line = message + "\n";
  std::lock_guard<std::mutex> lock(mutex_);
  const char* at = line.data();
  std::size_t left = line.size();
  while (left > 0) {
    ssize_t written = write(descriptor, at, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody listens: not a reason to stop
    at += written;
    left -= written;
  }
}

void Console::report(const std::string& message) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (errors_.size() < longest) {
      std::istringstream words(message);
      for (std::string word; words >> word;)
        errors_ += (errors_.empty() ? "" : " ") + word;
    }
  }
  print(2, message);
}

std::string Console::errors() {
  std::lock_guard<std::mutex> lock(mutex_);
  return errors_;
}

}  // namespace front
