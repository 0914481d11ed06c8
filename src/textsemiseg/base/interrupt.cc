#include "textsemiseg/base/interrupt.h"

#include <atomic>
#include <csignal>

namespace tss {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "needed inside a signal handler");

// Job schedulers signal every process, and those that started others pass it on: SIGTERM may come twice and mean one request.
void on_signal(int number) {
  if (flag.exchange(true) && number != SIGTERM) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

void report_failed_writes() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() { return flag.load(); }
void clear_interrupt() { flag.store(false); }

}  // namespace tss
