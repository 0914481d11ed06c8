// The page about finished runs, or about one that is training, from the files they left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/comparison/comparison.h"
#include "textsemiseg/page/page.h"

namespace tss {

struct RunPageOptions {
  std::string dataset;             // folder; empty: the one each run was trained on
  std::vector<std::string> cases;  // shown as volumes besides the worst, median and best ones
  double megabytes = 8;            // most for volumes and pictures; the libraries add 2.4
};

// A row's run that pictures, curves and the confusion of classes are of: the one with the lowest seed.
const RunResults& shown_run(const StudyRow& row);

// Scores with intervals and tests (comparison/), curves, cases with volumes, text probe, confusion of classes, costs, protocol,
// environment. The predictions that were scored are shown; where they are gone, the shown cases are predicted again with the settings
// of the scores, in memory. What cannot be shown the page says, and why. Folders of the machine are shortened to their last name.
// Throws InputError naming the file that lacks something.
Page page_of_study(const Study& study, const Comparison& comparison, const RunPageOptions& options = {});

// While a run trains: its curves so far, the text probe, protocol and environment. reload_seconds: 0 once the run has ended.
Page page_of_training(const std::filesystem::path& run, int64_t reload_seconds, const std::string& state);

}  // namespace tss
