#include "textsemiseg/data/prepare.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/data/dataset.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/volume/finite.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void check_labels(const LabelMap& labels, const fs::path& file, const std::vector<std::string>& class_names) {
  std::array<int64_t, 256> counts{};
  for (const uint8_t value : labels.voxels) ++counts[value];
  bool outside = false;
  std::vector<std::string> found;
  for (size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] == 0) continue;
    outside = outside || value >= class_names.size();
    found.push_back(concat(value, " (", counts[value], counts[value] == 1 ? " voxel)" : " voxels)"));
  }
  if (!outside) return;
  throw InputError(file.string(), "label values " + join(found, ", "),
                   concat("values 0 to ", class_names.size() - 1, " (", join(class_names, ", "), ")"));
}

void check_same_grid(const Geometry& image, const Geometry& other, const fs::path& image_file, const fs::path& other_file) {
  const std::string difference = grid_difference(image, other);
  if (!difference.empty()) {
    throw InputError(other_file.string(), "lies on another grid than " + image_file.string() + ": " + difference,
                     "the same grid");
  }
}

std::vector<std::string> default_classes(const Source& source, const PrepareOptions& options) {
  if (!options.classes.empty()) {
    if (!source.class_names.empty() && source.class_names != options.classes) {
      throw InputError("--classes", join(options.classes, ", "),
                       "the classes of the source's dataset.json (" + join(source.class_names, ", ") + "), or no --classes");
    }
    return options.classes;
  }
  if (!source.class_names.empty()) return source.class_names;
  if (options.recipe.name == "left_atrium") return {"background", "left atrium"};
  throw InputError(source.folder.string(), "has no dataset.json, so the classes are unknown",
                   "--classes background,\"name of class 1\",...");
}

// What prepare works on, once all names are known and agree.
DatasetRecord make_record(const PrepareOptions& options, const Source& source) {
  DatasetRecord record;
  record.name = source.name;
  record.class_names = default_classes(source, options);
  record.class_texts = source.class_texts;
  for (size_t k = record.class_texts.size(); k < record.class_names.size(); ++k)
    record.class_texts.push_back({record.class_names[k]});
  record.channel_names = source.channel_names;
  record.recipe = options.recipe;
  record.source = source.folder;
  record.layout = source.layout;
  record.cases = source.cases;
  if (record.class_names.size() < 2)
    throw InputError("--classes", join(record.class_names, ", "), "at least two, the background first");
  if (record.class_names.size() > 256) throw InputError("--classes", concat(record.class_names.size(), " names"), "at most 256");
  if (std::set<std::string>(record.class_names.begin(), record.class_names.end()).size() != record.class_names.size()) {
    throw InputError("--classes", join(record.class_names, ", "), "distinct names");
  }
  return record;
}

std::vector<SplitCase> split_cases(const DatasetRecord& record) {
  std::vector<SplitCase> cases;
  for (const SourceCase& item : record.cases) cases.push_back({item.id, !item.label.empty(), item.test});
  return cases;
}

// An existing dataset of another preparation is not replaced by accident.
void check_existing_record(const PrepareOptions& options, const DatasetRecord& record) {
  const fs::path file = options.dataset / "dataset.json";
  if (!fs::exists(file) || options.overwrite) return;
  const DatasetRecord existing = read_dataset_record(options.dataset);
  const auto recipe_text = [](const Recipe& recipe) { return write_options(recipe).dump(); };
  const auto refuse = [&](const std::string& what, const std::string& before, const std::string& now) {
    throw InputError(file.string(), "was prepared with " + what + " " + before + ", now " + now,
                     "the same, another --dataset folder, or --overwrite");
  };
  if (recipe_text(existing.recipe) != recipe_text(record.recipe))
    refuse("recipe", recipe_text(existing.recipe), recipe_text(record.recipe));
  if (existing.class_names != record.class_names)
    refuse("classes", join(existing.class_names, ", "), join(record.class_names, ", "));
  if (existing.source != record.source) refuse("source", existing.source.string(), record.source.string());
}

// The split that will stand in the folder; kept: it already does.
Split choose_split(const PrepareOptions& options, const DatasetRecord& record, bool& kept) {
  const fs::path file = options.dataset / "split.json";
  const bool exists = fs::exists(file);
  kept = exists && !options.overwrite;
  const fs::path own = record.source / "split.json";
  std::string given = options.split_file;
  if (given.empty() && !options.split.any_given() && fs::exists(own)) given = own.string();
  if (kept && given.empty() && !options.split.any_given()) return read_split(file);
  Split split = given.empty() ? make_split(split_cases(record), options.split) : read_split(given);
  if (!kept) return split;
  Split existing = read_split(file);
  if (!existing.same_roles(split)) {
    throw InputError(file.string(),
                     "holds another split (" + existing.describe() + ") than the options give (" + split.describe() + ")",
                     "the same roles, no split options to keep it, or --overwrite to replace it");
  }
  return existing;
}

void check_split(const Split& split, const DatasetRecord& record, const std::string& subject) {
  std::map<std::string, bool> has_label;
  for (const SourceCase& item : record.cases) has_label[item.id] = !item.label.empty();
  for (const Role role : kRoles) {
    for (const std::string& id : split.cases(role)) {
      const auto found = has_label.find(id);
      if (found == has_label.end())
        throw InputError(subject + ": " + role_name(role), "case '" + id + "' is not in the source", "an id of the source");
      if (role != Role::kUnlabelled && !found->second) {
        throw InputError(subject + ": " + role_name(role), "case '" + id + "' has no label file",
                         "unlabelled, the only role of a case without label");
      }
    }
  }
  if (split.cases(Role::kLabelled).empty()) throw InputError(subject, "the labelled set is empty", "at least one labelled case");
}

struct Work {
  std::vector<const SourceCase*> todo;
  int64_t kept = 0;
};

// Cases of the split that the cache lacks. A scan that vanished after it was prepared counts as done.
Work find_work(const DatasetRecord& record, const Split& split, const Cache& cache) {
  std::set<std::string> wanted;
  for (const Role role : kRoles) wanted.insert(split.cases(role).begin(), split.cases(role).end());
  Work work;
  for (const SourceCase& item : record.cases) {
    if (!wanted.contains(item.id)) continue;
    const auto state = cache.state(item);
    if (state == Cache::State::kCurrent || state == Cache::State::kSourceGone)
      ++work.kept;
    else
      work.todo.push_back(&item);
  }
  return work;
}

// Fills the cache on several threads; the first failing case in order of id is reported.
void prepare_cases(const Work& work, const DatasetRecord& record, const Cache& cache, int64_t threads) {
  std::mutex mutex;
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::exception_ptr> errors(work.todo.size());
  int64_t done = 0;
  Progress progress("prepare", static_cast<int64_t>(work.todo.size()));
  const auto run = [&] {
    for (size_t i = next++; i < work.todo.size() && !failed; i = next++) {
      const SourceCase& item = *work.todo[i];
      try {
        const auto fingerprints = fingerprints_of(item);
        cache.write(item, prepare_case(item, record.recipe, record.class_names), fingerprints);
        const std::lock_guard lock(mutex);
        progress.update(++done, item.id);
      } catch (...) {
        errors[i] = std::current_exception();
        failed = true;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int64_t t = 1; t < std::min<int64_t>(threads, static_cast<int64_t>(work.todo.size())); ++t) workers.emplace_back(run);
  run();
  for (std::thread& worker : workers) worker.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void report_source(const Source& source) {
  const int64_t labelled =
      std::count_if(source.cases.begin(), source.cases.end(), [](const auto& item) { return !item.label.empty(); });
  log_info(concat(source.folder.string(), ": ", source.layout, " layout, ", source.cases.size(), " cases, ", labelled,
                  " with a label"));
  if (source.layout == "HDF5") log_info("HDF5 files carry no geometry: axis order as stored, unit spacing, identity direction");
  if (source.test_without_label > 0) {
    log_info(concat(source.test_without_label, " images of imagesTs have no label and are left out"));
  }
  if (source.listed_without_label > 0) {
    log_warning(
        concat(source.listed_without_label, " labels that dataset.json lists are not there; these cases can only be unlabelled"));
  }
}

}  // namespace

void check_finite(const Image& image, const fs::path& file) {
  const auto first = first_non_finite(image);
  if (!first) return;
  const auto bad = std::count_if(image.voxels.begin(), image.voxels.end(), [](float value) { return !std::isfinite(value); });
  throw InputError(
      file.string(),
      concat(bad, bad == 1 ? " voxel is" : " voxels are", " NaN or infinite, the first at (", join(*first, ", "), ")"),
      "finite intensities");
}

PreparedCase prepare_case(const SourceCase& item, const Recipe& recipe, const std::vector<std::string>& class_names) {
  const bool hdf5 = is_hdf5_file(item.images.front());
  std::vector<Image> raw;
  std::optional<LabelMap> label;
  if (hdf5) {
    Hdf5Case stored = read_hdf5_case(item.images.front());
    raw.push_back(std::move(stored.image));
    label = std::move(stored.label);
  } else {
    for (const fs::path& file : item.images) raw.push_back(read_scan(file));
    if (!item.label.empty()) label = read_scan_label(item.label);
  }
  for (size_t c = 0; c < raw.size(); ++c) {
    check_finite(raw[c], item.images[c]);
    if (c > 0) check_same_grid(raw[0].geometry, raw[c].geometry, item.images[0], item.images[c]);
  }
  if (label) {
    check_same_grid(raw[0].geometry, label->geometry, item.images[0], item.label);
    check_labels(*label, item.label, class_names);
  }
  PreparedCase prepared;
  for (const Image& channel : raw) prepared.channels.push_back(apply_recipe(recipe, channel));
  if (label) prepared.label = apply_recipe_to_labels(recipe, *label);
  return prepared;
}

PrepareSummary prepare_dataset(const PrepareOptions& options) {
  options.recipe.check();
  options.split.check();
  const Source source = open_source(options.source);
  if (fs::exists(options.dataset) && fs::equivalent(options.source, options.dataset)) {
    throw InputError("--dataset", options.dataset.string() + " is the source folder itself", "another folder");
  }
  report_source(source);
  const DatasetRecord record = make_record(options, source);
  check_existing_record(options, record);
  PrepareSummary summary;
  summary.split = choose_split(options, record, summary.split_kept);
  check_split(summary.split, record, summary.split_kept ? (options.dataset / "split.json").string() : "split");
  const auto folds = options.split.folds > 0
                         ? make_folds(split_cases(record), summary.split, options.split.folds, options.split.seed)
                         : std::vector<Split>{};
  const Cache cache(options.dataset, record.recipe, static_cast<int64_t>(record.class_names.size()));
  cache.remove_leftovers();
  const Work work = find_work(record, summary.split, cache);
  const int64_t threads = options.threads > 0 ? options.threads : std::max<int64_t>(1, std::thread::hardware_concurrency());
  if (!work.todo.empty()) prepare_cases(work, record, cache, threads);
  summary.prepared = static_cast<int64_t>(work.todo.size());
  summary.kept = work.kept;
  write_dataset_record(options.dataset, record);
  for (size_t k = 0; k < folds.size(); ++k) write_split(options.dataset / "folds" / concat("fold_", k, ".json"), folds[k]);
  if (!summary.split_kept) write_split(options.dataset / "split.json", summary.split);
  return summary;
}

}  // namespace tss
