// Answers Ctrl-C at once, while the training is still in the middle of a step.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "textsemiseg/base/clock.h"

namespace tss {

class StopNotice {
 public:
  // Watches until the end of its life for interrupted(), and logs once "stopping after this step, about 40 s".
  StopNotice();
  ~StopNotice();
  StopNotice(const StopNotice&) = delete;
  StopNotice& operator=(const StopNotice&) = delete;

  // What has begun just now ("step") and how many seconds it takes as a rule; 0: unknown.
  void now(const std::string& what, double seconds);

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable over_;
  bool ended_ = false;
  std::string what_ = "step";
  double seconds_ = 0;
  Stopwatch since_;
  std::thread thread_;  // last: it reads the others
};

}  // namespace tss
