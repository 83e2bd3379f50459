#include "console.hpp"

#include <unistd.h>

#include <cerrno>

namespace front {

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
    if (first_error_.empty()) first_error_ = message;
  }
  print(2, message);
}

std::string Console::first_error() {
  std::lock_guard<std::mutex> lock(mutex_);
  return first_error_;
}

}  // namespace front
