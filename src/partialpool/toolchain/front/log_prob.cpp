#include <functional>
#include <stan/model/log_prob_grad.hpp>

#include "csv_reader.hpp"
#include "session.hpp"

namespace front {
namespace {

using Point = std::vector<double>;
using UsePoint = std::function<void(const Point&)>;

void constrained_csv(Session& s, const std::string& path, const UsePoint& use) {
  std::vector<std::string> names;
  s.model.constrained_param_names(names, false, false);
  CsvReader reader(path, "constrained_params");
  const auto columns = reader.columns(names);
  Point row, constrained(columns.size()), unconstrained;
  while (reader.next(row)) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      constrained[i] = row[columns[i]];
    s.model.unconstrain_array(constrained, unconstrained);
    use(unconstrained);
  }
}

void constrained_json(Session& s, const std::string& path,
                      const UsePoint& use) {
  std::vector<int> unused;
  Point unconstrained;
  s.model.transform_inits(*read_context(path, "constrained_params"), unused,
                          unconstrained, nullptr);
  use(unconstrained);
}

void unconstrained_csv(Session& s, const std::string& path,
                       const UsePoint& use) {
  std::vector<std::string> names;
  s.model.unconstrained_param_names(names, false, false);
  CsvReader reader(path, "unconstrained_params");
  const auto columns = reader.columns(names);
  Point row, point(columns.size());
  while (reader.next(row)) {
    for (std::size_t i = 0; i < columns.size(); ++i) point[i] = row[columns[i]];
    use(point);
  }
}

// "params_r": one vector, or a list of vectors.
void unconstrained_json(Session& s, const std::string& path,
                        const UsePoint& use) {
  const auto context = read_context(path, "unconstrained_params");
  if (!context->contains_r("params_r"))
    throw DataError("variable does not exist; variable name=params_r; file \""
                    + path + "\".");
  const auto dims = context->dims_r("params_r");
  const auto values = context->vals_r("params_r");  // column-major
  const std::size_t size = s.model.num_params_r();
  const std::size_t points = dims.size() == 2 ? dims[0] : 1;
  if (values.size() != points * size)
    throw DataError("params_r in \"" + path + "\" has "
                    + std::to_string(values.size()) + " values for "
                    + std::to_string(points) + " point(s); "
                    + s.facts.name + " has " + std::to_string(size)
                    + " unconstrained parameters.");
  Point point(size);
  for (std::size_t p = 0; p < points; ++p) {
    for (std::size_t i = 0; i < size; ++i) point[i] = values[i * points + p];
    use(point);
  }
}

}  // namespace

void run_log_prob(Session& s) {
  const Arguments& a = s.arguments;
  const std::string& constrained = a.text("method.log_prob.constrained_params");
  const std::string& unconstrained
      = a.text("method.log_prob.unconstrained_params");
  if (constrained.empty() == unconstrained.empty())
    throw UsageError("log_prob needs one of constrained_params=... and "
                     "unconstrained_params=... .");
  const std::string& path = constrained.empty() ? unconstrained : constrained;
  if (!file_exists(path))
    throw MissingInput("cannot open parameter file \"" + path + "\".");
  s.claims.input(path, "parameter file");
  CsvWriter output = open_single_output(s);

  std::vector<std::string> header = {"lp__"}, names;
  s.model.unconstrained_param_names(names, false, false);
  header.insert(header.end(), names.begin(), names.end());
  output(header);
  const bool jacobian = a.flag("method.log_prob.jacobian");
  // Constants are dropped, so that the value is the sampler's lp__.
  auto use = [&](const Point& at) {
    s.interrupt();
    Point point = at, row;
    std::vector<int> unused;
    std::ostringstream messages;
    double lp = jacobian ? stan::model::log_prob_grad<true, true>(
                    s.model, point, unused, row, &messages)
                         : stan::model::log_prob_grad<true, false>(
                             s.model, point, unused, row, &messages);
    if (!messages.str().empty()) s.console.info(messages.str());
    row.insert(row.begin(), lp);
    output(row);
  };
  try {
    const bool csv = looks_like_csv(path);
    auto read = constrained.empty()
                    ? (csv ? unconstrained_csv : unconstrained_json)
                    : (csv ? constrained_csv : constrained_json);
    read(s, path, use);
    check_service(s, 0, output);
  } catch (const Failure&) {
    output.discard();
    throw;
  } catch (const std::exception& e) {
    output.discard();
    check_service(s, 0);
    throw DataError("parameter file \"" + path + "\": " + e.what());
  }
}

}  // namespace front
