#include "sample.hpp"

namespace front {
namespace {

constexpr const char* sample = "method.sample.";
constexpr const char* adapt = "method.sample.adapt.";
constexpr const char* hmc = "method.sample.algorithm.hmc.";

struct ChainFiles {
  std::vector<std::string> output, diagnostic, metric;
};

std::string in(const char* group, const char* name) {
  return std::string(group) + name;
}

void validate(const SampleRun& run, bool fixed, const std::string& engine) {
  if (fixed) return;
  if (run.engaged && run.num_warmup == 0)
    throw UsageError("The number of warmup samples (num_warmup) must be "
                     "greater than zero if adaptation is enabled "
                     "(adapt engaged=1).");
  if (engine == "static" && run.num_chains > 1)
    throw UsageError("num_chains > 1 is not available with engine=static.");
}

void read_metrics(SampleRun& run, const std::string& metric) {
  Session& session = run.session;
  const auto& path = session.arguments.text(in(hmc, "metric_file"));
  if (path.empty()) return;
  if (metric == "unit_e") {
    session.console.info("metric_file is ignored: metric=unit_e needs none.");
    return;
  }
  for (const auto& file :
       input_per_chain(path, session.id, run.num_chains, "metric")) {
    session.claims.input(file, "metric file");
    run.metrics.push_back(read_metric(file));
  }
}

ChainFiles claim_files(const SampleRun& run) {
  Session& session = run.session;
  auto names = [&](const std::string& key) {
    const auto& path = session.arguments.text(key);
    return path.empty() ? std::vector<std::string>()
                        : output_per_chain(path, session.id, run.num_chains);
  };
  ChainFiles files{names("output.file"), names("output.diagnostic_file"), {}};
  for (const auto& path : files.output) {
    session.claims.output(path, "output file");
    claim_config(session, path);
    if (run.save_metric) files.metric.push_back(with_ending(path, "_metric.json"));
  }
  for (const auto& path : files.diagnostic)
    session.claims.output(path, "diagnostic file");
  for (const auto& path : files.metric)
    session.claims.output(path, "metric output file");
  return files;
}

void open_files(SampleRun& run, const ChainFiles& files) {
  Session& session = run.session;
  for (int i = 0; i < run.num_chains; ++i) {
    const auto& output = files.output[i];
    const unsigned id = session.id + i;
    save_config(session, id, output);
    run.samples.push_back(open_csv(session, output, id, output));
    run.diagnostics.push_back(
        files.diagnostic.empty()
            ? CsvWriter()
            : open_csv(session, files.diagnostic[i], id, output));
    run.metric_writers.push_back(
        files.metric.empty() ? JsonWriter() : open_json(files.metric[i]));
  }
}

// A service may return "OK" without having sampled (it does when the first
// step size cannot be found), so the rows are counted.
void check_rows(SampleRun& run, bool fixed) {
  auto kept = [&](int n) { return (n + static_cast<long long>(run.thin) - 1) / run.thin; };
  long long expected = kept(run.num_samples);
  if (run.save_warmup && !fixed) expected += kept(run.num_warmup);
  std::string missing;
  for (int i = 0; i < run.num_chains; ++i) {
    auto& csv = run.samples[i];
    if (csv.has_header() && csv.rows() == expected) continue;
    if (!missing.empty()) missing += "; ";
    missing += "chain " + std::to_string(run.session.id + i) + ": "
               + std::to_string(csv.rows()) + " of "
               + std::to_string(expected) + " draws were written";
  }
  if (missing.empty()) return;
  const std::string why = run.session.console.errors();
  throw RunError(missing + (why.empty() ? "." : ": " + why));
}

}  // namespace

SampleRun::SampleRun(Session& s) : session(s) {
  const Arguments& a = s.arguments;
  num_chains = a.integer(in(sample, "num_chains"));
  num_warmup = a.integer(in(sample, "num_warmup"));
  num_samples = a.integer(in(sample, "num_samples"));
  thin = a.integer(in(sample, "thin"));
  save_warmup = a.flag(in(sample, "save_warmup"));
  engaged = a.flag(in(adapt, "engaged"));
  save_metric = a.flag(in(adapt, "save_metric"));
  gamma = a.real(in(adapt, "gamma"));
  delta = a.real(in(adapt, "delta"));
  kappa = a.real(in(adapt, "kappa"));
  t0 = a.real(in(adapt, "t0"));
  init_buffer = a.unsigned_integer(in(adapt, "init_buffer"));
  term_buffer = a.unsigned_integer(in(adapt, "term_buffer"));
  window = a.unsigned_integer(in(adapt, "window"));
  stepsize = a.real(in(hmc, "stepsize"));
  stepsize_jitter = a.real(in(hmc, "stepsize_jitter"));
  int_time = a.real(in(hmc, "engine.static.int_time"));
  max_depth = a.integer(in(hmc, "engine.nuts.max_depth"));
  init_writers.resize(num_chains);
}

std::vector<ContextPtr> SampleRun::metrics_or(const ContextPtr& unit) const {
  return metrics.empty() ? std::vector<ContextPtr>(num_chains, unit) : metrics;
}

void run_sample(Session& session) {
  const Arguments& a = session.arguments;
  const bool fixed = a.text("method.sample.algorithm") == "fixed_param";
  const std::string engine = a.text(in(hmc, "engine"));
  const std::string metric = a.text(in(hmc, "metric"));
  SampleRun run(session);
  validate(run, fixed, engine);
  if (run.save_metric && (fixed || engine == "static")) {
    session.console.info("save_metric is ignored: it needs engine=nuts.");
    run.save_metric = false;
  }
  run.initials = read_initials(session, session.id, run.num_chains);
  if (!fixed) read_metrics(run, metric);
  open_files(run, claim_files(run));

  int code = fixed                 ? sample_fixed_param(run)
             : engine == "static"  ? sample_static(run, metric)
             : metric == "diag_e"  ? sample_nuts_diag(run)
             : metric == "dense_e" ? sample_nuts_dense(run)
                                   : sample_nuts_unit(run);

  run.metric_writers.clear();  // closes, and so checks, the files
  for (auto* files : {&run.samples, &run.diagnostics})
    for (auto& csv : *files) csv.close();
  check_service(session, code);
  check_rows(run, fixed);
}

}  // namespace front
