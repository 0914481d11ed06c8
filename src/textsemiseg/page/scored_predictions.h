// The predictions that a run's scores are of: those that evaluate left in the run, or the same made again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/runs/run_results.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

class ScoredPredictions {
 public:
  // run: with scores of this role; must outlive this.
  ScoredPredictions(const RunResults& run, const std::string& role);
  ~ScoredPredictions();
  ScoredPredictions(ScoredPredictions&&) noexcept;

  // Why none can be shown, in words that go on a sentence; empty: some may.
  const std::string& problem() const;
  // On the grid of the prepared data set, not on that of the scans.
  bool on_prepared_grid() const;
  // The data set they were made of; empty where that is not recorded.
  std::string dataset_folder() const;
  // Left by evaluate. Absent also when the folder's record does not agree with the scores: they are of other settings then.
  std::optional<std::filesystem::path> file(const std::string& id) const;
  // With the checkpoint and every setting that summary.json records. Throws InputError where that is impossible: a record that lacks
  // something, a checkpoint that has changed since, scores on the prepared grid; problem() says so afterwards.
  LabelMap predict(const std::vector<Image>& channels);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tss
