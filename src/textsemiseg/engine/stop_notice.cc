#include "textsemiseg/engine/stop_notice.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss {

StopNotice::StopNotice() : thread_([this] { watch(); }) {}

StopNotice::~StopNotice() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  over_.notify_all();
  thread_.join();
}

void StopNotice::now(const std::string& what, double seconds) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  seconds_ = seconds;
  since_.restart();
}

void StopNotice::watch() {
  std::unique_lock lock(mutex_);
  while (!over_.wait_for(lock, std::chrono::milliseconds(50), [&] { return ended_; })) {
    if (!interrupted()) continue;
    const double left = std::max(0.0, seconds_ - since_.seconds());
    const std::string time = seconds_ <= 0 ? ""
                             : left < 1    ? ", about a second"
                                           : concat(", about ", format_duration(std::ceil(left)));
    log_info(concat("stopping after this ", what_, time, "; Ctrl-C once more ends at once, without a checkpoint"));
    return;
  }
}

}  // namespace tss
