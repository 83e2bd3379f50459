// A file that is written in whole lines and never fails silently.
#ifndef PARTIALPOOL_FRONT_OUTPUT_FILE_HPP
#define PARTIALPOOL_FRONT_OUTPUT_FILE_HPP

#include <string>

namespace front {

class OutputFile {
 public:
  // Truncates; throws IoError if the file cannot be opened.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Takes text that ends with a newline. Never throws: a failure is recorded
  // (interrupt.hpp) and everything after it dropped.
  void append(const std::string& lines) noexcept;
  void flush() noexcept;
  // Flushes and closes; a later append is dropped.
  void close() noexcept;

  bool failed() const { return failed_; }
  const std::string& path() const { return path_; }

 private:
  void fail(int error) noexcept;

  std::string path_;
  std::string buffer_;
  int descriptor_;
  bool failed_ = false;
};

// Writes a small file at once; throws IoError.
void write_file(const std::string& path, const std::string& content);

}  // namespace front
#endif
