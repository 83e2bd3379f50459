#include "csv_writer.hpp"

#include <unistd.h>

#include <sstream>

#include "numbers.hpp"

namespace front {

CsvWriter::CsvWriter(const std::string& path, int significant_digits)
    : file_(std::make_unique<OutputFile>(path)), digits_(significant_digits) {}

void CsvWriter::raw(const std::string& lines) {
  if (file_) file_->append(lines);
}

void CsvWriter::operator()(const std::vector<std::string>& names) {
  if (!file_) return;
  width_ = static_cast<long long>(names.size());
  line_.clear();
  for (const auto& name : names) {
    if (&name != &names.front()) line_ += ',';
    line_ += name;
  }
  line_ += '\n';
  file_->append(line_);
  // What stands so far tells a reader, and us, that the disk takes it.
  file_->flush();
}

void CsvWriter::row(const double* values, Eigen::Index count) {
  if (!file_) return;
  line_.clear();
  for (Eigen::Index i = 0; i < count; ++i) {
    if (i > 0) line_ += ',';
    append_number(line_, values[i], digits_);
  }
  line_ += '\n';
  file_->append(line_);
  ++rows_;
  if (count > 0) last_lp_ = values[0];
}

void CsvWriter::operator()(const std::vector<double>& values) {
  row(values.data(), values.size());
}
void CsvWriter::operator()(const Eigen::VectorXd& values) {
  row(values.data(), values.size());
}
void CsvWriter::operator()(const Eigen::RowVectorXd& values) {
  row(values.data(), values.size());
}
void CsvWriter::operator()(const Eigen::MatrixXd& columns) {
  for (Eigen::Index j = 0; j < columns.cols(); ++j)
    row(columns.col(j).data(), columns.rows());
}

void CsvWriter::operator()() { raw("# \n"); }

void CsvWriter::operator()(const std::string& message) {
  if (!file_) return;
  // A model's print() may hold line breaks: each line becomes a comment.
  std::string lines;
  std::istringstream stream(message);
  for (std::string line; std::getline(stream, line);)
    lines += "# " + line + "\n";
  raw(lines.empty() ? "# \n" : lines);
}

void CsvWriter::close() {
  if (file_) file_->close();
}

void CsvWriter::discard() {
  if (!file_) return;
  file_->close();
  unlink(file_->path().c_str());
}

}  // namespace front
