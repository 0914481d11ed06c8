// One self-contained HTML file about one or several runs: opens without a network, in light and dark, on a phone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/report/chart.h"
#include "textsemiseg/report/png.h"
#include "textsemiseg/statistics/estimate.h"

namespace tss {

// One metric: a row per method, a column per class and one for their mean.
struct ScoreTable {
  std::string title;  // "Dice"
  std::string note;   // unit, direction, what an undefined value means
  int digits = 3;
  std::vector<std::string> columns;  // class names, then "mean"
  struct Row {
    std::string name;
    std::vector<Estimate> values;  // one per column; absent numbers are shown as a dash
  };
  std::vector<Row> rows;
};

struct Picture {
  std::string caption;
  RgbImage image;
};

// Pictures shown side by side, e.g. one case as each method sees it.
struct PictureRow {
  std::string title;
  std::vector<Picture> pictures;
};

using Facts = std::vector<std::pair<std::string, std::string>>;

struct Page {
  std::string title;
  std::vector<std::string> introduction;  // paragraphs
  std::vector<std::string> class_names;   // class 0 is the background; for the colour key of the pictures
  std::vector<ScoreTable> tables;
  std::optional<IntervalChart> overview;
  std::vector<LineChart> charts;
  std::vector<PictureRow> pictures;
  std::vector<std::pair<std::string, Facts>> sections;  // protocol, environment, text source of each class, ...
};

std::string render_page(const Page& page);
// Atomic.
void write_page(const std::filesystem::path& path, const Page& page);

// "0.812 ± 0.034 [0.785, 0.836]"
std::string format_estimate(const Estimate& value, int digits);

}  // namespace tss
