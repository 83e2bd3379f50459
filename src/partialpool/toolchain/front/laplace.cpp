#include <stan/services/optimize/laplace_sample.hpp>

#include "csv_reader.hpp"
#include "json_writer.hpp"
#include "session.hpp"

namespace front {
namespace {

// The service factors the Hessian without looking whether it can be: at a
// point that is no mode its draws would be NaN, and its code "OK".
class HessianCheck final : public stan::callbacks::structured_writer {
 public:
  explicit HessianCheck(JsonWriter file) : file_(std::move(file)) {}
  void begin_record() override { file_.begin_record(); }
  void end_record() override { file_.end_record(); }
  void write(const std::string& key, double value) override {
    file_.write(key, value);
  }
  void write(const std::string& key, const Eigen::VectorXd& v) override {
    file_.write(key, v);
  }
  void write(const std::string& key, const Eigen::MatrixXd& hessian) override {
    file_.write(key, hessian);
    const Eigen::MatrixXd precision = -hessian;
    if (!hessian.allFinite()
        || precision.llt().info() != Eigen::Success)
      throw std::domain_error(
          "The negative Hessian at the mode is not positive definite: the "
          "point given is not a (unique) mode on the scale chosen by "
          "\"jacobian\".");
  }

 private:
  JsonWriter file_;
};

// The last row of a CSV, or a JSON object of parameter values.
Eigen::VectorXd read_mode(Session& s, const std::string& path) {
  Eigen::VectorXd mode;
  std::ostringstream messages;
  try {
    if (looks_like_csv(path)) {
      std::vector<std::string> names;
      s.model.constrained_param_names(names, false, false);
      CsvReader reader(path, "mode");
      const auto columns = reader.columns(names);
      std::vector<double> row, last;
      while (reader.next(row)) last = row;
      if (last.empty())
        throw DataError("mode file \"" + path + "\" has no draws.");
      Eigen::VectorXd constrained(columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i)
        constrained[i] = last[columns[i]];
      s.model.unconstrain_array(constrained, mode, &messages);
    } else {
      mode.resize(s.model.num_params_r());
      s.model.transform_inits(*read_context(path, "mode"), mode, &messages);
    }
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& e) {
    if (!messages.str().empty()) s.console.info(messages.str());
    throw DataError("mode file \"" + path + "\": " + e.what());
  }
  if (!mode.allFinite())
    throw DataError("mode file \"" + path + "\": the mode is not finite on "
                    "the unconstrained scale.");
  return mode;
}

}  // namespace

void run_laplace(Session& s) {
  refuse_without_parameters(s, "laplace");
  const Arguments& a = s.arguments;
  const std::string& mode_path = a.text("method.laplace.mode");
  const std::string& hessian_path = a.text("output.diagnostic_file");
  if (!file_exists(mode_path))
    throw MissingInput("cannot open mode file \"" + mode_path + "\".");
  s.claims.input(mode_path, "mode file");
  const Eigen::VectorXd mode = read_mode(s, mode_path);
  s.claims.output(hessian_path, "diagnostic file");
  CsvWriter output = open_single_output(s);
  try {
    int code;
    {
      HessianCheck hessian(hessian_path.empty() ? JsonWriter()
                                                : open_json(hessian_path));
      auto call = [&](auto jacobian) {
        return stan::services::laplace_sample<decltype(jacobian)::value>(
            s.model, mode, a.integer("method.laplace.draws"),
            a.flag("method.laplace.calculate_lp"), s.seed, s.refresh,
            s.interrupt, s.console, output, hessian);
      };
      code = a.flag("method.laplace.jacobian") ? call(std::true_type())
                                               : call(std::false_type());
    }
    check_service(s, code, output);
  } catch (...) {
    output.discard();
    throw;
  }
}

}  // namespace front
