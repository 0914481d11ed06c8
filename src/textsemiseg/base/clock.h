// Elapsed time and how to print it.
#pragma once

#include <chrono>
#include <string>

namespace tss {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void restart() { start_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// "42 s", "3 min 05 s", "2 h 10 min".
std::string format_duration(double seconds);
// UTC, ISO 8601.
std::string timestamp();

}  // namespace tss
