// Ways a run is stopped from outside: signals, and output that cannot be
// written. Services call the interrupt once per iteration and turn what it
// throws into an orderly end; writers must never throw (some run on a bare
// thread of the services), so they leave their failure here instead.
#ifndef PARTIALPOOL_FRONT_INTERRUPT_HPP
#define PARTIALPOOL_FRONT_INTERRUPT_HPP

#include <stan/callbacks/interrupt.hpp>
#include <string>

namespace front {

// First SIGINT or SIGTERM asks for an orderly end, the second ends at once.
// With PARTIALPOOL_DIE_WITH_PARENT=1 (Linux) the end of the parent counts as
// SIGTERM.
void watch_signals();

// The signal received, 0 if none.
int received_signal();

void record_write_failure(const std::string& message);
std::string write_failure();

class Interrupt final : public stan::callbacks::interrupt {
 public:
  void operator()() override;
};

}  // namespace front
#endif
