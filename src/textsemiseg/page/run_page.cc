#include "textsemiseg/page/run_page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/comparison_files.h"
#include "textsemiseg/comparison/document.h"
#include "textsemiseg/page/curves.h"
#include "textsemiseg/page/pictures.h"
#include "textsemiseg/page/result_sentence.h"
#include "textsemiseg/page/short_paths.h"
#include "textsemiseg/page/text_probe_table.h"
#include "textsemiseg/report/curves.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

PageTable page_table(const DocumentTable& table) {
  PageTable out;
  out.caption = table.caption;
  out.columns = table.columns;
  for (const auto& row : table.rows) {
    out.rows.emplace_back();
    for (const DocumentCell& cell : row) out.rows.back().push_back({cell.text, cell.detail, cell.bold});
  }
  return out;
}

// Ranks say nothing about one row.
PageTable without_ranks(PageTable table) {
  for (size_t c = table.columns.size(); c-- > 0;) {
    if (!starts_with(table.columns[c], "mean rank")) continue;
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(c));
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
  }
  return table;
}

// Every folder that a run's record names, and the run's own.
void add_paths(const Json& tree, std::vector<std::string>& out) {
  if (tree.is_string()) {
    if (fs::path(tree.get<std::string>()).is_absolute()) out.push_back(tree.get<std::string>());
    return;
  }
  if (!tree.is_structured()) return;
  for (const auto& [key, value] : tree.items()) add_paths(value, out);
}

std::vector<std::string> known_paths(const Study& study) {
  std::vector<std::string> out;
  for (const StudyRow& row : study.rows) {
    for (const RunResults& run : row.runs) {
      if (!run.folder.empty()) {  // scores without a run have none
        out.push_back(run.folder.string());
        out.push_back(fs::absolute(run.folder).lexically_normal().string());
      }
      add_paths(run.config, out);
      add_paths(run_record_json(run.record), out);
    }
  }
  return out;
}

std::optional<IntervalChart> dice_chart(const Comparison& all) {
  IntervalChart chart;
  chart.title = "Dice: mean over cases with its 95 % interval";
  chart.x_label = "Dice";
  double lowest = 1;
  const std::vector<Column>& columns = all.metric("dice").columns;
  for (size_t k = columns.size() == 2 ? 1 : 0; k < columns.size(); ++k) {
    const std::string group = columns.size() == 2 ? all.class_names.back() : columns[k].name;
    for (size_t r = 0; r < all.rows.size(); ++r) {
      const Estimate& value = columns[k].cells[r].estimate;
      if (!value.mean) continue;
      chart.entries.push_back(
          {group, all.rows[r].title, *value.mean, value.low.value_or(NAN), value.high.value_or(NAN), row_colour(r)});
      lowest = std::min(lowest, value.low.value_or(*value.mean));
    }
  }
  if (chart.entries.empty()) return std::nullopt;
  chart.low = std::clamp(std::floor(lowest * 10) / 10, 0.0, 0.9);
  return chart;
}

std::string checkpoint_line(const StudyRow& row) {
  std::vector<std::string> parts;
  for (const RunResults* run : row.scored())
    parts.push_back(
        concat(row.scored().size() > 1 ? concat("seed ", run->seed, ": ") : "", plain(value_at(run->summary, "checkpoint"))));
  return join(parts, "; ");
}

// What a step of training and the whole of it needed, beside the scores that it bought.
void add_costs(PageTable& table, const Comparison& all) {
  for (const CostField& field : cost_fields()) {
    const std::string name = field.name;
    if (name != "seconds_per_step" && name != "peak_memory_gib") continue;
    if (std::none_of(all.rows.begin(), all.rows.end(), [&](const RowInfo& row) { return value_at(row.costs, name).is_number(); }))
      continue;
    table.columns.emplace_back(field.title);
    for (size_t r = 0; r < all.rows.size() && r < table.rows.size(); ++r) {
      const Json value = value_at(all.rows[r].costs, name);
      table.rows[r].push_back({value.is_number() ? fixed(field.scale * value.get<double>(), field.digits) : "–"});
    }
  }
}

PageSection summary_section(const Study& study, const Comparison& all, const Document& document) {
  PageSection section{.id = "summary", .title = "Scores and costs"};
  for (const DocumentTable& table : document.tables) {
    if (table.caption == "Costs") continue;
    const bool first = section.tables.empty();
    (first ? section.tables : section.folded)
        .push_back(all.rows.size() == 1 ? without_ranks(page_table(table)) : page_table(table));
    if (first) add_costs(section.tables.front(), all);
  }
  if (!section.tables.empty())
    section.tables.front().note =
        "Mean over cases; in brackets the 95 % bootstrap interval of the mean over cases. With several seeds ± is the standard "
        "deviation over seeds. Distances count only cases where both the reference and the prediction have the class.";
  Facts chosen;
  for (const StudyRow& row : study.rows) {
    if (!row.scored().empty()) chosen.emplace_back(row.title, checkpoint_line(row));
  }
  section.facts.emplace_back("How each checkpoint was chosen", chosen);
  return section;
}

// --- curves

std::vector<DrawnRun> drawn_runs(const Study& study) {
  constexpr size_t kEverySeed = 6;  // above this many runs one seed of each row is enough to look at
  size_t count = 0;
  for (const StudyRow& row : study.rows) count += row.scored().size();
  std::vector<DrawnRun> out;
  for (size_t r = 0; r < study.rows.size(); ++r) {
    const auto runs = study.rows[r].scored();
    for (size_t i = 0; i < runs.size() && (count <= kEverySeed || i == 0); ++i)
      out.push_back({runs.size() > 1 ? concat(study.rows[r].title, ", seed ", runs[i]->seed) : study.rows[r].title,
                     runs[i]->folder, row_colour(r)});
  }
  return out;
}

// --- costs, protocol, environment

std::string last_seconds(const fs::path& run) {
  const fs::path log = RunFolder{run}.log();
  if (!fs::exists(log)) return "–";
  const Curves curves = read_curves(log);
  const auto found = curves.find("seconds");
  return found == curves.end() ? "–" : format_duration(found->second.back().second);
}

PageSection costs_section(const Study& study, const Document& document) {
  PageSection section{.id = "costs", .title = "Costs", .closed = true};
  PageTable time{
      "Training", "Wall-clock time by the log, validations included.", {"Run", "iterations", "time", "device", "threads"}, {}};
  for (const StudyRow& row : study.rows) {
    for (const RunResults* run : row.scored())
      time.rows.push_back({{run->name},
                           {concat(run->iteration, " of ", run->iterations)},
                           {last_seconds(run->folder)},
                           {plain(value_at(run->record.environment, "device"))},
                           {plain(value_at(run->record.environment, "threads"))}});
  }
  section.tables.push_back(std::move(time));
  for (const DocumentTable& table : document.tables) {
    if (table.caption == "Costs") section.tables.push_back(page_table(table));
  }
  if (section.tables.size() > 1) section.tables.back().caption = "Steps, windows, parameters, memory";
  return section;
}

Facts leaves_of(const Json& tree) {
  Facts out;
  for (const auto& [key, value] : leaves(tree)) {
    if (key == "dataset" || key == "dataset_folder") continue;  // stands in the head by its name
    const bool none = value.is_array() && value.empty();
    out.emplace_back(key, !none ? plain(value) : ends_with(key, "stride") ? "by the overlap" : "none");
  }
  return out;
}

// Of a run: data set, split, recipe, texts.
Facts record_facts(const Json& config, const RunRecord& record) {
  Facts out{{"method", plain(value_at(config, "method"))},
            {"data set", record.dataset},
            {"protocol", record.protocol},
            {"selection", record.selection},
            {"seed", plain(value_at(config, "seed"))}};
  for (const auto& [key, value] : leaves(record.split)) out.emplace_back(key + " cases", plain(value));
  for (const RecordedText& text : record.texts.list) out.emplace_back("text of " + text.name, text.source);
  return out;
}

PageSection protocol_section(const Document& document) {
  PageSection section{.id = "protocol", .title = "Protocol", .closed = true};
  section.facts.emplace_back("", document.facts);
  if (!document.notes.empty()) {
    Facts notes;
    for (size_t i = 0; i < document.notes.size(); ++i) notes.emplace_back(concat("note ", i + 1), document.notes[i]);
    section.facts.emplace_back("", notes);
  }
  if (!document.differences.empty())
    section.facts.emplace_back("What differs between the rows by configuration", document.differences);
  return section;
}

PageSection environment_section(const Study& study) {
  PageSection section{.id = "environment", .title = "Runs and environment"};
  for (const StudyRow& row : study.rows) {
    for (const RunResults& run : row.runs) {
      if (!run.readable()) continue;
      Facts facts = record_facts(run.config, run.record);
      for (auto& fact : leaves_of(run.record.environment)) facts.push_back(std::move(fact));
      section.facts.emplace_back(run.name + ": record", std::move(facts));
      section.facts.emplace_back(run.name + ": every option", leaves_of(run.config));
    }
  }
  return section;
}

// --- cases

PageCases cases_of(const Study& study, const Comparison& all) {
  PageCases out;
  out.role = all.role;
  out.class_names = all.class_names;
  out.ids = all.cases;
  for (size_t r = 0; r < all.rows.size(); ++r) {
    const auto runs = study.rows[r].scored();
    out.rows.push_back({all.rows[r].title, runs.size() > 1 ? concat("pictures: seed ", runs.front()->seed) : "", row_colour(r)});
  }
  for (const MetricResult& result : all.metrics) {
    PageMetric metric{result.metric.name,
                      result.metric.title(),
                      result.metric.unit,
                      result.metric.scale,
                      result.metric.digits(),
                      result.metric.larger_is_better(),
                      {}};
    out.columns.clear();
    for (const Column& column : result.columns) {
      if (result.columns.size() == 2 && column.label == 0) continue;  // the only class is its own mean
      out.columns.push_back(column.label == 0 ? "mean of classes" : column.name);
      metric.values.emplace_back();
      for (const Cell& cell : column.cells) metric.values.back().push_back(cell.cases);
    }
    out.metrics.push_back(std::move(metric));
  }
  return out;
}

// "1,242,969"
std::string grouped(int64_t value) {
  std::string out = concat(value);
  for (int64_t at = static_cast<int64_t>(out.size()) - 3; at > 0; at -= 3) out.insert(static_cast<size_t>(at), ",");
  return out;
}

PageSection confusion_section(const Study& study, const PagePictures& pictures, const PageCases& cases) {
  PageSection section{.id = "confusion", .title = "Confusion of classes", .closed = true};
  const std::vector<std::string>& classes = cases.class_names;
  const auto all = static_cast<int64_t>(cases.ids.size());
  section.paragraphs.emplace_back(
      concat("Of the voxels of each class of the reference, what share got which class (%), over ",
             pictures.confused_cases == all
                 ? concat("all ", all, " cases")
                 : concat(pictures.confused_cases, " of the ", all, " cases (those with predictions of every row below)"),
             " together, on the grid that is scored. Large organs and large scans weigh more."));
  for (size_t r = 0; r < pictures.confusion.size(); ++r) {
    if (!pictures.confusion[r]) {
      section.paragraphs.push_back(study.rows[r].title + " has no predictions at hand.");
      continue;
    }
    const Confusion& confusion = *pictures.confusion[r];
    PageTable table{study.rows[r].title, "", {"reference \\ predicted"}, {}};
    for (const std::string& name : classes) table.columns.push_back(name);
    for (size_t k = 0; k < classes.size(); ++k) {
      double sum = 0;
      for (const int64_t count : confusion[k]) sum += static_cast<double>(count);
      table.rows.push_back({{classes[k], grouped(static_cast<int64_t>(sum)) + " voxels"}});
      for (const int64_t count : confusion[k]) {
        const double share = sum > 0 ? static_cast<double>(count) / sum : 0;
        if (sum > 0 && count == 0)
          table.rows.back().push_back({"0"});
        else
          table.rows.back().push_back({sum > 0 ? fixed(100 * share, 2) : "–", sum > 0 ? grouped(count) : "", false, share});
      }
    }
    section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace

const RunResults& shown_run(const StudyRow& row) {
  const auto scored = row.scored();
  return scored.empty() ? row.runs.front() : *scored.front();
}

namespace {

bool unfinished(const RunResults& run) { return run.iterations > 0 && run.iteration < run.iterations; }

}  // namespace

Page page_of_study(const Study& study, const Comparison& all, const RunPageOptions& options) {
  const Document document = document_of(all, {"dice", "hd95"});
  Page page;
  const RunResults& first = shown_run(study.rows.front());
  const std::string data = first.record.dataset;
  page.title = !all.title.empty()     ? all.title
               : all.rows.size() == 1 ? concat(all.rows.front().title, " on ", data)
                                      : concat(all.rows.size(), " methods on ", data);
  page.introduction = {concat(data, ", ", all.cases.size(), " ", all.role, " cases. ",
                              all.rows.size() == 1 ? "One method" : concat(all.rows.size(), " methods"), ", trained with ",
                              plain(value_at(first.record.split, "labelled")), " labelled and ",
                              plain(value_at(first.record.split, "unlabelled")), " unlabelled cases.")};
  if (all.rows.size() == 1 && unfinished(first)) {
    page.title += " (unfinished run)";
    page.warnings.push_back(concat("This run is not finished: iteration ", first.iteration, " of ", first.iterations,
                                   ". Its scores are those of its checkpoint so far."));
  }
  if (!all.obstacles.empty() && all.rows.size() == 1) {
    for (const std::string& obstacle : all.obstacles) {  // there is nothing to compare
      if (obstacle.find("is not finished") == std::string::npos) page.warnings.push_back(obstacle);
    }
  } else if (!all.obstacles.empty()) {
    page.warnings.emplace_back("The rows are not comparable as they stand:");
    for (const std::string& obstacle : all.obstacles) page.warnings.push_back(obstacle);
  }
  if (first.record.protocol == "published")
    page.warnings.emplace_back(
        "Protocol published: the checkpoint was chosen on the test cases, so these scores are optimistic.");

  page.result = result_sentence(all);
  PageSection cases{.id = "cases", .title = "Cases", .overview = dice_chart(all), .cases = true};
  page.cases = cases_of(study, all);
  const PagePictures pictures = add_pictures(*page.cases, study, options);
  page.sections.push_back(std::move(cases));
  page.sections.push_back(summary_section(study, all, document));
  page.sections.push_back(curves_section(drawn_runs(study), all.class_names));
  std::vector<PageTable> probes;
  for (const StudyRow& row : study.rows) {
    if (row.scored().empty()) continue;
    if (auto table = probe_table(row.title, shown_run(row).folder, all.role)) probes.push_back(std::move(*table));
  }
  if (!probes.empty()) page.sections.push_back(text_section(std::move(probes)));
  if (pictures.confused_cases > 0) page.sections.push_back(confusion_section(study, pictures, *page.cases));
  page.sections.push_back(costs_section(study, document));
  page.sections.push_back(protocol_section(document));
  page.sections.push_back(environment_section(study));
  shorten_paths(page, known_paths(study));
  return page;
}

Page page_of_training(const fs::path& run, int64_t reload_seconds, const std::string& state) {
  const RunFolder folder{run};
  const Json config = read_toml(folder.config());
  const RunRecord record = read_run_record(folder);
  const std::string name = fs::weakly_canonical(run).filename().string();
  Page page;
  page.title = concat(plain(value_at(config, "method")), " on ", record.dataset);
  page.introduction = {concat("Run ", name, ": ", plain(value_at(record.split, "labelled")), " labelled and ",
                              plain(value_at(record.split, "unlabelled")), " unlabelled cases. Checkpoint: ", record.selection,
                              ".")};
  PageLive live;
  live.iterations = value_at(config, "train.iterations").get<int64_t>();
  live.reload_seconds = reload_seconds;
  live.written = timestamp();
  live.state = state;
  const Curves curves = read_curves(folder.log());
  if (const auto found = curves.find("learning_rate"); found != curves.end())
    live.iteration = static_cast<int64_t>(found->second.back().first);
  page.live = live;
  page.sections.push_back(curves_section({{name, run, row_colour(0)}}, record.class_names));
  if (auto table = probe_table(name, run, "")) page.sections.push_back(text_section({std::move(*table)}));
  PageSection about{.id = "environment", .title = "Run and environment"};
  Facts facts = record_facts(config, record);
  for (auto& fact : leaves_of(record.environment)) facts.push_back(std::move(fact));
  about.facts = {{"Record", std::move(facts)}, {"Every option", leaves_of(config)}};
  page.sections.push_back(std::move(about));
  std::vector<std::string> paths{run.string()};
  add_paths(config, paths);
  add_paths(run_record_json(record), paths);
  shorten_paths(page, paths);
  return page;
}

}  // namespace tss
