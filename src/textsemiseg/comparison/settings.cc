#include "textsemiseg/comparison/settings.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/result_keys.h"

namespace tss {
namespace {

// The sentence up to what belongs to one run: "best on validation cases (iteration 500 of ...)".
std::string checkpoint_kind(const RunResults& run) {
  const std::string text = plain(value_at(run.summary, "checkpoint"));
  const Json elsewhere = value_at(run.summary, "predictions");
  return text.substr(0, text.find(" (")) + (elsewhere.is_null() ? "" : "; but predictions " + plain(elsewhere));
}

// With what else changes a prediction. Records of earlier versions knew neither.
std::string windows(const RunResults& run) {
  const std::string mirror = run.summary.value("mirror", "none"), precision = run.summary.value("precision", "fp32");
  return plain(value_at(run.summary, "window")) + (mirror == "none" ? "" : ", averaged over mirror images along " + mirror) +
         (precision == "fp32" ? "" : ", computed in " + precision);
}

std::string case_list(const RunResults& run) {
  std::vector<std::string> ids;
  for (const CaseScores& item : run.scores->cases) ids.push_back(item.id);
  std::sort(ids.begin(), ids.end());
  return concat(ids.size(), " cases, list ", hex(hash_bytes(join(ids, "\n"))).substr(0, 8));
}

std::string postprocessing(const Json& summary) {
  const Json options = value_at(summary, "postprocess");
  if (options.is_null()) return "not stated";
  std::vector<std::string> steps;
  if (options.value("keep_largest", false)) steps.push_back("largest component of each class");
  if (const auto least = options.value("min_component", int64_t{0}); least > 0)
    steps.push_back(concat("components of less than ", least, " voxels removed"));
  if (steps.empty()) return "none";
  return concat(join(steps, ", "), ", connectivity ", options.value("connectivity", 26));
}

// Every setting is a function of one run; those of results ask for a run with scores.
struct Question {
  const char* name;
  bool of_results;
  std::string (*ask)(const RunResults&);
};

// "rotation 15 (probability 0.2)" and so on; empty where nothing is on, as in runs that knew no augmentation.
std::string augmentation(const Json& options) {
  std::vector<std::string> parts;
  if (!options.is_object()) return "";
  for (const auto& [key, value] : options.items()) {
    const auto probability = options.find(key + "_probability");
    if (probability == options.end() || !value.is_number() || value.get<double>() == 0) continue;
    parts.push_back(concat(key, " ", plain(value), " (probability ", plain(*probability), ")"));
  }
  return join(parts, ", ");
}

std::string crops(const RunResults& run) {
  std::vector<std::string> parts;
  for (const char* key : {"flips", "quarter_turns", "published_quirks", "foreground"})
    parts.push_back(concat(key, " ", plain(value_at(run.config, concat("sampler.", key)))));
  const std::string more = augmentation(value_at(run.config, "sampler.augmentation"));
  if (!more.empty()) parts.push_back(more);
  return join(parts, ", ");
}

const Question kQuestions[] = {
    {"data set", false, [](const RunResults& r) { return r.record.dataset; }},
    {"classes", false, [](const RunResults& r) { return plain(r.record.class_names); }},
    {"split", false,
     [](const RunResults& r) {
       std::vector<std::string> parts;
       for (const auto& [role, cases] : r.record.split.items()) parts.push_back(plain(cases) + " " + role);
       const std::string file = plain(value_at(r.config, "split"));
       return join(parts, ", ") + (file == "(empty)" || file == "not set" ? "" : " (" + file + ")");
     }},
    {"lists of cases", false,
     [](const RunResults& r) {
       const Json& cases = r.record.cases;
       return cases.is_object() ? "hash " + hex(hash_bytes(cases.dump())).substr(0, 8) : std::string("not recorded");
     }},
    {"cases scored", true, case_list},
    {"preparation", false, [](const RunResults& r) { return plain(write_options(r.record.recipe)); }},
    {"iterations", false, [](const RunResults& r) { return concat(r.iterations); }},
    {"patch", false, [](const RunResults& r) { return plain(value_at(r.config, "sampler.patch")); }},
    {"crops and augmentation", false, crops},
    {"protocol", false, [](const RunResults& r) { return r.record.protocol; }},
    {"selection", false, [](const RunResults& r) { return r.record.selection; }},
    {"iterations between validations", false,
     [](const RunResults& r) {
       const std::string every = plain(value_at(r.config, "train.validate_every"));
       return every == "0" ? "a fifteenth of the run" : every;
     }},
    {"checkpoint scored", true, checkpoint_kind},
    {"grid", true, [](const RunResults& r) { return plain(value_at(r.summary, "grid")); }},
    {"windows", true, windows},
    {"post-processing", true, [](const RunResults& r) { return postprocessing(r.summary); }},
    {"empty masks", true, [](const RunResults& r) { return std::string(empty_rule_name(r.scores->empty)); }},
};

// Values in order of first appearance, each with the titles of the rows that have it.
class Answers {
 public:
  void add(const std::string& value, const std::string& row) {
    auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == value; });
    if (found == values_.end()) found = values_.insert(values_.end(), {value, {}});
    if (found->second.empty() || found->second.back() != row) found->second.push_back(row);
  }
  Setting setting(const std::string& name) const {
    if (values_.size() == 1) return {name, values_.front().first, ""};
    std::vector<std::string> parts;
    for (const auto& [value, rows] : values_) parts.push_back(value + " (" + join(rows, ", ") + ")");
    return {name, "", join(parts, "; ")};
  }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> values_;
};

// Of the runs that have class texts. Weights count where every one of them has recorded a hash.
Setting text_encoder(const Study& study) {
  std::vector<std::pair<const RunResults*, std::string>> runs;
  for (const StudyRow& row : study.rows) {
    for (const RunResults& run : row.runs) {
      if (run.readable() && run.text_encoder.used()) runs.emplace_back(&run, row.title);
    }
  }
  if (runs.empty()) return {"text encoder", "none, no row has class texts", ""};
  std::set<std::string> unhashed;  // names of encoders some of whose runs do not say which weights
  for (const auto& [run, row] : runs) {
    if (run->text_encoder.hash.empty()) unhashed.insert(run->text_encoder.name);
  }
  Answers answers;
  for (const auto& [run, row] : runs) answers.add(run->text_encoder.describe(!unhashed.contains(run->text_encoder.name)), row);
  return answers.setting("text encoder");
}

std::string seeds_of(const StudyRow& row) {
  std::vector<int64_t> seeds;
  for (const RunResults* run : row.scored()) seeds.push_back(run->seed);
  return join(seeds, ", ");
}

std::string method_of(const RunResults& run) { return plain(value_at(run.config, "method")); }

const RunResults* first_readable(const StudyRow& row) {
  for (const RunResults& run : row.runs) {
    if (run.readable()) return &run;
  }
  return nullptr;
}

// Kept apart from what differs by nature: where the data lie, and what the fairness settings say already.
bool stated_elsewhere(const std::string& key) {
  static const std::set<std::string> keys = {"method",
                                             "dataset",
                                             "split",
                                             "seed",
                                             "train.iterations",
                                             "train.protocol",
                                             "sampler.patch",
                                             "train.validate_every",
                                             "sampler.flips",
                                             "sampler.quarter_turns",
                                             "sampler.published_quirks",
                                             "sampler.foreground"};
  return keys.contains(key) || starts_with(key, "inference.") || starts_with(key, "sampler.augmentation.") ||
         leaves_result_alone(key);
}

using Options = std::vector<std::pair<std::string, Json>>;

// "pretrain 2000, train 8000" (iterations)
std::string phase_names(const Json& phases) {
  std::vector<std::string> out;
  for (const Json& phase : phases) out.push_back(plain(value_at(phase, "name")) + " " + plain(value_at(phase, "iterations")));
  return join(out, ", ");
}

// The configuration of a row in two parts: what every method has, and its method's own section.
struct Parts {
  std::string row, method;
  Options shared, own;
};

std::vector<Parts> parts_of(const Study& study) {
  std::vector<Parts> out;
  for (const StudyRow& row : study.rows) {
    const RunResults* run = first_readable(row);
    if (!run) continue;
    Parts parts{row.title, method_of(*run), {}, {}};
    if (const Json& phases = run->record.phases; phases.size() > 1) parts.own.emplace_back("phases", phase_names(phases));
    for (const auto& [key, value] : leaves(run->config)) {
      if (starts_with(key, parts.method + "."))
        parts.own.emplace_back(key, value);
      else if (!stated_elsewhere(key))
        parts.shared.emplace_back(key, value);
    }
    out.push_back(std::move(parts));
  }
  return out;
}

// Keys that do not have one value in all of these.
std::set<std::string> differing(const std::vector<const Options*>& rows) {
  std::map<std::string, std::vector<std::string>> values;
  for (const Options* options : rows) {
    for (const auto& [key, value] : *options) values[key].push_back(value.dump());
  }
  std::set<std::string> out;
  for (const auto& [key, found] : values) {
    if (found.size() != rows.size() || std::set<std::string>(found.begin(), found.end()).size() > 1) out.insert(key);
  }
  return out;
}

Json find_option(const Options& options, const std::string& key) {
  for (const auto& [name, value] : options) {
    if (name == key) return value;
  }
  return nullptr;
}

}  // namespace

std::vector<Setting> fairness_settings(const Study& study) {
  std::vector<Setting> out;
  for (const Question& question : kQuestions) {
    Answers answers;
    for (const StudyRow& row : study.rows) {
      for (const RunResults& run : row.runs) {
        if (question.of_results ? run.scores.has_value() : run.readable()) answers.add(question.ask(run), row.title);
      }
    }
    if (!answers.empty()) out.push_back(answers.setting(question.name));
  }
  out.push_back(text_encoder(study));
  Answers seeds;
  for (const StudyRow& row : study.rows) {
    if (!row.scored().empty()) seeds.add(seeds_of(row), row.title);
  }
  out.push_back(seeds.setting("seeds"));
  return out;
}

std::vector<std::string> obstacles(const Study& study, const std::vector<Setting>& settings) {
  std::vector<std::string> out;
  for (const Setting& setting : settings) {
    if (!setting.detail.empty()) out.push_back("different " + setting.name + ": " + setting.detail);
  }
  for (const StudyRow& row : study.rows) {
    if (row.runs.empty()) out.push_back(row.title + ": no run");
    for (const RunResults& run : row.runs) {
      if (!run.problem.empty()) out.push_back(concat(row.title, ": run ", run.name, " ", run.problem));
    }
  }
  return out;
}

std::vector<RowDifferences> differences(const Study& study) {
  const std::vector<Parts> rows = parts_of(study);
  std::vector<const Options*> shared;
  std::map<std::string, std::vector<const Options*>> of_method;
  for (const Parts& row : rows) {
    shared.push_back(&row.shared);
    of_method[row.method].push_back(&row.own);
  }
  const std::set<std::string> shared_keys = differing(shared);
  std::vector<RowDifferences> out;
  for (const Parts& row : rows) {
    RowDifferences entry{row.row, {}};
    for (const std::string& key : shared_keys) entry.values.emplace_back(key, plain(find_option(row.shared, key)));
    const bool alone = of_method[row.method].size() == 1;
    const std::set<std::string> own_keys = differing(of_method[row.method]);
    for (const auto& [key, value] : row.own) {
      if (alone || own_keys.contains(key)) entry.values.emplace_back(key, plain(value));
    }
    if (!entry.values.empty()) out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace tss
