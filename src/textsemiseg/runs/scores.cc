#include "textsemiseg/runs/scores.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "textsemiseg/base/aligned_table.h"
#include "textsemiseg/base/csv.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

std::string number_cell(const Score& value) {
  if (!value) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", *value);
  return text;
}

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

const ClassScore* find_label(const CaseScores& scores, int label) {
  for (const ClassScore& c : scores.classes) {
    if (c.label == label) return &c;
  }
  return nullptr;
}

// Of evaluate's table, where fractions are not in percent.
std::string column_title(const ScoreField& field) {
  return field.is_fraction() ? field.title : concat(field.title, " (", field.unit, ")");
}
int column_digits(const ScoreField& field) { return field.is_fraction() ? field.digits + 1 : field.digits; }

// "dice, jaccard: fractions; distances: mm, ..."
std::string units_of_scores() {
  std::vector<std::string> fractions, others;
  for (const ScoreField& field : score_fields()) {
    if (field.is_fraction())
      fractions.push_back(field.name);
    else if (!field.from_surfaces)
      others.push_back(concat("; ", field.name, ": ", field.unit));
  }
  return concat(join(fractions, ", "), ": fractions; distances: mm, *_voxels in voxels", join(others, ""));
}

// Says how many cases count where some are undefined.
std::string cell(const Estimate& estimate, int digits, size_t cases) {
  if (!estimate.mean) return "-";
  const std::string value = estimate.count == 1 ? fixed(*estimate.mean, digits) : format_estimate(estimate, digits);
  return estimate.count == static_cast<int64_t>(cases) ? value : concat(value, " n=", estimate.count);
}

}  // namespace

std::string ScoreSet::name_of(int label) const {
  return static_cast<size_t>(label) < class_names.size() ? class_names[static_cast<size_t>(label)] : "";
}

std::vector<int> ScoreSet::labels() const {
  std::set<int> found;
  for (const CaseScores& c : cases) {
    for (const ClassScore& score : c.classes) found.insert(score.label);
  }
  return {found.begin(), found.end()};
}

void ScoreSet::fill_absent_classes() {
  const std::vector<int> all = labels();
  for (CaseScores& c : cases) {
    for (const int label : all) {
      if (!find_label(c, label)) c.classes.push_back(score_of_absent_class(label, empty));
    }
    std::sort(c.classes.begin(), c.classes.end(), [](const ClassScore& a, const ClassScore& b) { return a.label < b.label; });
  }
}

Estimate estimate_class(const ScoreSet& set, int label, const std::string& field, const BootstrapOptions& options) {
  std::vector<double> values;
  for (const CaseScores& c : set.cases) {
    const ClassScore* score = find_label(c, label);
    if (const Score value = score ? (*score)[field] : Score()) values.push_back(*value);
  }
  return estimate_mean(values, options);
}

Estimate estimate_mean_class(const ScoreSet& set, const std::string& field, const BootstrapOptions& options) {
  std::vector<double> values;
  for (const CaseScores& c : set.cases) {
    double sum = 0, count = 0;
    for (const ClassScore& score : c.classes) {
      const Score value = score[field];
      if (!value) continue;
      sum += *value;
      ++count;
    }
    if (count > 0) values.push_back(sum / count);
  }
  return estimate_mean(values, options);
}

Json to_json(const ClassScore& score) {
  Json out{{"class", score.label}};
  for (const ScoreField& field : score_fields()) out[field.name] = number(score[field.name]);
  out["prediction_voxels"] = score.prediction_voxels;
  out["reference_voxels"] = score.reference_voxels;
  return out;
}

Json to_json(const Estimate& e) {
  return {
      {"mean", number(e.mean)}, {"sd", number(e.deviation)}, {"low", number(e.low)}, {"high", number(e.high)}, {"n", e.count}};
}

Json scores_json(const ScoreSet& set) {
  // No interval is shown here: one resample is enough to ask for the means.
  const BootstrapOptions quick{.resamples = 1, .level = 0.95, .seed = 0};
  Json out;
  out["classes"] = Json::array();
  for (const int label : set.labels()) {
    Json entry{{"class", label}};
    if (!set.name_of(label).empty()) entry["name"] = set.name_of(label);
    for (const ScoreField& field : score_fields()) entry[field.name] = number(estimate_class(set, label, field.name, quick).mean);
    out["classes"].push_back(entry);
  }
  for (const ScoreField& field : score_fields())
    out["mean"][field.name] = number(estimate_mean_class(set, field.name, quick).mean);
  out["empty_rule"] = empty_rule_name(set.empty);
  out["cases"] = Json::array();
  for (const CaseScores& c : set.cases) {
    Json classes = Json::array();
    for (const ClassScore& score : c.classes) classes.push_back(to_json(score));
    out["cases"].push_back({{"case", c.id}, {"classes", classes}});
  }
  return out;
}

Json summary_json(const ScoreSet& set, const Json& facts, const BootstrapOptions& options) {
  Json out = facts.is_object() ? facts : Json::object();
  out["cases"] = set.cases.size();
  out["empty_rule"] = empty_rule_name(set.empty);
  out["interval"] = {{"method", "percentile bootstrap over cases"},
                     {"level", options.level},
                     {"resamples", options.resamples},
                     {"seed", options.seed}};
  out["units"] = units_of_scores();
  out["classes"] = Json::array();
  for (const int label : set.labels()) {
    Json entry{{"class", label}, {"name", set.name_of(label)}};
    for (const ScoreField& field : score_fields()) entry[field.name] = to_json(estimate_class(set, label, field.name, options));
    out["classes"].push_back(entry);
  }
  for (const ScoreField& field : score_fields()) out["mean"][field.name] = to_json(estimate_mean_class(set, field.name, options));
  return out;
}

void write_cases_csv(const std::filesystem::path& path, const ScoreSet& set) {
  std::string text = "case,class,name";
  for (const ScoreField& field : score_fields()) text += concat(",", field.name);
  text += ",prediction_voxels,reference_voxels\n";
  for (const CaseScores& c : set.cases) {
    for (const ClassScore& score : c.classes) {
      text += concat(csv_cell(c.id), ",", score.label, ",", csv_cell(set.name_of(score.label)));
      for (const ScoreField& field : score_fields()) text += "," + number_cell(score[field.name]);
      text += concat(",", score.prediction_voxels, ",", score.reference_voxels, "\n");
    }
  }
  write_text_file(path, text);
}

ScoreSet read_cases_csv(const std::filesystem::path& path) {
  const std::string file = path.string();
  const std::vector<std::vector<std::string>> rows = parse_csv(read_text_file(path, kMostLogBytes), file);
  const std::vector<std::string> header = rows.empty() ? std::vector<std::string>{} : rows.front();
  const auto column = [&](const std::string& name) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) throw InputError(file + ", line 1", "has no column '" + name + "'", "a file that evaluate wrote");
    return static_cast<size_t>(found - header.begin());
  };
  const size_t id = column("case"), label = column("class"), name = column("name");
  const size_t prediction = column("prediction_voxels"), reference = column("reference_voxels");
  // A score that the file lacks is undefined: the file may be older than the score, or of a program without it.
  std::vector<std::pair<std::string, size_t>> fields;
  for (const ScoreField& field : score_fields()) {
    if (std::find(header.begin(), header.end(), field.name) != header.end()) fields.emplace_back(field.name, column(field.name));
  }

  ScoreSet set;
  for (size_t r = 1; r < rows.size(); ++r) {
    const std::vector<std::string>& row = rows[r];
    const std::string where = concat(file, ", row ", r + 1);
    ClassScore score;
    const long value = parse_integer(where + ": class", row[label]);
    if (value < 1 || value > 255) throw InputError(where + ": class", concat("found ", value), "1 to 255");
    score.label = static_cast<int>(value);
    for (const auto& [field, at] : fields) {
      if (!row[at].empty()) score.set(field, parse_number(where + ": " + field, row[at]));
    }
    score.prediction_voxels = parse_integer(where + ": prediction_voxels", row[prediction]);
    score.reference_voxels = parse_integer(where + ": reference_voxels", row[reference]);
    if (set.cases.empty() || set.cases.back().id != row[id]) {
      for (const CaseScores& earlier : set.cases) {
        if (earlier.id == row[id]) throw InputError(where, "case '" + row[id] + "' stands in two places", "its classes in one");
      }
      set.cases.push_back({row[id], {}});
    }
    if (find_label(set.cases.back(), score.label)) throw InputError(where, concat("class ", value, " stands twice"), "once");
    set.cases.back().classes.push_back(score);
    if (set.class_names.size() <= static_cast<size_t>(value)) set.class_names.resize(static_cast<size_t>(value) + 1);
    set.class_names[static_cast<size_t>(value)] = row[name];
  }
  return set;
}

std::string format_estimate(const Estimate& value, int digits) {
  if (!value.mean) return "–";
  std::string result = fixed(*value.mean, digits);
  if (value.deviation) result += " ± " + fixed(*value.deviation, digits);
  if (value.low && value.high) result += " [" + fixed(*value.low, digits) + ", " + fixed(*value.high, digits) + "]";
  return result;
}

std::string score_table(const ScoreSet& set, const BootstrapOptions& options) {
  const std::vector<int> labels = set.labels();
  std::vector<std::vector<std::string>> rows(labels.size() > 1 ? labels.size() + 2 : labels.size() + 1);
  rows[0].emplace_back("class");
  for (size_t i = 0; i < labels.size(); ++i) rows[i + 1].push_back(trim(concat(labels[i], " ", set.name_of(labels[i]))));
  if (labels.size() > 1) rows.back().emplace_back("mean");
  for (const ScoreField& field : score_fields()) {
    if (!field.in_table) continue;
    const auto shown = [&](const Estimate& estimate) { return cell(estimate, column_digits(field), set.cases.size()); };
    rows[0].push_back(column_title(field));
    for (size_t i = 0; i < labels.size(); ++i) rows[i + 1].push_back(shown(estimate_class(set, labels[i], field.name, options)));
    if (labels.size() > 1) rows.back().push_back(shown(estimate_mean_class(set, field.name, options)));
  }
  return aligned(rows);
}

}  // namespace tss
