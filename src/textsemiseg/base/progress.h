// A progress bar with ETA on a terminal, sparse plain lines elsewhere, events for machines (base/messages.h); nothing when quiet.
#pragma once

#include <cstdint>
#include <string>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/messages.h"

namespace tss {

class Progress {
 public:
  // total: number of units; start: units already done (a resumed run), left out of the rate.
  Progress(std::string title, int64_t total, int64_t start = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // done units so far; note is shown at the end of the line ("loss 0.41").
  void update(int64_t done, const std::string& note = "");
  // Part of the unit that is under way, 0 to 1; moves the bar, not the count.
  void within(double share);

 private:
  void show(double done, const std::string& note);
  void draw(const ProgressState& state) const;

  std::string title_;
  int64_t total_;
  int64_t start_;
  int64_t last_ = 0;
  bool terminal_, drawn_ = false;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace tss
