// Where a training got to: the file beside a checkpoint (engine/checkpoint.h writes it), read without torch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "textsemiseg/runs/run_folder.h"

namespace tss {

// What the file lacks is absent.
struct SavedState {
  std::optional<int64_t> iteration, iterations;  // done, and of the whole run
  std::optional<double> best_score;              // mean foreground Dice on the cases that select the checkpoint
  std::optional<int64_t> best_iteration;
  std::optional<std::string> encoder_hash;  // of the text encoder's frozen part; "": the run has none
};

// which: "last" or "best". Absent: there is no such file. Throws InputError naming file and field.
std::optional<SavedState> read_saved_state(const RunFolder& run, const std::string& which);

}  // namespace tss
