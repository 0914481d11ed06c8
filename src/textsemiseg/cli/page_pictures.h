// What a page shows of single cases: volumes for the viewer, still pictures, and the confusion of classes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "textsemiseg/comparison/study.h"
#include "textsemiseg/report/confusion.h"
#include "textsemiseg/report/page_cases.h"

namespace tss {

struct RunPageOptions;

// One case as the rows of a study see it, on the grid that is scored.
struct ShownCase {
  Image image;
  LabelMap reference;
  std::vector<LabelMap> predictions;  // by row; empty where there is none
};

// Reads cases of a study: scans from the data set, predictions from the runs, made again where they are gone.
class CaseReader {
 public:
  // dataset: empty: the folder the runs were trained on. role: of the predictions.
  // Throws InputError when the data set cannot be opened.
  CaseReader(const Study& study, const std::string& dataset);
  ~CaseReader();
  CaseReader(const CaseReader&) = delete;
  CaseReader& operator=(const CaseReader&) = delete;

  // predict: whether missing predictions are made (seconds to minutes); otherwise they stay empty.
  ShownCase read(const std::string& id, bool predict);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Cases that say most about a row: its worst, median and best by Dice, the mean over classes. Fewer where cases are few.
struct Pick {
  const char* what;  // "worst"
  size_t index;      // of the cases
};
std::vector<Pick> picks_of(const std::vector<std::optional<double>>& dice);

struct PagePictures {
  std::vector<Confusion> confusion;  // by row
  int64_t confused_cases = 0;
};

// Fills cases.volumes, stills and notes: the worst, median and best cases of the rows first, those asked for, then as many others as fit.
PagePictures add_pictures(PageCases& cases, const Study& study, const RunPageOptions& options);

}  // namespace tss
