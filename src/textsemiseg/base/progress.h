// A progress bar with ETA on a terminal, sparse plain lines elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "textsemiseg/base/clock.h"

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

 private:
  void draw(int64_t done, const std::string& note, bool final);

  std::string title_;
  int64_t total_;
  int64_t start_;
  int64_t last_ = -1;
  bool terminal_;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace tss
