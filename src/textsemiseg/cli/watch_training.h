// What a training shows while it runs: TensorBoard events, and the page of `train --page`.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/engine/trainer.h"
#include "textsemiseg/report/tensorboard.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {

struct WatchOptions {
  bool tensorboard = true;   // R/tensorboard
  bool page = false;         // R/page.html
  double page_seconds = 10;  // at most this often
};

class TrainingWatch {
 public:
  TrainingWatch(std::filesystem::path run, const WatchOptions& options);

  // Of the watch; valid as long as it is.
  TrainHooks hooks();
  // The last page: it reloads no more. state: one sentence.
  void ended(const std::string& state);

 private:
  void begun(int64_t iteration);
  void logged(const Json& line);
  // A page that cannot be written is a warning, once: the training goes on.
  void write_page(int64_t reload_seconds, const std::string& state);

  RunFolder run_;
  WatchOptions options_;
  std::vector<std::string> class_names_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;
  Stopwatch since_page_;
  int64_t iterations_ = 0, iteration_ = 0;
  bool began_ = false, page_failed_ = false;
};

// The scalars of a line of log.jsonl by their tags in TensorBoard: train/<term>, validation/dice, validation/dice/<class>.
Scalars scalars_of(const Json& line, const std::vector<std::string>& class_names);

}  // namespace tss
