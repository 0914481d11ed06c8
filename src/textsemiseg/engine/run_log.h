// log.jsonl: appended line by line while training; terms are averaged over the interval since the last line.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "textsemiseg/base/config.h"

namespace tss {

class RunLog {
 public:
  // Opens for appending; lines of iterations above `keep_until` are dropped first (a resumed run writes them again), and so are lines that
  // are no lines of a log, with one warning that says how many.
  // written: gets every line after it was written; may be empty.
  RunLog(const std::filesystem::path& path, int64_t keep_until, std::function<void(const Json&)> written = {});

  // Adds one step's terms; stays on their device.
  void add(const std::map<std::string, torch::Tensor>& terms);
  // Writes the means since the last line as {"iteration": ..., "learning_rate": ..., "seconds": ..., term: mean, ...} and returns the
  // mean of "loss" (NaN when there is none). skipped: steps of the interval that were not taken, "skipped_steps" where there were any.
  double write_step(int64_t iteration, double learning_rate, double seconds, int64_t skipped = 0);
  void write(const Json& line);

 private:
  std::ofstream out_;
  std::filesystem::path path_;
  std::function<void(const Json&)> written_;
  std::map<std::string, torch::Tensor> sums_;
  std::map<std::string, int64_t> counts_;
};

}  // namespace tss
