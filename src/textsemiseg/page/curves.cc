#include "textsemiseg/page/curves.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/curves.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::string curve_title(const std::string& name) {
  static const std::map<std::string, std::string> titles = {
      {"loss", "Training loss (its terms differ between methods: compare shapes, not heights)"},
      {"validation.dice", "Mean foreground Dice on validation cases (chooses the checkpoint)"},
      {"test.dice", "Mean foreground Dice on TEST cases (chose the checkpoint: protocol published)"},
      {"labelled.dice", "Mean foreground Dice on labelled training cases (no forecast of the test)"},
      {"learning_rate", "Learning rate"},
      {"consistency", "Consistency term on unlabelled cases"},
      {"alignment", "Alignment of text and image features (CSA, Eq. 4)"},
      {"mixed", "Loss on mixed cases (DCA, Eq. 5 and 6)"},
      {"mixing", "Switch: cases are mixed (1) or not (0)"},
      {"better_decoder", "Switch: which decoder is the better one (DCA)"},
      {"v_is_better", "Switch: the V-Net is the better network (1) or the residual one (0)"},
      {"gate", "Switch: gate of the consistency term"},
      {"lambda", "Weight of the adversarial term"},
      {"disagreement_voxels", "Voxels on which the networks disagree"},
      {"aligned_classes", "Classes whose text and image features agree"}};
  const auto found = titles.find(name);
  if (found != titles.end()) return found->second;
  const auto before = [&](const char* ending) { return name.substr(0, name.size() - std::string(ending).size()); };
  if (ends_with(name, "_weight")) return "Weight of the term: " + before("_weight");
  if (ends_with(name, "_share")) return "Share of voxels: " + before("_share");
  return "Term: " + name;
}

std::string class_of(const std::string& key, const std::vector<std::string>& names) {
  const size_t k = static_cast<size_t>(std::stol(key.substr(key.rfind('.') + 1))) + 1;
  return k < names.size() ? names[k] : concat("class ", k);
}

std::vector<LineChart> curve_charts(const std::vector<DrawnRun>& runs, const std::vector<std::string>& class_names) {
  std::vector<Curves> curves;
  std::set<std::string> rest;
  for (const DrawnRun& run : runs) {
    const fs::path log = RunFolder{run.folder}.log();
    curves.push_back(fs::exists(log) ? read_curves(log) : Curves());
    for (const auto& [name, points] : curves.back()) rest.insert(name);
  }
  std::vector<std::string> order;
  for (const char* name : {"loss", "validation.dice", "test.dice", "labelled.dice"}) {
    if (rest.erase(name) > 0) order.emplace_back(name);
  }
  for (const std::string& name : rest) {
    if (name.find(".per_class.") != std::string::npos) order.push_back(name);
  }
  for (const std::string& name : rest) {
    if (name.find('.') == std::string::npos && name != "learning_rate" && name != "seconds") order.push_back(name);
  }
  if (rest.contains("learning_rate")) order.emplace_back("learning_rate");

  std::vector<LineChart> charts;
  for (const std::string& name : order) {
    const bool per_class = name.find(".per_class.") != std::string::npos;
    LineChart chart;
    chart.x_label = "iteration";
    chart.title = curve_title(name);
    if (per_class)
      chart.title = concat("Dice of ", class_of(name, class_names), " on ", name.substr(0, name.find('.')), " cases");
    if (per_class || ends_with(name, ".dice")) {
      chart.y_low = 0;
      chart.y_high = 1;
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const auto found = curves[i].find(name);
      if (found != curves[i].end()) chart.series.push_back({runs[i].name, found->second, runs[i].colour});
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace

PageSection curves_section(const std::vector<DrawnRun>& runs, const std::vector<std::string>& class_names) {
  PageSection section{.id = "curves", .title = "Training curves"};
  for (LineChart& chart : curve_charts(runs, class_names)) {
    const bool first = starts_with(chart.title, "Training loss") || starts_with(chart.title, "Mean foreground Dice");
    (first ? section.charts : section.more_charts).push_back(std::move(chart));
  }
  if (section.charts.empty() && section.more_charts.empty()) section.paragraphs.emplace_back("No log was found.");
  return section;
}

}  // namespace tss
