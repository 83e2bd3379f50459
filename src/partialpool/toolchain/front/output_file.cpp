#include "output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "errors.hpp"
#include "interrupt.hpp"

namespace front {
namespace {

// Large enough to make write(2) cheap, small enough that a reader that follows
// the file sees progress.
constexpr std::size_t flush_at = 1 << 15;

std::string reason(const std::string& path, int error) {
  return "cannot write \"" + path + "\": " + std::strerror(error);
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  descriptor_
      = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw IoError(reason(path, errno));
}

OutputFile::~OutputFile() { close(); }

void OutputFile::fail(int error) noexcept {
  if (!failed_) record_write_failure(reason(path_, error));
  failed_ = true;
  buffer_.clear();
}

void OutputFile::append(const std::string& lines) noexcept {
  if (failed_ || descriptor_ < 0) return;
  try {
    buffer_ += lines;
  } catch (const std::bad_alloc&) {
    fail(ENOMEM);
    return;
  }
  if (buffer_.size() >= flush_at) flush();
}

void OutputFile::flush() noexcept {
  std::size_t done = 0;
  while (!failed_ && done < buffer_.size()) {
    ssize_t n = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      fail(n < 0 ? errno : EIO);
    else
      done += n;
  }
  buffer_.clear();
}

void OutputFile::close() noexcept {
  if (descriptor_ < 0) return;
  flush();
  // Network file systems report a full disk only here.
  if (::close(descriptor_) != 0 && errno != EINTR) fail(errno);
  descriptor_ = -1;
}

void write_file(const std::string& path, const std::string& content) {
  OutputFile file(path);
  file.append(content);
  file.close();
  if (file.failed()) throw IoError(write_failure());
}

}  // namespace front
