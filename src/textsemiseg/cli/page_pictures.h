// What a page shows of single cases: volumes for the viewer, still pictures, and the confusion of classes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/comparison/study.h"
#include "textsemiseg/report/confusion.h"
#include "textsemiseg/report/page_cases.h"

namespace tss {

struct RunPageOptions;

// One case as the rows of a study see it, on the grid that is scored in the first row.
struct ShownCase {
  Image image;
  LabelMap reference;
  std::vector<LabelMap> predictions;  // by row; empty where there is none
  std::vector<std::string> missing;   // by row: why there is none; empty where there is one, or where none was asked for
};

// Reads cases of a study: scans from the data set, the predictions that were scored from the runs, made again where they are gone.
class CaseReader {
 public:
  // dataset: empty: the folder the first row was scored on. Throws InputError when it cannot be opened.
  CaseReader(const Study& study, const std::string& dataset);
  ~CaseReader();
  CaseReader(const CaseReader&) = delete;
  CaseReader& operator=(const CaseReader&) = delete;

  // predict: whether missing predictions are made (seconds to minutes); otherwise they stay empty. Every prediction returned lies on the
  // grid of the scan and has known classes. Throws InputError when scan or reference cannot be read or do not fit each other.
  ShownCase read(const std::string& id, bool predict);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Why predictions are not shown, gathered over cases: one sentence per row.
class MissingPredictions {
 public:
  void add(const std::string& id, const ShownCase& one);
  // names: of the rows.
  std::vector<std::string> sentences(const std::vector<std::string>& names) const;

 private:
  struct Row {
    size_t count = 0;
    std::string first_case, first;
  };
  std::vector<Row> rows_;
  size_t cases_ = 0;
};

// Cases that say most about a row: its worst, median and best by Dice, the mean over classes. Fewer where cases are few.
struct Pick {
  const char* what;  // "worst"
  size_t index;      // of the cases
};
std::vector<Pick> picks_of(const std::vector<std::optional<double>>& dice);

struct PagePictures {
  std::vector<std::optional<Confusion>> confusion;  // by row; none where a row has no predictions
  int64_t confused_cases = 0;                       // the same ones in every row that has any
};

// Fills cases.volumes, stills and notes: the worst, median and best cases of the rows first, those asked for, then as many others as fit.
PagePictures add_pictures(PageCases& cases, const Study& study, const RunPageOptions& options);

}  // namespace tss
