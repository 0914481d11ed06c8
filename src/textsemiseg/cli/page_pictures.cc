#include "textsemiseg/cli/page_pictures.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/prediction.h"
#include "textsemiseg/cli/run_page.h"
#include "textsemiseg/data/dataset.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/report/page_assets.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kStillHeight = 220;
constexpr size_t kRowsWithPicks = 4;  // of more rows only the first and the best have their cases picked

// Base64 makes four letters of three bytes; grey values hardly compress.
constexpr double kBytesOfVoxel = 1.4;
constexpr int64_t kFewestVoxels = 40'000;  // coarser ones show nothing

std::string dice_text(const PageCases& cases, size_t row, size_t index) {
  const auto& value = cases.metrics.front().values.back()[row][index];
  return value ? concat("Dice ", fixed(100 * *value, 1), " %") : "Dice undefined";
}

// Names of the picks of a case, and the cases in the order in which they get their place.
struct Wanted {
  std::vector<size_t> order;
  std::map<size_t, std::vector<std::string>> titles;  // of the selected ones
};

Wanted wanted_cases(const PageCases& cases, const std::vector<std::string>& asked_for) {
  Wanted out;
  std::set<size_t> taken;
  const auto take = [&](size_t index) {
    if (taken.insert(index).second) out.order.push_back(index);
  };
  const auto& dice = cases.metrics.front().values.back();
  std::vector<size_t> rows(dice.size());
  std::iota(rows.begin(), rows.end(), 0);
  if (rows.size() > kRowsWithPicks) {
    const auto mean = [&](size_t row) {
      double sum = 0;
      for (const auto& value : dice[row]) sum += value.value_or(0);
      return sum;
    };
    const size_t best = *std::max_element(rows.begin(), rows.end(), [&](size_t a, size_t b) { return mean(a) < mean(b); });
    rows = best == 0 ? std::vector<size_t>{0} : std::vector<size_t>{0, best};
  }
  for (const size_t row : rows) {
    for (const Pick& pick : picks_of(dice[row])) {
      out.titles[pick.index].push_back(concat(pick.what, rows.size() > 1 ? " of " + cases.rows[row].name : ""));
      take(pick.index);
    }
  }
  for (const std::string& id : asked_for) {
    const auto found = std::find(cases.ids.begin(), cases.ids.end(), id);
    if (found == cases.ids.end())
      throw InputError("--cases", "no scored case '" + id + "'" + did_you_mean(id, cases.ids), "ids of " + cases.role + " cases");
    const auto index = static_cast<size_t>(found - cases.ids.begin());
    out.titles[index].emplace_back("asked for");
    take(index);
  }
  for (size_t i = 0; i < cases.ids.size(); ++i) take(i);
  return out;
}

LabelMap empty_map() { return {}; }

}  // namespace

struct CaseReader::State {
  const Study& study;
  std::map<std::string, Dataset> datasets;  // by folder
  std::map<size_t, LoadedRun> runs;         // rows whose predictions are made again
  std::map<size_t, std::unique_ptr<Predictor>> predictors;
  std::string dataset;

  const Dataset& of(const RunResults& run) {
    const std::string folder = dataset.empty() ? plain(value_at(run.record, "dataset_folder")) : dataset;
    const std::string split = run.config.value("split", "");
    const auto found = datasets.find(folder + "\n" + split);
    if (found != datasets.end()) return found->second;
    return datasets.emplace(folder + "\n" + split, Dataset::open(folder, split)).first->second;
  }

  static bool prepared(const RunResults& run) { return plain(value_at(run.record, "protocol")) == "published"; }

  LabelMap predict(size_t row, const RunResults& run, const Dataset& data, const std::string& id) {
    if (!predictors.contains(row)) {
      log_info(concat(run.name, ": its predictions are gone, the cases shown are predicted again"));
      const LoadedRun& loaded = runs.emplace(row, load_run(run.folder)).first->second;
      predictors[row] = std::make_unique<Predictor>(loaded.record.recipe, loaded.method, predictor_options(loaded, {}));
    }
    if (prepared(run)) throw InputError(run.name, "has no predictions", "those of evaluate --run " + run.folder.string());
    return predictors[row]->predict(read_scan_images(data.source(id))).labels;
  }

  static std::vector<Image> read_scan_images(const SourceCase& source) {
    std::vector<Image> out;
    for (const fs::path& path : source.images) out.push_back(read_scan(path));
    return out;
  }
};

CaseReader::CaseReader(const Study& study, const std::string& dataset) : state_(new State{study, {}, {}, {}, dataset}) {
  state_->of(shown_run(study.rows.front()));
}
CaseReader::~CaseReader() = default;

ShownCase CaseReader::read(const std::string& id, bool predict) {
  ShownCase out;
  const RunResults& first = shown_run(state_->study.rows.front());
  const Dataset& data = state_->of(first);
  const SourceCase& source = data.source(id);
  if (State::prepared(first)) {
    const CachedCase cached = data.load(id);
    out.image = Image(cached.geometry);
    std::copy_n(cached.image.data<float>(), out.image.voxels.size(), out.image.voxels.data());
    out.reference = LabelMap(cached.geometry);
    std::copy_n(cached.label->data<uint8_t>(), out.reference.voxels.size(), out.reference.voxels.data());
  } else {
    out.image = read_scan(source.images.front());
    out.reference = data.read_label(id);
  }
  for (size_t r = 0; r < state_->study.rows.size(); ++r) {
    const StudyRow& row = state_->study.rows[r];
    out.predictions.push_back(empty_map());
    if (row.scored().empty()) continue;
    const RunResults& run = shown_run(row);
    const fs::path file = run.folder / "results" / state_->study.role / "predictions" / (id + ".nii.gz");
    if (fs::exists(file))
      out.predictions.back() = read_label_map(file);
    else if (predict)
      out.predictions.back() = state_->predict(r, run, data, id);
  }
  return out;
}

std::vector<Pick> picks_of(const std::vector<std::optional<double>>& dice) {
  std::vector<size_t> order;
  for (size_t i = 0; i < dice.size(); ++i) {
    if (dice[i]) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return *dice[a] < *dice[b]; });
  if (order.empty()) return {};
  std::vector<Pick> out{{"worst", order.front()}};
  if (order.size() > 2) out.push_back({"median", order[order.size() / 2]});
  if (order.size() > 1) out.push_back({"best", order.back()});
  return out;
}

PagePictures add_pictures(PageCases& cases, const Study& study, const RunPageOptions& options) {
  PagePictures out;
  const Wanted wanted = wanted_cases(cases, options.cases);
  std::unique_ptr<CaseReader> reader;
  try {
    reader = std::make_unique<CaseReader>(study, options.dataset);
  } catch (const InputError& error) {
    log_warning(concat("no pictures of the cases: ", error.what()));
    cases.notes.emplace_back("The data set was not at hand when this page was made: no volumes and no pictures.");
    return out;
  }
  const double budget = options.megabytes * 1e6;
  double bytes = 0;
  // The selected cases may take 60 % of the budget, or all when there are no others; the others share what is left.
  const auto share_of = [&](double of_budget, size_t count) {
    PageVolumeOptions shared;
    shared.most_voxels = std::min(
        shared.most_voxels, static_cast<int64_t>(of_budget / kBytesOfVoxel / static_cast<double>(std::max<size_t>(1, count))));
    return shared;
  };
  const size_t chosen = wanted.titles.size(), others = wanted.order.size() - chosen;
  PageVolumeOptions volume_options = share_of((others > 0 ? 0.6 : 0.9) * budget, chosen);
  std::vector<Confusion> confusion(study.rows.size(), no_confusion(cases.class_names.size()));
  size_t left_out = 0, coarse = 0, cropped = 0;
  Progress progress("pictures", static_cast<int64_t>(wanted.order.size()));
  for (size_t i = 0; i < wanted.order.size(); ++i) {
    const size_t index = wanted.order[i];
    const std::string& id = cases.ids[index];
    const bool selected = wanted.titles.contains(index);
    if (i == chosen) volume_options = share_of(std::max(0.95 * (budget - bytes), 1e5), others);
    ShownCase one;
    try {
      one = reader->read(id, selected);
    } catch (const InputError& error) {
      log_warning(concat("case ", id, " is not shown: ", error.what()));
      cases.notes.push_back("Case " + id + " could not be read when this page was made.");
      continue;
    }
    bool predicted = false;
    for (size_t r = 0; r < one.predictions.size(); ++r) {
      if (one.predictions[r].voxels.empty()) continue;
      add_case(confusion[r], one.reference, one.predictions[r]);
      predicted = true;
    }
    out.confused_cases += predicted;
    if (!selected && volume_options.most_voxels < kFewestVoxels) {
      ++left_out;
      continue;
    }
    const PageVolume volume = page_volume(one.image, one.reference, one.predictions, volume_options);
    const std::string text = to_json(volume).dump();
    if (!selected && bytes + static_cast<double>(text.size()) > budget) {
      ++left_out;
      continue;
    }
    coarse += volume.factor > 1;
    cropped += volume.cropped;
    if (page_assets().interactive()) bytes += static_cast<double>(text.size());
    // Where there is no viewer every case that fits has still pictures.
    const bool viewer = page_assets().interactive();
    if (viewer) cases.volumes[id] = text;
    const std::string titles = selected ? concat(" (", join(wanted.titles.at(index), ", "), ")") : "";
    if (selected || !viewer) {
      for (size_t r = 0; r < volume.predictions.size(); ++r) {
        if (volume.predictions[r].voxels.empty()) continue;
        PageCases::Still still{index, r, dice_text(cases, r, index) + titles, still_picture(volume, r, kStillHeight)};
        bytes += static_cast<double>(encode_png(still.picture).size()) * 4 / 3;
        cases.stills.push_back(std::move(still));
      }
    }
    progress.update(static_cast<int64_t>(i) + 1, id);
  }
  if (left_out > 0)
    cases.notes.push_back(concat(left_out, " of ", cases.ids.size(),
                                 " cases are not in this page, which would become too large; report --cases ID shows them."));
  if (cropped > 0) cases.notes.push_back(concat(cropped, " scans are cut to the surroundings of their labels."));
  if (coarse > 0) cases.notes.push_back(concat(coarse, " scans are shown coarser than they are; scores are of the full grid."));
  out.confusion = std::move(confusion);
  return out;
}

}  // namespace tss
