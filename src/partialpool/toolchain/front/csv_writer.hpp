// Writes Stan CSV: a header, rows of numbers, comments.
#ifndef PARTIALPOOL_FRONT_CSV_WRITER_HPP
#define PARTIALPOOL_FRONT_CSV_WRITER_HPP

#include <memory>
#include <stan/callbacks/writer.hpp>
#include <string>
#include <vector>

#include "output_file.hpp"

namespace front {

class CsvWriter final : public stan::callbacks::writer {
 public:
  // Writes nothing: for a file that was not asked for.
  CsvWriter() = default;
  CsvWriter(const std::string& path, int significant_digits);

  void operator()(const std::vector<std::string>& names) override;
  void operator()(const std::vector<double>& values) override;
  void operator()() override;
  void operator()(const std::string& message) override;
  void operator()(const Eigen::MatrixXd& columns) override;
  void operator()(const Eigen::VectorXd& values) override;
  void operator()(const Eigen::RowVectorXd& values) override;
  bool is_valid() const noexcept override { return file_ != nullptr; }

  // Text that is already in comment form.
  void raw(const std::string& lines);
  void close();
  // Closes and deletes: for output that would be read as if it were complete.
  void discard();

  bool has_header() const { return width_ >= 0; }
  long long rows() const { return rows_; }
  // First value of the last row: lp__ where there is one.
  double last_lp() const { return last_lp_; }
  std::string path() const { return file_ ? file_->path() : ""; }

 private:
  void row(const double* values, Eigen::Index count);

  std::unique_ptr<OutputFile> file_;
  int digits_ = 8;
  long long width_ = -1;
  long long rows_ = 0;
  double last_lp_ = 0;
  std::string line_;
};

}  // namespace front
#endif
