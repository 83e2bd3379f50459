// Entry point of every compiled model: parse, build the model, run a method,
// and turn whatever goes wrong into one "Error: ..." line and an exit code.
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <map>
#include <sstream>
#include <stan/math/prim/core/init_threadpool_tbb.hpp>

#include "build_record.hpp"
#include "info.hpp"
#include "parser.hpp"
#include "profile.hpp"
#include "session.hpp"

// Defined by the code stanc generates.
stan::model::model_base& new_model(stan::io::var_context& data, unsigned seed,
                                   std::ostream* messages);

namespace front {
namespace {

constexpr const char* usage_hint
    = "Add \"help\" to the arguments for what may stand there.";

unsigned clock_seed() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto ticks = std::chrono::duration_cast<std::chrono::microseconds>(now);
  // Two processes started within one tick must not share a seed.
  auto mixed = static_cast<unsigned long long>(ticks.count()) * 2654435761ULL
               + static_cast<unsigned long long>(getpid()) * 40503ULL;
  return 1 + static_cast<unsigned>(mixed % 4294967295ULL);
}

std::string utc_now() {
  std::time_t now = std::time(nullptr);
  std::tm utc;
  gmtime_r(&now, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text;
}

// Seed and thread count as they will be used, so that the CSV records them.
unsigned settle_seed(ParsedLine& line) {
  const std::string& text = line.arguments.text("random.seed");
  unsigned seed = text == "0" || text == "-1" ? clock_seed()
                                              : std::stoul(text);
  line.arguments.set("random.seed", std::to_string(seed));
  return seed;
}

void settle_threads(ParsedLine& line) {
  int wanted = line.arguments.integer("num_threads");
#ifdef STAN_THREADS
  try {
    if (!line.threads_given) wanted = stan::math::internal::get_num_threads();
    if (wanted == 0) throw std::invalid_argument("num_threads must not be 0.");
    if (wanted == -1)
      wanted = std::max(1u, std::thread::hardware_concurrency());
    stan::math::init_threadpool_tbb(wanted);
  } catch (const std::exception& e) {
    throw UsageError(e.what());
  }
#else
  if (wanted != 1)
    throw UsageError("num_threads=" + std::to_string(wanted)
                     + " needs a model compiled with STAN_THREADS=true.");
  stan::math::init_threadpool_tbb(1);
#endif
  line.arguments.set("num_threads", std::to_string(wanted));
}

std::unique_ptr<stan::model::model_base> build_model(
    const Arguments& arguments, unsigned seed, FileClaims& claims,
    Console& console) {
  const std::string& path = arguments.text("data.file");
  ContextPtr data = path.empty() ? empty_context() : read_context(path, "data");
  claims.input(path, "data file");
  std::ostringstream messages;
  auto print_messages = [&] {
    std::string text = messages.str();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty()) console.info(text);
  };
  try {
    std::unique_ptr<stan::model::model_base> model(
        &new_model(*data, seed, &messages));
    print_messages();
    return model;
  } catch (const std::exception& e) {
    print_messages();
    console.error(e.what());
    throw DataError(path.empty()
                        ? "the model could not be built; it was given no data "
                          "file: " + std::string(e.what())
                        : "the model could not be built from data file \""
                              + path + "\": " + e.what());
  }
}

void run_method(Session& session) {
  static const std::map<std::string, void (*)(Session&)> methods = {
      {"sample", run_sample},
      {"optimize", run_optimize},
      {"variational", run_variational},
      {"pathfinder", run_pathfinder},
      {"laplace", run_laplace},
      {"generate_quantities", run_generate_quantities},
      {"log_prob", run_log_prob},
      {"diagnose", run_diagnose}};
  methods.at(session.arguments.text("method"))(session);
}

int run(const std::vector<std::string>& tokens, Console& console) {
  if (!tokens.empty() && tokens[0] == "info") {
    console.info(info_text());
    return exit_code::ok;
  }
  ParsedLine line = parse(tokens);
  if (!line.help.empty()) {
    console.info(line.help);
    return exit_code::ok;
  }
  watch_signals();
  unsigned seed = settle_seed(line);
  settle_threads(line);
  console.info(argument_lines(line.arguments, ""));

  FileClaims claims;
  Interrupt interrupt;
  const Arguments& arguments = line.arguments;
  auto model = build_model(arguments, seed, claims, console);
  Session session{arguments,
                  *model,
                  console,
                  interrupt,
                  claims,
                  {model->model_name(), utc_now(), model->model_compile_info()},
                  seed,
                  arguments.unsigned_integer("id"),
                  arguments.integer("output.refresh"),
                  arguments.integer("output.sig_figs")};
  const std::string& profile = arguments.text("output.profile_file");
  claims.output(profile, "profile file");
  run_method(session);
  write_profile(profile, session);
  return exit_code::ok;
}

// Interpreters show exit codes above 125 as signals; 130 and 143 are meant to.
int fail(Console& console, int code, const std::string& why) {
  // One line, since readers of the console take lines.
  std::string line = "Error: " + why;
  for (char& c : line)
    if (c == '\n') c = ' ';
  line.erase(line.find_last_not_of(' ') + 1);
  console.error(line);
  if (code == exit_code::usage) console.error(usage_hint);
  return code > 0 && (code < 126 || code > 128) ? code : exit_code::software;
}

}  // namespace
}  // namespace front

int main(int argc, char** argv) {
  using namespace front;
  Console console;
  try {
    return run({argv + 1, argv + argc}, console);
  } catch (const Failure& e) {
    return fail(console, e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return fail(console, exit_code::software, "out of memory.");
  } catch (const std::exception& e) {
    if (received_signal())
      return fail(console, 128 + received_signal(), "interrupted");
    return fail(console, exit_code::software, e.what());
  } catch (...) {
    return fail(console, exit_code::software, "unknown exception.");
  }
}
