#include "textsemiseg/checks/check.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/case_findings.h"
#include "textsemiseg/checks/duplicate_findings.h"
#include "textsemiseg/checks/label_fit.h"
#include "textsemiseg/checks/population_findings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_files.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr double kRareShare = 1e-4;  // of the voxels

// Each case on its own, several at a time; the order of cases and findings is that of the list.
void inspect_all(size_t count, const CheckOptions& options, CheckReport& report,
                 const std::function<CaseFacts(size_t, std::vector<Finding>&)>& inspect) {
  report.cases.resize(count);
  std::vector<std::vector<Finding>> findings(count);
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  int64_t done = 0;
  Progress progress("check", static_cast<int64_t>(count));
  const auto work = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) {
        report.cases[i] = inspect(i, findings[i]);
        const std::lock_guard lock(mutex);
        progress.update(++done, report.cases[i].id);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  const int64_t wanted = options.threads > 0 ? options.threads : std::max<int64_t>(1, std::thread::hardware_concurrency());
  std::vector<std::thread> workers;
  for (int64_t t = 1; t < std::min<int64_t>(wanted, static_cast<int64_t>(count)); ++t) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
  for (auto& found : findings) report.findings.insert(report.findings.end(), found.begin(), found.end());
}

// Where nothing names the classes every value is one: numbered as it is, or in order where values are no small numbers; then they are
// the names.
void number_values(CheckReport& report) {
  std::set<int64_t> values{0};
  for (const CaseFacts& one : report.cases) {
    if (!one.has_label) continue;
    for (const ValueCount& value : one.labels) values.insert(std::llround(value.value));
  }
  const bool small = *values.begin() == 0 && *values.rbegin() <= 255;
  std::map<int64_t, size_t> class_of;
  size_t next = 1;
  for (const int64_t value : values) class_of[value] = small ? static_cast<size_t>(value) : value == 0 ? 0 : next++;
  if (!small) {
    report.class_names.resize(values.size());
    for (const auto& [value, k] : class_of) report.class_names[k] = std::to_string(value);
  }
  for (CaseFacts& one : report.cases) {
    if (!one.has_label) continue;
    int64_t most = 0;
    for (const ValueCount& value : one.labels)
      most = std::max<int64_t>(most, static_cast<int64_t>(class_of.at(std::llround(value.value))));
    one.class_voxels.assign(static_cast<size_t>(most) + 1, 0);
    for (const ValueCount& value : one.labels) one.class_voxels[class_of.at(std::llround(value.value))] += value.voxels;
  }
}

// Names that the label files have for their values.
void judge_names(const Source& source, const LabelClasses& classes, CheckReport& report) {
  std::vector<NamedFile> files;
  for (size_t i = 0; i < report.cases.size(); ++i)
    if (!report.cases[i].label_names.empty()) files.push_back({source.cases[i].label, report.cases[i].label_names});
  if (files.empty()) return;
  const auto add = [&](Severity severity, const std::string& message, const std::string& advice) {
    if (!message.empty()) report.findings.push_back({severity, "label_names", {}, message, advice});
  };
  if (!classes.class_names.empty()) {
    try {
      add(Severity::kWarning, judge_label_files(files, classes.table, classes.class_names),
          "nothing for prepare; programs that read values alone would exchange them");
    } catch (const InputError& error) {
      add(Severity::kError, error.what(), "prepare refuses such files");
    }
    return;
  }
  const std::string advice = "prepare --classes background,... with the names in the files reads them by name";
  const std::string values = differing_values(files);
  add(Severity::kError, values, advice);
  if (values.empty()) add(Severity::kWarning, differing_names(files), advice);
}

void count_classes(CheckReport& report) {
  size_t classes = report.class_names.size();
  for (const CaseFacts& one : report.cases) classes = std::max(classes, one.class_voxels.size());
  report.classes.assign(classes, {});
  for (const CaseFacts& one : report.cases) {
    for (size_t k = 0; k < one.class_voxels.size(); ++k) {
      if (!one.groups.tells_apart(static_cast<int64_t>(k))) continue;
      report.classes[k].voxels += one.class_voxels[k];
      if (one.class_voxels[k] == 0) continue;
      ++report.classes[k].labels;
      if (one.role) ++report.classes[k].cases[*one.role];
    }
  }
}

std::string class_name(const CheckReport& report, size_t k) {
  return k < report.class_names.size() ? concat("class ", k, " '", report.class_names[k], "'") : concat("class ", k);
}

void judge_rare_classes(CheckReport& report) {
  int64_t total = 0;
  for (const ClassPresence& one : report.classes) total += one.voxels;
  for (size_t k = 1; k < report.classes.size(); ++k) {
    const ClassPresence& one = report.classes[k];
    if (one.voxels == 0 || static_cast<double>(one.voxels) >= kRareShare * static_cast<double>(total)) continue;
    report.findings.push_back({Severity::kWarning,
                               "class_rare",
                               {},
                               concat(class_name(report, k), " has only ", one.voxels, " of ", total, " voxels"),
                               "sampler.foreground draws more patches around classes"});
  }
}

void judge_source_classes(const Source& source, bool named, CheckReport& report) {
  const auto add = [&](Severity severity, const char* code, const std::string& message, const std::string& advice) {
    report.findings.push_back({severity, code, {}, message, advice});
  };
  if (source.listed_without_label > 0) {
    add(Severity::kWarning, "label_missing", concat(source.listed_without_label, " labels that dataset.json lists are not there"),
        "these cases can only be unlabelled");
  }
  if (!source.unused_labels.empty()) {
    std::vector<std::string> files;
    for (const fs::path& file : source.unused_labels) files.push_back(file.lexically_relative(source.folder).string());
    add(Severity::kWarning, "label_unused",
        concat(files.size(), files.size() == 1 ? " file is" : " files are",
               " named like label maps and used for nothing: ", few_of(files, 5)),
        "--label-file PATTERN says which files are labels; others are better kept elsewhere");
  }
  const bool any = std::any_of(report.cases.begin(), report.cases.end(), [](const CaseFacts& one) { return one.has_label; });
  if (!any) {
    const NoLabel why = source.has_label() ? NoLabel{"no case has a label that can be used", "at least a few labelled cases"}
                                           : why_no_label(source);
    add(Severity::kError, "no_label", why.found, why.expected);
    return;
  }
  if (!named) {
    std::vector<std::string> values;
    for (size_t k = 0; k < report.classes.size(); ++k)
      if (report.classes[k].labels > 0)
        values.push_back(k < report.class_names.size() ? report.class_names[k] : std::to_string(k));
    const std::string first = values.size() > 1 ? values[1] : "1";
    add(Severity::kNote, "classes_unnamed", "nothing names the classes; labels hold the values " + few_of(values, 20),
        report.class_names.empty() ? "prepare --classes background,... or --label-map, or a dataset.json"
                                   : "prepare --label-map \"" + first + "=name of its class\" and so on, or a dataset.json");
  }
  std::vector<std::string> gaps;
  for (size_t k = 1; k < report.classes.size(); ++k) {
    if (report.classes[k].labels > 0) continue;
    if (!named) {
      gaps.push_back(std::to_string(k));
      continue;
    }
    add(Severity::kError, "class_absent", class_name(report, k) + " is in no label",
        "a label map without it, or labels that show it");
  }
  if (!gaps.empty()) {
    add(Severity::kWarning, "label_gap",
        concat(gaps.size() == 1 ? "value " : "values ", few_of(gaps, 20), gaps.size() == 1 ? " is" : " are",
               " in no label, higher ones are"),
        "prepare --label-map says which class each value is; a class that never occurs cannot be learned");
  }
}

void judge_dataset_classes(const Dataset& dataset, CheckReport& report) {
  const auto add = [&](Severity severity, const char* code, const std::string& message, const std::string& advice) {
    report.findings.push_back({severity, code, {}, message, advice});
  };
  if (dataset.cases(Role::kLabelled).empty()) add(Severity::kError, "no_label", "no case is labelled", "prepare --labelled N");
  if (dataset.cases(Role::kUnlabelled).empty()) {
    add(Severity::kWarning, "no_unlabelled", "no case is unlabelled",
        "methods that learn from unlabelled cases have nothing to add");
  }
  for (size_t k = 1; k < report.classes.size(); ++k) {
    ClassPresence& one = report.classes[k];
    if (!dataset.cases(Role::kLabelled).empty() && one.cases[Role::kLabelled] == 0) {
      add(Severity::kError, "class_absent", class_name(report, k) + " is in no labelled case",
          "another split (prepare --seed, --labelled), or a label map without it");
    }
    for (const Role role : {Role::kValidation, Role::kTest}) {
      if (dataset.cases(role).empty() || one.cases[role] > 0) continue;
      add(Severity::kWarning, "class_not_scored", concat(class_name(report, k), " is in no ", role_name(role), " case"),
          "its score there will be undefined");
    }
  }
}

void judge_together(CheckReport& report, const CheckOptions& options, const std::function<Image(size_t)>& read) {
  judge_rare_classes(report);
  judge_population(report.cases, report.class_names, report.findings);
  judge_label_fit(report.cases, report.findings);
  judge_patients(report.cases, report.findings);
  if (options.duplicates) judge_duplicates(report.cases, read, report.findings);
  sort_findings(report.findings);
}

Image prepared_channel(const CachedCase& item, size_t channel) {
  Image image(item.geometry);
  const auto voxels = item.geometry.voxels();
  const float* from = item.image.data<float>() + static_cast<int64_t>(channel) * voxels;
  image.voxels.assign(from, from + voxels);
  return image;
}

// Empty where there is no foreground.
std::optional<LabelFit> fit_of(const Image& image, const MappedNpy& label) {
  const auto* values = label.data<uint8_t>();
  const std::vector<uint8_t> mask(values, values + label.elements());
  if (std::all_of(mask.begin(), mask.end(), [](uint8_t value) { return value == 0; })) return std::nullopt;
  return label_fit(image, mask);
}

// Opening a dataset looks at samples of files whose size and time are as they were; this reads all of them.
void compare_with_scans(const Dataset& dataset, const std::string& id, std::vector<Finding>& findings) {
  const std::string record = (dataset.cache().folder_of(id) / "case.json").string();
  for (const Json& part : read_json(record).value("source", Json::array())) {
    Fingerprint stored;
    read_options(part, record, stored);
    if (stored.content.empty() || !scan_exists(stored.path) || content_of(stored.path) == stored.content) continue;
    findings.push_back({Severity::kError,
                        "source_changed",
                        {id},
                        stored.path + " is not the file that was prepared, although its size is the same",
                        "run prepare again with --overwrite"});
  }
}

CaseFacts inspect_prepared(const Dataset& dataset, const std::string& id, Role role, bool full, std::vector<Finding>& findings) {
  CaseFacts facts;
  facts.id = id;
  facts.role = role;
  facts.source = dataset.source_name(id);
  const SourceCase& source = dataset.source(id);
  try {
    const CachedCase item = dataset.load(id);
    facts.geometry = map_to_ras(item.geometry).apply(item.geometry);
    std::vector<std::string> names;
    for (size_t c = 0; c < static_cast<size_t>(dataset.channels()); ++c) {
      const Image image = prepared_channel(item, c);
      facts.channels.push_back(measure(image));
      if (c == 0 && item.label) facts.fit = fit_of(image, *item.label);
      names.push_back(concat("the prepared image", dataset.channels() > 1 ? concat(", channel ", c) : ""));
      if (facts.sketch.content != 0) {
        facts.channels.back().content = hash_voxels(image);
        continue;
      }
      facts.sketch = sketch_of(image);
      facts.sketched_channel = c;
      facts.channels.back().content = facts.sketch.content;
    }
    if (item.label) {
      facts.has_label = true;
      facts.class_voxels.assign(static_cast<size_t>(dataset.classes()), 0);
      const auto* values = item.label->data<uint8_t>();
      std::array<int64_t, 256> counts{};
      for (int64_t i = 0; i < item.label->elements(); ++i) ++counts[values[i]];
      for (size_t k = 0; k < facts.class_voxels.size(); ++k) facts.class_voxels[k] = counts[k];
      const bool empty = std::all_of(facts.class_voxels.begin() + 1, facts.class_voxels.end(), [](int64_t n) { return n == 0; });
      facts.groups = dataset.groups(id);
      if (empty && role != Role::kUnlabelled) {
        findings.push_back(
            {Severity::kWarning,
             "label_empty",
             {id},
             concat("its label holds background only (", role_name(role), ")"),
             role == Role::kLabelled ? "such a case teaches no class" : "its scores are undefined or all-or-nothing"});
      }
    }
    facts.readable = true;
    judge_channels(facts, names, findings);
    if (scan_exists(source.images.front())) facts.patient = Scan::open(source.images.front())->patient_key();
    if (full) compare_with_scans(dataset, id, findings);
  } catch (const InputError& error) {
    findings.push_back({Severity::kError, "unreadable", {id}, error.what(), "run prepare again"});
  }
  return facts;
}

}  // namespace

int64_t CheckReport::count(Severity severity) const {
  return std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.severity == severity; });
}

std::vector<Finding> CheckReport::of(const std::string& code) const {
  std::vector<Finding> out;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(out), [&](const Finding& one) { return one.code == code; });
  return out;
}

CheckReport check_source(const Source& source, const LabelClasses& classes, const CheckOptions& options) {
  const Stopwatch clock;
  CheckReport report;
  report.folder = source.folder;
  report.name = source.name;
  report.layout = source.layout;
  report.class_names = classes.class_names;
  inspect_all(source.cases.size(), options, report, [&](size_t i, std::vector<Finding>& findings) {
    return inspect_case(source.cases[i], classes.table, classes.class_names, findings);
  });
  const bool named = !classes.class_names.empty();
  if (!named) number_values(report);
  count_classes(report);
  judge_names(source, classes, report);
  if (named) {
    const std::string unclear = meaningless_warning(source.class_names, source.class_texts);
    if (!unclear.empty())
      report.findings.push_back({Severity::kWarning, "class_names", {}, unclear, "names or texts in dataset.json"});
  }
  judge_source_classes(source, named, report);
  judge_together(report, options, [&](size_t i) { return read_channel(source.cases[i], report.cases[i].sketched_channel); });
  report.seconds = clock.seconds();
  return report;
}

CheckReport check_dataset(const fs::path& folder, const std::string& split, const CheckOptions& options) {
  const Stopwatch clock;
  const Dataset dataset = Dataset::open(folder, split);
  CheckReport report;
  report.folder = folder;
  report.name = dataset.name();
  report.layout = "prepared";
  report.roles = dataset.split().describe();
  report.class_names = dataset.class_names();
  std::vector<std::pair<std::string, Role>> cases;
  for (const Role role : kRoles)
    for (const std::string& id : dataset.cases(role)) cases.emplace_back(id, role);
  inspect_all(cases.size(), options, report, [&](size_t i, std::vector<Finding>& findings) {
    return inspect_prepared(dataset, cases[i].first, cases[i].second, options.full, findings);
  });
  count_classes(report);
  const std::string unclear = meaningless_warning(dataset.class_names(), dataset.class_texts());
  if (!unclear.empty())
    report.findings.push_back({Severity::kWarning, "class_names", {}, unclear, "names or texts in dataset.json"});
  judge_dataset_classes(dataset, report);
  for (const SourceRecord& source : dataset.sources())
    report.sources.push_back(source.name + ": " + source.describe(dataset.class_names()));
  judge_together(report, options,
                 [&](size_t i) { return prepared_channel(dataset.load(cases[i].first), report.cases[i].sketched_channel); });
  report.seconds = clock.seconds();
  return report;
}

namespace {

Json to_json(const CaseFacts& one) {
  Json json = {{"id", one.id}};
  if (one.role) json["role"] = role_name(*one.role);
  if (!one.source.empty()) json["source"] = one.source;
  if (one.test) json["test"] = true;
  if (!one.readable) return json;
  json["size"] = one.geometry.size;
  json["spacing"] = one.geometry.spacing;
  for (const ChannelFacts& channel : one.channels) {
    json["channels"].push_back({{"minimum", channel.minimum},
                                {"low", channel.low},
                                {"median", channel.median},
                                {"high", channel.high},
                                {"maximum", channel.maximum},
                                {"mean", channel.mean},
                                {"deviation", channel.deviation},
                                {"non_finite", channel.non_finite}});
  }
  if (one.has_label) json["class_voxels"] = one.class_voxels;
  for (const ValueCount& value : one.labels) json["label_values"].push_back({{"value", value.value}, {"voxels", value.voxels}});
  return json;
}

}  // namespace

Json to_json(const CheckReport& report) {
  Json json = {{"folder", report.folder.string()}, {"name", report.name}, {"layout", report.layout}};
  if (!report.roles.empty()) json["roles"] = report.roles;
  if (!report.sources.empty()) json["sources"] = report.sources;
  json["sound"] = report.sound();
  json["errors"] = report.count(Severity::kError);
  json["warnings"] = report.count(Severity::kWarning);
  json["findings"] = Json::array();
  for (const Finding& finding : report.findings) json["findings"].push_back(to_json(finding));
  json["classes"] = Json::array();
  for (size_t k = 0; k < report.classes.size(); ++k) {
    const ClassPresence& presence = report.classes[k];
    Json one = {{"class", k}, {"labels", presence.labels}, {"voxels", presence.voxels}};
    if (k < report.class_names.size()) one["name"] = report.class_names[k];
    for (const auto& [role, cases] : presence.cases) one["cases"][role_name(role)] = cases;
    json["classes"].push_back(std::move(one));
  }
  json["cases"] = Json::array();
  for (const CaseFacts& one : report.cases) json["cases"].push_back(to_json(one));
  json["seconds"] = report.seconds;
  return json;
}

}  // namespace tss
