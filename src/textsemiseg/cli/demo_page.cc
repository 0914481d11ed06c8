#include "textsemiseg/cli/demo_page.h"

#include <limits>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/io/config.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/report/curves.h"
#include "textsemiseg/report/slice.h"

namespace tss {
namespace {

struct Metric {
  const char* key;
  const char* title;
  const char* note;
  int digits;
};

constexpr Metric kMetrics[] = {
    {"dice", "Dice",
     "Overlap as a fraction; higher is better. Mean ± standard deviation over the test cases, below it the 95 % bootstrap "
     "interval of the mean.",
     3},
    {"hd95", "HD95 (mm)",
     "95th percentile of the distances between the surfaces; lower is better. Undefined where a class was not found at all.", 1},
    {"asd", "ASD (mm)",
     "Average distance from the prediction's surface to the reference's; lower is better. Undefined where a class was not found "
     "at all.",
     2},
};

std::filesystem::path results(const ShownRun& run) { return run.folder / "results" / "test"; }

double or_nan(const std::optional<double>& value) { return value.value_or(std::numeric_limits<double>::quiet_NaN()); }

Estimate read_estimate(const Json& json) {
  const auto number = [&](const char* key) {
    return json.contains(key) && json.at(key).is_number() ? std::optional(json.at(key).get<double>()) : std::nullopt;
  };
  return {number("mean"), number("sd"), number("low"), number("high"), json.value("n", int64_t{0})};
}

// One estimate per class and, last, their mean.
std::vector<Estimate> read_scores(const ShownRun& run, const Json& summary, const char* metric, size_t classes) {
  const auto fail = [&](const std::string& what) {
    throw InputError((results(run) / "summary.json").string(), what, "a summary as evaluate --run writes it");
  };
  if (!summary.contains("classes") || summary.at("classes").size() != classes)
    fail(concat("not ", classes, " entries in \"classes\""));
  std::vector<Estimate> values;
  for (const Json& entry : summary.at("classes")) {
    if (!entry.contains(metric)) fail(concat("no \"", metric, "\" of a class"));
    values.push_back(read_estimate(entry.at(metric)));
  }
  if (!summary.contains("mean") || !summary.at("mean").contains(metric)) fail(concat("no \"mean\".\"", metric, "\""));
  values.push_back(read_estimate(summary.at("mean").at(metric)));
  return values;
}

// Series of one name over the runs that have it; nothing when none has.
void add_chart(Page& page, const std::vector<ShownRun>& runs, const std::vector<Curves>& curves, const std::string& name,
               const std::string& title, std::optional<double> low = {}, std::optional<double> high = {}) {
  LineChart chart;
  chart.title = title;
  chart.x_label = "iteration";
  chart.y_low = low;
  chart.y_high = high;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto found = curves[i].find(name);
    if (found != curves[i].end()) chart.series.push_back({runs[i].name, found->second, static_cast<int>(i)});
  }
  if (!chart.series.empty()) page.charts.push_back(std::move(chart));
}

PictureRow pictures_of(const ShownCase& item, const std::vector<ShownRun>& runs, int axis, const char* plane) {
  const Image image = read_image(item.image);
  const LabelMap reference = read_label_map(item.reference);
  SliceOptions options;
  options.axis = axis;
  options.index = busiest_slice(reference, axis);
  PictureRow row;
  row.title = concat(item.id, ", ", plane, " slice ", options.index);
  for (const ShownRun& run : runs) {
    const LabelMap prediction = read_label_map(results(run) / "predictions" / (item.id + ".nii.gz"));
    row.pictures.push_back({run.name, draw_slice(image, &reference, &prediction, options)});
  }
  return row;
}

std::vector<ScoreTable> score_tables(const std::vector<ShownRun>& runs, const std::vector<std::string>& class_names) {
  std::vector<Json> summaries;
  for (const ShownRun& run : runs) summaries.push_back(read_json(results(run) / "summary.json"));
  std::vector<ScoreTable> tables;
  for (const Metric& metric : kMetrics) {
    ScoreTable table;
    table.title = metric.title;
    table.note = metric.note;
    table.digits = metric.digits;
    table.columns.assign(class_names.begin() + 1, class_names.end());
    table.columns.emplace_back("mean");
    for (size_t i = 0; i < runs.size(); ++i) {
      table.rows.push_back({runs[i].name, read_scores(runs[i], summaries[i], metric.key, class_names.size() - 1)});
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

IntervalChart dice_chart(const ScoreTable& dice) {
  IntervalChart chart;
  chart.title = "Dice of each class: mean over the test cases with its 95 % interval";
  chart.x_label = "Dice";
  for (size_t column = 0; column < dice.columns.size(); ++column) {
    for (size_t i = 0; i < dice.rows.size(); ++i) {
      const Estimate& value = dice.rows[i].values[column];
      chart.entries.push_back({dice.columns[column], dice.rows[i].name, or_nan(value.mean), or_nan(value.low), or_nan(value.high),
                               static_cast<int>(i)});
    }
  }
  return chart;
}

void add_charts(Page& page, const std::vector<ShownRun>& runs) {
  std::vector<Curves> curves;
  for (const ShownRun& run : runs) curves.push_back(read_curves(run.folder / "log.jsonl"));
  add_chart(page, runs, curves, "loss", "Total loss. Its terms differ between the methods: compare shapes, not heights");
  add_chart(page, runs, curves, "validation.dice", "Mean Dice on the validation cases", 0, 1);
  add_chart(page, runs, curves, "labelled.dice",
            "Mean Dice on labelled training cases (they are learnt from: no forecast of the test)", 0, 1);
  add_chart(page, runs, curves, "consistency", "Consistency between the decoders on unlabelled cases");
  add_chart(page, runs, curves, "alignment", "Alignment of text and image features (CSA, Eq. 4)");
  add_chart(page, runs, curves, "mixed", "Loss on mixed cases (DCA, Eq. 5-6), from the iteration on at which DCA begins");
}

std::string printed(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

void add_sections(Page& page, const std::vector<ShownRun>& runs) {
  for (const ShownRun& run : runs) {
    const RunRecord record = read_run_record(run.folder);
    const RunConfig config = read_run_config(run.folder);
    const Json checkpoint = read_json(run.folder / "checkpoints" / "last.json");
    Facts facts = {
        {"protocol", record.protocol},
        {"checkpoint", record.selection},
        {"iterations", concat(config.train.iterations)},
        {"batch", concat(config.sampler.labelled, " labelled + ", config.sampler.unlabelled, " unlabelled patches of ",
                         join(config.sampler.patch, " x "), " voxels")},
        {"optimiser", concat("SGD, learning rate ", config.optimiser.learning_rate, " (", config.optimiser.schedule, ")")},
        {"network", concat("widths ", join(config.network.widths, " "), config.network.dropout ? ", dropout" : ", no dropout")},
        {"seed", concat(config.seed)},
        {"precision", config.train.precision}};
    if (checkpoint.contains("seconds"))
      facts.emplace_back("time to train", format_duration(checkpoint.at("seconds").get<double>()));
    for (const auto& [name, count] : record.split.items()) facts.emplace_back(name + " cases", printed(count));
    for (const ClassText& text : record.texts) facts.emplace_back("text of '" + text.name + "'", text.source);
    for (const auto& [name, value] : record.environment.items()) facts.emplace_back(name, printed(value));
    page.sections.emplace_back("How " + run.name + " was trained", std::move(facts));
  }
}

}  // namespace

Page page_of_runs(const std::vector<ShownRun>& runs, const std::vector<ShownCase>& cases) {
  Page page;
  page.class_names = read_run_record(runs.at(0).folder).class_names;
  page.tables = score_tables(runs, page.class_names);
  page.overview = dice_chart(page.tables.front());
  add_charts(page, runs);
  for (const ShownCase& item : cases) {
    page.pictures.push_back(pictures_of(item, runs, 2, "axial"));
    page.pictures.push_back(pictures_of(item, runs, 1, "coronal"));
  }
  add_sections(page, runs);
  return page;
}

}  // namespace tss
