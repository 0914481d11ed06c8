// What the rows of a study say of one case: its scan, its reference, the predictions that were scored.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/runs/study_rows.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

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

}  // namespace tss
