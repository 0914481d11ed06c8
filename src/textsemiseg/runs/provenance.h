// Whether what lies on disk still belongs to a run as it is now: to one of its checkpoints, and to the settings it is asked for with.
#pragma once

#include <set>
#include <string>

#include "textsemiseg/base/config.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {

// The checkpoint that predict and evaluate take unasked: "best" where there is one, else "last".
std::string selected_checkpoint(const RunFolder& run);

// By what results name the checkpoint they are of ("checkpoint_sample"): a hash of sampled bytes. Throws InputError when it is missing.
std::string checkpoint_sample(const RunFolder& run, const std::string& which);

// The checkpoint that a record of predictions or scores (predictions.json, summary.json) is of.
struct CheckpointMatch {
  std::string which;      // "best" or "last"; empty: no file of the run has those weights
  bool outdated = false;  // the run has gone on, or has found a better one, since
};
// Weights are told by their sample. Where they are not there, or the record is of a version without samples, `outdated` goes by the
// record's words: "best on validation cases (iteration 500 of ...". Throws InputError on files that cannot be understood.
CheckpointMatch match_checkpoint(const RunFolder& run, const Json& record);

// Whether every entry of a record stands in the other one too; reworded: keys that are said there in other words, or not at all.
bool entries_agree(const Json& record, const Json& other, const std::set<std::string>& reworded = {});

// Whether a summary is of what evaluate does unasked: predictions of its own, not mirrored, in full precision, with the windows of
// config.toml. Anything else by hand is another result.
bool predicted_as_configured(const RunFolder& run, const Json& summary);

}  // namespace tss
