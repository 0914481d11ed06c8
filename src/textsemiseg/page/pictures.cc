#include "textsemiseg/page/pictures.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/page/page_assets.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/page/shown_case.h"

namespace tss {
namespace {

constexpr int64_t kStillHeights[] = {220, 160, 110};  // the first one that fits
constexpr size_t kRowsWithPicks = 4;                  // of more rows only the first and the best have their cases picked

// Base64 makes four letters of three bytes; grey values hardly compress.
constexpr double kBytesOfVoxel = 1.4;
constexpr int64_t kFewestVoxels = 40'000;     // coarser ones show little
constexpr int64_t kFewestOfSelected = 8'000;  // and below that nothing

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

}  // namespace

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

namespace {

// Keeps what goes into the page within the size asked for: still pictures have a quarter of it, volumes the rest.
class PageSize {
 public:
  PageSize(double megabytes, bool viewer) : most_(megabytes * 1e6), stills_((viewer ? 0.25 : 1.0) * most_) {}

  double volumes_left() const { return most_ - stills_ - volumes_used_; }
  // What still pictures left over goes to the other cases' volumes.
  void close_stills() { stills_ = stills_used_; }

  // Bytes in the page, not of the file: base64 makes four letters of three bytes.
  bool take_volume(const std::string& text, double most) {
    if (static_cast<double>(text.size()) > std::min(most, volumes_left())) return false;
    volumes_used_ += static_cast<double>(text.size());
    return true;
  }
  bool take_still(const RgbImage& picture, double most) {
    const double bytes = static_cast<double>(encode_png(picture).size()) * 4 / 3;
    if (bytes > std::min(most, stills_ - stills_used_)) return false;
    stills_used_ += bytes;
    return true;
  }
  double stills() const { return stills_; }

 private:
  double most_, stills_, volumes_used_ = 0, stills_used_ = 0;
};

struct FittingVolume {
  PageVolume volume;
  std::string text;
};

// Coarser until it fits. Nothing when it would show nothing any more.
std::optional<FittingVolume> fitting_volume(const ShownCase& one, double bytes, int64_t fewest_voxels) {
  PageVolumeOptions options;
  options.most_voxels = std::min(options.most_voxels, static_cast<int64_t>(bytes / kBytesOfVoxel));
  while (options.most_voxels >= fewest_voxels) {
    FittingVolume out{page_volume(one.image, one.reference, one.predictions, options), {}};
    out.text = to_json(out.volume).dump();
    const auto size = static_cast<double>(out.text.size());
    if (size <= bytes) return out;
    options.most_voxels = static_cast<int64_t>(0.95 * bytes / size * static_cast<double>(out.volume.image.voxels.size()));
  }
  return std::nullopt;
}

// The confusion of each row over the cases that all rows have which have any.
void pool(const std::vector<std::vector<std::optional<Confusion>>>& by_case, size_t rows, size_t classes, PagePictures& out) {
  std::vector<bool> takes_part(rows, false);
  for (const auto& one : by_case) {
    for (size_t r = 0; r < rows; ++r) takes_part[r] = takes_part[r] || one[r];
  }
  out.confusion.resize(rows);
  for (size_t r = 0; r < rows; ++r) {
    if (takes_part[r]) out.confusion[r] = no_confusion(classes);
  }
  for (const auto& one : by_case) {
    bool complete = false;
    for (size_t r = 0; r < rows; ++r) complete = complete || takes_part[r];
    for (size_t r = 0; r < rows; ++r) complete = complete && (one[r] || !takes_part[r]);
    if (!complete) continue;
    ++out.confused_cases;
    for (size_t r = 0; r < rows; ++r) {
      if (takes_part[r]) add(*out.confusion[r], *one[r]);
    }
  }
}

std::vector<std::optional<Confusion>> confusion_of(const ShownCase& one, size_t classes) {
  std::vector<std::optional<Confusion>> out(one.predictions.size());
  for (size_t r = 0; r < out.size(); ++r) {
    if (one.predictions[r].voxels.empty()) continue;
    out[r] = no_confusion(classes);
    add_case(*out[r], one.reference, one.predictions[r]);
  }
  return out;
}

std::string plural(size_t count, const char* one, const char* several) { return concat(count, " ", count == 1 ? one : several); }

}  // namespace

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
  const bool viewer = page_assets().interactive();
  PageSize size(options.megabytes, viewer);
  const size_t chosen = wanted.titles.size(), others = wanted.order.size() - chosen;
  const auto share = [](double bytes, size_t count) { return bytes / static_cast<double>(std::max<size_t>(1, count)); };
  // The selected cases may take 60 % of the room for volumes, or all when there are no others; the others share what is left.
  double of_volume = share((others > 0 ? 0.6 : 1.0) * size.volumes_left(), chosen);
  // Where there is no viewer every case that fits has still pictures.
  const double of_still = share(size.stills(), (viewer ? chosen : wanted.order.size()) * study.rows.size());
  std::vector<std::vector<std::optional<Confusion>>> confusion;
  MissingPredictions missing;
  size_t left_out = 0, coarse = 0, cropped = 0, without_still = 0;

  const auto add_stills = [&](const PageVolume& volume, size_t index, const std::string& titles) {
    for (size_t r = 0; r < volume.predictions.size(); ++r) {
      if (volume.predictions[r].voxels.empty()) continue;
      bool taken = false;
      for (size_t i = 0; i < std::size(kStillHeights) && !taken; ++i) {
        RgbImage picture = still_picture(volume, r, kStillHeights[i]);
        // The smallest may take of what others leave.
        taken = size.take_still(picture, i + 1 < std::size(kStillHeights) ? of_still : size.stills());
        if (taken) cases.stills.push_back({index, r, dice_text(cases, r, index) + titles, std::move(picture)});
      }
      without_still += !taken;
    }
  };
  const auto add_case_pictures = [&](size_t index) {
    const std::string& id = cases.ids[index];
    const bool selected = wanted.titles.contains(index);
    const ShownCase one = reader->read(id, selected);
    confusion.push_back(confusion_of(one, cases.class_names.size()));
    missing.add(id, one);
    const std::string titles = selected ? concat(" (", join(wanted.titles.at(index), ", "), ")") : "";
    if (!viewer) {
      add_stills(page_volume(one.image, one.reference, one.predictions), index, titles);
      return;
    }
    std::optional<FittingVolume> fitting = fitting_volume(one, of_volume, selected ? kFewestOfSelected : kFewestVoxels);
    if (fitting && size.take_volume(fitting->text, of_volume)) {
      coarse += fitting->volume.factor > 1;
      cropped += fitting->volume.cropped;
      cases.volumes[id] = std::move(fitting->text);
    } else {
      ++left_out;
    }
    if (selected) add_stills(fitting ? fitting->volume : page_volume(one.image, one.reference, one.predictions), index, titles);
  };

  Progress progress("pictures", static_cast<int64_t>(wanted.order.size()));
  for (size_t i = 0; i < wanted.order.size(); ++i) {
    const std::string& id = cases.ids[wanted.order[i]];
    if (i == chosen && viewer) {
      size.close_stills();
      of_volume = share(size.volumes_left(), others);
    }
    try {
      add_case_pictures(wanted.order[i]);
    } catch (const InputError& error) {
      log_warning(concat("case ", id, " is not shown: ", error.what()));
      cases.notes.push_back(concat("Case ", id, " is not shown: ", error.what(), "."));
    }
    progress.update(static_cast<int64_t>(i) + 1, id);
  }
  std::vector<std::string> names;
  for (const PageRow& row : cases.rows) names.push_back(row.name);
  for (const std::string& sentence : missing.sentences(names)) {
    log_warning(sentence);
    cases.notes.push_back(sentence);
  }
  if (left_out > 0)
    cases.notes.push_back(
        concat(left_out, " of ", cases.ids.size(),
               " cases have no volume in this page, which would become too large; report --cases ID or --megabytes N "
               "shows them."));
  if (without_still > 0)
    cases.notes.push_back(
        concat(plural(without_still, "still picture is", "still pictures are"), " left out for the size of the page."));
  if (cropped > 0)
    cases.notes.push_back(concat(plural(cropped, "scan is", "scans are"), " cut to the surroundings of their labels."));
  if (coarse > 0)
    cases.notes.push_back(
        concat(plural(coarse, "scan is", "scans are"), " shown coarser than they are; scores are of the full grid."));
  pool(confusion, study.rows.size(), cases.class_names.size(), out);
  return out;
}

}  // namespace tss
