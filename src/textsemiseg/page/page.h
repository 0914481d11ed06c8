// One self-contained HTML file about one or several runs: opens without a network, in light and dark, on a phone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/page/cases.h"
#include "textsemiseg/page/chart.h"

namespace tss {

struct PageCell {
  std::string text, detail = {};  // "83.56 ± 0.42", "[81.72, 85.22]"
  bool bold = false;
  double shade = 0;  // 0..1: how strongly the cell is tinted
};

struct PageTable {
  std::string caption = {}, note = {};
  std::vector<std::string> columns;         // the first names the rows
  std::vector<std::vector<PageCell>> rows;  // the first cell of each is its header
};

using Facts = std::vector<std::pair<std::string, std::string>>;

struct PageSection {
  std::string id, title;  // id: of the link to it, a word
  std::vector<std::string> paragraphs = {};
  std::optional<IntervalChart> overview = {};
  std::vector<PageTable> tables = {};
  std::vector<std::pair<std::string, Facts>> facts = {};  // title (may be empty) and lines
  std::vector<PageTable> folded = {};                     // shown on request
  std::vector<LineChart> charts = {};
  std::vector<LineChart> more_charts = {};  // shown on request
  bool cases = false;   // the per-case plot, the viewer and the still pictures stand here, beside the overview
  bool closed = false;  // below its title everything is shown on request
};

struct PageLive {
  int64_t iteration = 0, iterations = 0;
  int64_t reload_seconds = 0;  // 0: the run has ended, the page stays as it is
  std::string written;         // UTC
  std::string state;           // one sentence
};

struct Page {
  std::string title;
  std::string result;                     // the sentence that matters most; empty: there is none
  std::vector<std::string> introduction;  // paragraphs
  std::vector<std::string> warnings;      // sentences
  std::vector<PageSection> sections;
  std::optional<PageCases> cases;
  std::optional<PageLive> live;
};

std::string render_page(const Page& page);
// Atomic. Returns the number of bytes.
size_t write_page(const std::filesystem::path& path, const Page& page);

}  // namespace tss
