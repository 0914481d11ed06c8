#include "textsemiseg/page/text_probe_table.h"

#include <sstream>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/document.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Of results/<role>/text_probe.json, or what training measured at its end.
Json text_probe(const fs::path& run, const std::string& role, std::string& where) {
  const fs::path file = RunFolder{run}.results(role).text_probe();
  if (!role.empty() && fs::exists(file)) {
    const Json probe = read_json(file);
    where = concat(value_at(probe, "cases").size(), " ", role, " cases");
    return probe;
  }
  const fs::path log = RunFolder{run}.log();
  Json found;
  if (!fs::exists(log)) return found;
  std::istringstream lines(read_text_file(log, kMostLogBytes));
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"text_probe\"") == std::string::npos) continue;
    const Json parsed = Json::parse(line, nullptr, false);
    if (!parsed.is_discarded()) found = parsed.value("text_probe", Json());
  }
  where = "one case, at the end of training; textsemiseg text probe measures all";
  return found;
}

std::string figures(const Json& value, int digits, double scale = 1) {
  return value.is_number() ? fixed(scale * value.get<double>(), digits) : "–";
}

}  // namespace

std::optional<PageTable> probe_table(const std::string& name, const fs::path& run, const std::string& role) {
  std::string where;
  const Json probe = text_probe(run, role, where);
  const Json rows = value_at(probe, "rows");
  if (!rows.is_array() || rows.empty()) return std::nullopt;
  PageTable table{
      concat(name, ": ", where),
      "",
      {"class texts replaced by", "change of Dice", "voxels that change class (%)", "mean change of logits", "largest change"},
      {}};
  for (const Json& row : rows) {
    const Json dice = value_at(row, "dice");
    const std::string mean = figures(value_at(dice, "mean"), 4);
    const bool range = value_at(dice, "low").is_number() && value_at(dice, "high").is_number();
    table.rows.push_back(
        {{plain(value_at(row, "name")), plain(value_at(row, "what"))},
         {(mean[0] != '-' && mean != "–" ? "+" : "") + mean,
          range ? concat("[", figures(value_at(dice, "low"), 4), ", ", figures(value_at(dice, "high"), 4), "]") : ""},
         {figures(value_at(row, "decisions_share"), 3, 100)},
         {figures(value_at(row, "mean_logit"), 4)},
         {figures(value_at(row, "largest_logit"), 4)}});
  }
  const Json missing = value_at(probe, "unavailable");
  if (missing.is_array() && !missing.empty()) {
    std::vector<std::string> parts;
    for (const Json& one : missing) parts.push_back(plain(one));
    table.note = "Not measured: " + join(parts, "; ");
  }
  return table;
}

PageSection text_section(std::vector<PageTable> tables) {
  PageSection section{.id = "text", .title = "Does text do anything?", .closed = true};
  section.paragraphs.emplace_back(
      "The trained network predicts again with other class texts. Where nothing changes, the texts have no influence on this "
      "network's output; a fall in Dice means that they do.");
  section.tables = std::move(tables);
  return section;
}

}  // namespace tss
