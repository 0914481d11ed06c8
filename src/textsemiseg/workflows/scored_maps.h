// Label maps that are to be scored, read so that one number is one structure on both sides: by the names that the files have for their
// values, where they have them, and by value otherwise.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/source/label_table.h"
#include "textsemiseg/workflows/scan_files.h"

namespace tss {

struct ScoredMaps {
  LabelMap prediction, reference;  // on one grid, or what keeps them from it is left for score_maps() to say
  std::vector<int32_t> values;     // what label k stands for; empty: k itself
};

class ScoredMapReader {
 public:
  // class_names: the background first; empty: nobody names the classes, and where all files do, their names count. Throws InputError where
  // names and values contradict each other, see judge_label_files().
  ScoredMapReader(const std::vector<FilePair>& pairs, const std::vector<std::string>& class_names);

  // By label; empty where nobody names them. Labels without a name in between are "".
  const std::vector<std::string>& class_names() const { return class_names_; }

  // The prediction is laid on the grid of the reference as lay_labels() does it; a reference that covers a part of the prediction's grid on
  // that, and two segmentations that both are cropped on the smallest grid around both. Throws InputError as reading a label does.
  ScoredMaps read(const FilePair& files, double grid_tolerance) const;

 private:
  void take_names_of_files(const std::vector<FilePair>& pairs);

  std::vector<std::string> class_names_;
  LabelTable table_;
};

}  // namespace tss
