// Which split and which folds a dataset folder gets: what the options ask for, against what stands there already.
#pragma once

#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/dataset/split.h"

namespace tss {

struct SplitChoice {
  Split split;
  bool kept = false;  // D/split.json stands already and stays
};
// An existing split stays unless --overwrite comes with options that ask for a split. Throws InputError: it holds other roles than the
// options ask for, it was drawn with another seed, it no longer fits the source, options that exclude each other.
SplitChoice choose_split(const PrepareOptions& options, const DatasetRecord& record);

struct FoldChoice {
  std::vector<Split> folds;                    // to be written, fold_0 first
  std::vector<std::filesystem::path> removed;  // files of earlier folds that go before
};
// Folds are compared like the split: others than the options ask for are an InputError, and with --overwrite replaced. Folds of a split
// that is replaced go too. Only files that prepare wrote are ever removed.
FoldChoice choose_folds(const PrepareOptions& options, const DatasetRecord& record, const SplitChoice& choice);

}  // namespace tss
