// Reads the rows of a Stan CSV one at a time, comments skipped wherever they
// stand. Every row counts: saved warmup, optimizer iterations, all.
#ifndef PARTIALPOOL_FRONT_CSV_READER_HPP
#define PARTIALPOOL_FRONT_CSV_READER_HPP

#include <fstream>
#include <string>
#include <vector>

namespace front {

class CsvReader {
 public:
  // Throws MissingInput or DataError (no header).
  CsvReader(const std::string& path, const std::string& role);

  const std::vector<std::string>& names() const { return names_; }
  // False at the end; DataError for a row that is cut short or not numeric.
  bool next(std::vector<double>& row);
  // Where each wanted name stands; DataError naming one that is missing.
  std::vector<std::size_t> columns(const std::vector<std::string>& wanted) const;

 private:
  bool next_line(std::string& line);
  std::string where() const;

  std::string name_;
  std::ifstream in_;
  long long line_number_ = 0;
  std::vector<std::string> names_;
};

// Does this file hold CSV (as opposed to a JSON object)?
bool looks_like_csv(const std::string& path);

}  // namespace front
#endif
