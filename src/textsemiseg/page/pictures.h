// What a page shows of single cases: volumes for the viewer, still pictures, and the confusion of classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/page/cases.h"
#include "textsemiseg/report/confusion.h"
#include "textsemiseg/runs/study_rows.h"

namespace tss {

struct RunPageOptions;

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
