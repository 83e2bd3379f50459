#include "interrupt.hpp"

#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

namespace front {
namespace {

volatile sig_atomic_t signal_number = 0;
std::atomic<bool> write_failed{false};
std::mutex failure_mutex;
std::string failure_message;

void remember(int number) { signal_number = number; }

void die_with_parent() {
#ifdef __linux__
  const char* wanted = std::getenv("PARTIALPOOL_DIE_WITH_PARENT");
  if (!wanted || std::string(wanted) != "1") return;
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent may have ended between the two calls.
  if (getppid() != parent) raise(SIGTERM);
#endif
}

}  // namespace

void watch_signals() {
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  for (int number : {SIGINT, SIGTERM}) {
    struct sigaction previous;
    sigaction(number, nullptr, &previous);
    // A shell's "nohup" or "&" may have asked to ignore it: keep that.
    if (previous.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);  // a closed console is no reason to lose a run
  signal(SIGXFSZ, SIG_IGN);  // write(2) then reports EFBIG, which we print
  die_with_parent();
}

int received_signal() { return signal_number; }

void record_write_failure(const std::string& message) {
  std::lock_guard<std::mutex> lock(failure_mutex);
  if (failure_message.empty()) failure_message = message;
  write_failed = true;
}

std::string write_failure() {
  std::lock_guard<std::mutex> lock(failure_mutex);
  return failure_message;
}

void Interrupt::operator()() {
  if (signal_number != 0) throw std::runtime_error("interrupted");
  if (write_failed) throw std::runtime_error(write_failure());
}

}  // namespace front
