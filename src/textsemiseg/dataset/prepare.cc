#include "textsemiseg/dataset/prepare.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>

#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/class_presence.h"
#include "textsemiseg/dataset/gathered_sources.h"
#include "textsemiseg/dataset/prepare_report.h"
#include "textsemiseg/dataset/split_choice.h"
#include "textsemiseg/source/file_patterns.h"
#include "textsemiseg/source/label_content.h"
#include "textsemiseg/source/label_files.h"
#include "textsemiseg/volume/finite.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// An existing dataset of another preparation is not replaced by accident, and what others wrote not at all.
void check_existing_record(const PrepareOptions& options, const DatasetRecord& record) {
  const fs::path file = options.dataset / "dataset.json";
  if (!fs::exists(file)) return;
  if (!is_dataset_record(read_json(file))) {
    throw InputError(file.string(), "was not written by prepare (no recipe, source and cases) and is never replaced",
                     "another --dataset folder");
  }
  if (options.overwrite) return;
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
  const auto rules_text = [](const LabelTable& table) { return label_rules_to_json(table.rules).dump(); };
  if (rules_text(existing.label_table) != rules_text(record.label_table))
    refuse("label map", rules_text(existing.label_table), rules_text(record.label_table));
  if (existing.source != record.source) refuse("source", existing.source.string(), record.source.string());
  const auto sources_text = [](const DatasetRecord& one) {
    Json out = Json::array();
    for (const SourceRecord& source : one.sources) out.push_back(to_json(source, one.class_names));
    return out.dump();
  };
  if (sources_text(existing) != sources_text(record)) refuse("sources", sources_text(existing), sources_text(record));
}

struct Work {
  std::vector<const SourceCase*> all, todo;
  int64_t kept = 0;
};

// Cases of the split that the cache lacks. A scan that vanished after it was prepared counts as done. whole: see Cache::state.
Work find_work(const DatasetRecord& record, const Split& split, const Cache& cache, bool whole) {
  std::set<std::string> wanted;
  for (const Role role : kRoles) wanted.insert(split.cases(role).begin(), split.cases(role).end());
  Work work;
  for (const SourceCase& item : record.cases) {
    if (!wanted.contains(item.id)) continue;
    work.all.push_back(&item);
    const auto state = cache.state(item, nullptr, whole);
    if (state == Cache::State::kCurrent || state == Cache::State::kSourceGone)
      ++work.kept;
    else
      work.todo.push_back(&item);
  }
  return work;
}

struct Prepared {
  int64_t fell_back = 0;                  // cases that a crop around the label found without one
  std::vector<std::string> padded;        // ids of cases whose label covers a part of the image
  std::vector<std::string> label_images;  // what to say of images that hold label maps
};

// An image that is a label map would make a perfect, worthless model. Where dataset.json or a recipe says that the file is an image, a
// warning will do: "" or its text.
std::string judge_label_images(const SourceCase& item, const CaseArrays& one, bool described) {
  for (size_t c = 0; c < one.channels.size(); ++c) {
    const LabelMap* label = one.label ? &*one.label : nullptr;
    const std::string values = label_values_of(one.channels[c], label);
    if (values.empty()) continue;
    const bool apart = item.images.size() == one.channels.size();
    const std::string file = apart ? item.images[c].string() : concat(item.images.front().string(), ", channel ", c);
    const bool own = label != nullptr && lie_together(one.channels[c], *label);
    const std::string found = concat("holds only ", values, own ? ", where the case's label lies," : ", in areas,",
                                     " as a label map does, and would be an image of case '", item.id, "'");
    if (described) return file + ": " + found;
    throw InputError(
        file, found,
        "an image; --label-file PATTERN says which files are labels, and a recipe with [dataset] images which are images");
  }
  return "";
}

// Fills the cache on several threads; the first failing case in order of id is reported.
Prepared prepare_cases(const Work& work, const DatasetRecord& record, const Cache& cache, int64_t threads,
                       const std::vector<Source>& sources) {
  std::mutex mutex;
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::exception_ptr> errors(work.todo.size());
  Prepared out;
  int64_t done = 0;
  Progress progress("prepare", static_cast<int64_t>(work.todo.size()));
  const auto run = [&] {
    for (size_t i = next++; i < work.todo.size() && !failed; i = next++) {
      const SourceCase& item = *work.todo[i];
      try {
        const AtHand preparing("preparing " + item.id);
        const auto fingerprints = fingerprints_of(item);
        bool padded = false;
        CaseArrays read = read_case(item, record.labels_of(item), record.class_names, &padded);
        std::string label_image = judge_label_images(item, read, sources[item.source].described);
        const CaseArrays prepared = apply_recipe(record.recipe, std::move(read));
        cache.write(item, prepared, fingerprints);
        const std::lock_guard lock(mutex);
        out.fell_back += prepared.crop_fell_back;
        if (padded) out.padded.push_back(item.id);
        if (!label_image.empty()) out.label_images.push_back(std::move(label_image));
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
  return out;
}

// How many channels the arrays have; every case the same number.
int64_t prepared_channels(const Work& work, const Cache& cache) {
  int64_t channels = 0;
  const SourceCase* first = nullptr;
  for (const SourceCase* item : work.all) {
    const auto shape = cache.map(item->id).image.shape();
    const int64_t found = shape.size() == 4 ? shape.front() : 1;
    if (first == nullptr) {
      first = item;
      channels = found;
    } else if (found != channels) {
      throw InputError(item->images.front().string(), concat("case '", item->id, "' has ", found, " channels"),
                       concat(channels, ", as case '", first->id, "'"));
    }
  }
  return channels;
}

// A crop around the label of a case that plays unlabelled, validation or test tells a network where to look.
void warn_of_leak(const DatasetRecord& record, const Split& split) {
  if (!record.recipe.crops_around_label()) return;
  std::set<std::string> with_label;
  for (const SourceCase& item : record.cases) {
    if (!item.label.empty()) with_label.insert(item.id);
  }
  std::vector<std::string> parts;
  for (const Role role : {Role::kUnlabelled, Role::kValidation, Role::kTest}) {
    const auto& ids = split.cases(role);
    const auto count = std::count_if(ids.begin(), ids.end(), [&](const std::string& id) { return with_label.contains(id); });
    if (count > 0) parts.push_back(concat(count, " ", role_name(role)));
  }
  if (parts.empty()) return;
  log_warning(
      concat("recipe ", record.recipe.name, " crops ", join(parts, ", "),
             " cases around their label, as published: scores on them are better than on scans without a label; for those "
             "there are recipes without this crop"));
}

void report_source(const Source& source) {
  const int64_t labelled =
      std::count_if(source.cases.begin(), source.cases.end(), [](const auto& item) { return !item.label.empty(); });
  log_info(concat(source.folder.string(), ": ", source.layout, " layout, ", source.cases.size(), " cases, ", labelled,
                  " with a label"));
  if (source.layout == "HDF5") log_info("HDF5 files carry no geometry: axis order as stored, unit spacing, identity direction");
  if (source.test_without_label > 0) {
    log_warning(
        concat(source.test_without_label, source.test_without_label == 1 ? " image is" : " images are",
               " kept apart for testing or validation (imagesTs, or a list of dataset.json) without a label and left out; "
               "--unlabelled-test-images takes them as unlabelled cases"));
  }
  if (source.listed_without_label > 0) {
    log_warning(
        concat(source.listed_without_label, " labels that dataset.json lists are not there; these cases can only be unlabelled"));
  }
}

// How each source's files are read by their names for values, against its own classes.
void judge_named_files(const Work& work, const std::vector<LabelClasses>& own) {
  for (size_t s = 0; s < own.size(); ++s) {
    std::vector<const SourceCase*> cases;
    std::copy_if(work.all.begin(), work.all.end(), std::back_inserter(cases),
                 [&](const auto* item) { return item->source == s; });
    if (const std::string line = judge_label_files(named_label_files(cases), own[s].table, own[s].class_names); !line.empty())
      log_warning(line);
  }
}

// What a reader of the split would want to know before hours of training.
void report_split(const PrepareOptions& options, const DatasetRecord& record, const SplitChoice& choice, const Cache& cache) {
  if (const std::string line = unused_labels_line(record, choice.split, options.split, choice.kept); !line.empty())
    log_info(line);
  const auto& labelled = choice.split.cases(Role::kLabelled);
  const auto unseen = unseen_classes(cache, labelled, record.class_names, [&](const auto& id) { return record.groups_of(id); });
  for (const std::string& warning :
       {few_validation_warning(choice.split, options, choice.kept), merged_validation_warning(record, choice.split),
        unseen_warning(unseen, record.class_names.size(), labelled.size())})
    if (!warning.empty()) log_warning(warning);
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

Split split_of_source(const PrepareOptions& options, const DatasetRecord& record) {
  const bool any = std::any_of(record.cases.begin(), record.cases.end(),
                               [](const SourceCase& item) { return !item.label.empty() && !item.test; });
  return any ? choose_split(options, record).split : Split{};
}

std::vector<std::string> labelled_cases(const PrepareOptions& options, const DatasetRecord& record) {
  return split_of_source(options, record).cases(Role::kLabelled);
}

DatasetRecord record_of_source(const PrepareOptions& options) { return gather_record(options, find_sources(options)).record; }

PrepareSummary prepare_dataset(const PrepareOptions& options) {
  options.recipe.check();
  options.split.check();
  const std::vector<Source> sources = find_sources(options);
  for (const Source& source : sources) {
    if (fs::exists(options.dataset) && fs::equivalent(source.folder, options.dataset))
      throw InputError("--dataset", options.dataset.string() + " is the source folder itself", "another folder");
    report_source(source);
  }
  if (std::none_of(sources.begin(), sources.end(), [](const Source& source) { return source.has_label(); })) {
    const NoLabel why = why_no_label(sources.front());
    throw InputError(sources.front().folder.string(), why.found, why.expected);
  }
  auto [record, own] = gather_record(options, sources);
  for (const SourceRecord& source : record.sources)
    log_info(concat("source ", source.name, ": ", source.describe(record.class_names)));
  const HeldFolder held(options.dataset);
  check_existing_record(options, record);
  PrepareSummary summary;
  const SplitChoice choice = choose_split(options, record);
  const FoldChoice folds = choose_folds(options, record, choice);
  summary.split = choice.split;
  summary.split_kept = choice.kept;
  warn_of_leak(record, summary.split);
  const Cache cache = record.cache_in(options.dataset);
  cache.remove_leftovers();
  const Work work = find_work(record, summary.split, cache, options.overwrite);
  const int64_t threads = options.threads > 0 ? options.threads : std::max<int64_t>(1, std::thread::hardware_concurrency());
  judge_named_files(work, own);
  if (!work.todo.empty()) {
    const Prepared done = prepare_cases(work, record, cache, threads, sources);
    summary.fell_back = done.fell_back;
    if (!done.padded.empty()) log_info(padded_line(done.padded));
    if (!done.label_images.empty())
      log_warning(*std::min_element(done.label_images.begin(), done.label_images.end()) +
                  (done.label_images.size() > 1 ? concat("; ", done.label_images.size() - 1, " other cases alike") : ""));
  }
  if (summary.fell_back > 0) {
    log_warning(concat(summary.fell_back, " cases have no label for the crop of recipe ", record.recipe.name,
                       " to go around; they are cropped as scans that predict gets"));
  }
  record.channels = prepared_channels(work, cache);
  report_split(options, record, choice, cache);
  summary.prepared = static_cast<int64_t>(work.todo.size());
  summary.kept = work.kept;
  write_dataset_record(options.dataset, record);
  for (const fs::path& file : folds.removed) fs::remove(file);
  for (size_t k = 0; k < folds.folds.size(); ++k)
    write_split(options.dataset / "folds" / concat("fold_", k, ".json"), folds.folds[k]);
  if (!summary.split_kept) write_split(options.dataset / "split.json", summary.split);
  return summary;
}

}  // namespace tss
