#include "textsemiseg/checks/preparation_plan.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

constexpr double kAnisotropic = 3;    // nnU-Net's rule: beyond it the coarse axis takes a low percentile, not the median
constexpr double kSame = 0.02;        // spacings this close are one
constexpr double kCtMinimum = -200;   // Hounsfield units: no other modality goes below
constexpr double kManyZeros = 0.2;    // share of zeros from which an image is a head without its surroundings
constexpr size_t kSamples = 200'000;  // voxels looked at per scan
constexpr int64_t kMostPatch = 112 * 112 * 80;  // the largest patch of the papers on this task

double middle(std::vector<double> values) { return percentile(values, 50); }

std::vector<double> along(const std::vector<ScanFacts>& scans, size_t axis) {
  std::vector<double> out;
  for (const ScanFacts& scan : scans) out.push_back(scan.spacing[axis]);
  return out;
}

std::string mm(double value) {
  std::ostringstream out;
  out << std::round(value * 100) / 100;
  return out.str();
}

// Every n-th of the cases, so that the first and the last are among them.
std::vector<size_t> evenly(size_t count, size_t most) {
  std::vector<size_t> out;
  const size_t take = std::min(count, most);
  for (size_t i = 0; i < take; ++i) out.push_back(take == 1 ? 0 : i * (count - 1) / (take - 1));
  return out;
}

struct Samples {
  std::vector<double> all, foreground;
  std::array<std::vector<double>, 3> extent;
};

void look_at(const SourceCase& item, const DatasetRecord& record, bool may_see_label, PlanFacts& facts, Samples& samples) {
  SourceCase seen = item;
  if (!may_see_label) seen.label.clear();
  const CaseArrays one = read_case(seen, record.labels_of(seen), record.class_names);
  const std::vector<float>& voxels = one.channels.front().voxels;
  facts.channels = static_cast<int64_t>(one.channels.size());
  const size_t step = std::max<size_t>(1, voxels.size() / kSamples);
  int64_t zeros = 0, counted = 0;
  double least = voxels.front();
  for (size_t i = 0; i < voxels.size(); i += step) {
    const double v = voxels[i];
    samples.all.push_back(v);
    least = std::min(least, v);
    zeros += v == 0;
    ++counted;
  }
  facts.minimum = facts.read == 0 ? least : std::min(facts.minimum, least);
  if (least >= 0) facts.zeros += static_cast<double>(zeros) / static_cast<double>(counted);
  ++facts.read;
  if (!one.label) return;
  const auto box = non_zero_box(*one.label);
  if (!box) return;
  ++facts.labelled_read;
  const AxisMap map = map_to_ras(one.geometry());
  const Vector3 spacing = map.apply(one.geometry()).spacing;
  const Size3 size = map.apply(box->size);
  for (size_t a = 0; a < 3; ++a) samples.extent[a].push_back(static_cast<double>(size[a]) * spacing[a]);
  std::vector<size_t> inside;
  for (size_t i = 0; i < voxels.size(); ++i) {
    if (one.label->voxels[i] != 0) inside.push_back(i);
  }
  const size_t inner = std::max<size_t>(1, inside.size() / kSamples);
  for (size_t i = 0; i < inside.size(); i += inner) samples.foreground.push_back(voxels[inside[i]]);
}

// Outwards to a multiple of 5.
double rounded_out(double value, bool up) { return 5 * (up ? std::ceil(value / 5) : std::floor(value / 5)); }

std::string scans(int64_t count) { return concat(count, count == 1 ? " scan" : " scans"); }

// "0.7-0.9 x 0.7-0.9 x 1-2.5" of all scans.
std::string range_of_spacings(const PlanFacts& facts) {
  std::vector<std::string> parts;
  for (size_t a = 0; a < 3; ++a) {
    const auto values = along(facts.scans, a);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    parts.push_back(mm(*low) == mm(*high) ? mm(*low) : mm(*low) + "-" + mm(*high));
  }
  return join(parts, " x ");
}

bool one_spacing(const PlanFacts& facts) {
  for (size_t a = 0; a < 3; ++a) {
    const auto values = along(facts.scans, a);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*high - *low > kSame * *high) return false;
  }
  return true;
}

void plan_spacing(const PlanFacts& facts, PreparationPlan& plan) {
  if (const Resample* step = plan.recipe.find<Resample>()) {
    plan.reasons.push_back(concat("spacing: ", join(step->spacing, " x "), " mm, as recipe ", plan.recipe.name, " says (",
                                  range_of_spacings(facts), " mm in ", scans(std::ssize(facts.scans)), ")"));
    return;
  }
  if (facts.lacks_geometry) {
    const Reduce* reduce = plan.recipe.find<Reduce>();
    plan.reasons.push_back("spacing: kept; the files carry none (" +
                           (reduce ? "recipe " + plan.recipe.name + " reduces by " + join(reduce->factor, " x ")
                                   : "recipe.reduce=[2,2,2] halves the resolution of large volumes") +
                           ")");
    return;
  }
  if (one_spacing(facts)) {
    plan.reasons.push_back(concat("spacing: kept; ", range_of_spacings(facts), " mm in ", scans(std::ssize(facts.scans))));
    return;
  }
  Vector3 chosen{};
  for (size_t a = 0; a < 3; ++a) chosen[a] = middle(along(facts.scans, a));
  const auto coarse = static_cast<size_t>(std::max_element(chosen.begin(), chosen.end()) - chosen.begin());
  const double finest = *std::min_element(chosen.begin(), chosen.end());
  std::string how = "the median of each axis";
  if (chosen[coarse] > kAnisotropic * finest) {
    how += concat(", but the 10th percentile of axis ", coarse, ", whose median of ", mm(chosen[coarse]), " mm is more than ",
                  kAnisotropic, " times the finest");
    auto values = along(facts.scans, coarse);
    chosen[coarse] = std::max(percentile(values, 10), finest);
  }
  std::vector<double> spacing;
  for (const double value : chosen) spacing.push_back(std::round(value * 100) / 100);
  plan.recipe.at<Resample>().spacing = spacing;
  plan.overrides.push_back("recipe.spacing=[" + join(spacing, ",") + "]");
  plan.reasons.push_back(concat("spacing: ", join(spacing, " x "), " mm, ", how, " (", range_of_spacings(facts), " mm in ",
                                scans(std::ssize(facts.scans)), ")"));
}

void plan_window(const PlanFacts& facts, bool ct, PreparationPlan& plan) {
  std::string seen;
  std::vector<double> window;
  if (ct && facts.labelled_read > 0) {
    window = {rounded_out(facts.foreground_low, false), rounded_out(facts.foreground_high, true)};
    seen = concat("99 % of the voxels of any class in ", facts.labelled_read, " labelled ",
                  facts.labelled_read == 1 ? "scan" : "scans", " lie between ", mm(facts.foreground_low), " and ",
                  mm(facts.foreground_high));
  }
  if (const Window* step = plan.recipe.find<Window>()) {
    plan.reasons.push_back(concat("window: [", join(step->range, ", "), "], as recipe ", plan.recipe.name, " says",
                                  seen.empty() ? "" : "; " + seen));
  } else if (!window.empty()) {
    plan.recipe.at<Window>().range = window;
    plan.overrides.push_back("recipe.window=[" + join(window, ",") + "]");
    plan.reasons.push_back(
        concat("window: [", join(window, ", "), "]; values down to ", mm(facts.minimum), " are Hounsfield units, and ", seen));
  } else if (ct) {
    plan.reasons.push_back(concat("window: none proposed; values down to ", mm(facts.minimum),
                                  " are Hounsfield units, but no label says where the structures lie: [-125, 275] is usual for "
                                  "organs of the abdomen, [-500, 275] for tumours in the lung"));
  } else {
    plan.reasons.push_back(concat("window: none; values from ", mm(facts.minimum), " (0.5 to 99.5 %: ", mm(facts.low), " to ",
                                  mm(facts.high), ") are not Hounsfield units"));
  }
}

void plan_crop(const PlanFacts& facts, bool ct, PreparationPlan& plan) {
  if (plan.recipe.find<Crop>()) {
    plan.reasons.push_back("crop: as recipe " + plan.recipe.name + " says");
    return;
  }
  if (ct) {
    plan.recipe.at<Crop>().around = "body";
    plan.overrides.emplace_back("recipe.crop=body");
    plan.reasons.emplace_back(
        "crop: to the body (largest component above -500 HU), which needs no label and saves the air around it");
    return;
  }
  if (facts.zeros <= kManyZeros) return;
  plan.recipe.at<Crop>().around = "nonzero";
  plan.overrides.emplace_back("recipe.crop=nonzero");
  std::string also;
  if (const Normalise* step = plan.recipe.find<Normalise>(); step && step->method == "zscore") {
    plan.recipe.at<Normalise>().method = "zscore_nonzero";
    plan.overrides.emplace_back("recipe.normalise=zscore_nonzero");
    also = " and z-score";
  }
  plan.reasons.push_back(concat("crop", also, ": to what is not 0; ", fixed(100 * facts.zeros, 0),
                                " % of the voxels are exactly 0 and none is below, as around a head that was cut out"));
}

int64_t down(double value, int64_t multiple) {
  return std::max<int64_t>(multiple, static_cast<int64_t>(value) / multiple * multiple);
}

void plan_patch(const PlanFacts& facts, const PlanLimits& limits, PreparationPlan& plan) {
  const Resample* step_of_spacing = plan.recipe.find<Resample>();
  Vector3 spacing{};  // 0: as stored
  if (step_of_spacing != nullptr) std::copy_n(step_of_spacing->spacing.begin(), 3, spacing.begin());
  Vector3 factor{1, 1, 1};  // voxels before per voxel after
  if (const Reduce* reduce = plan.recipe.find<Reduce>()) std::copy_n(reduce->factor.begin(), 3, factor.begin());
  for (size_t a = 0; a < 3; ++a) {
    std::vector<double> sizes;
    for (const ScanFacts& scan : facts.scans)
      sizes.push_back(std::ceil(
          std::round(static_cast<double>(scan.size[a]) * (spacing[a] > 0 ? scan.spacing[a] / spacing[a] : 1)) / factor[a]));
    plan.size[a] = std::llround(middle(sizes));
  }
  const int64_t most = limits.most_patch_voxels > 0 ? std::min(kMostPatch, limits.most_patch_voxels) : kMostPatch;
  const int64_t step = limits.side_multiple;
  for (size_t a = 0; a < 3; ++a) plan.patch[a] = down(static_cast<double>(plan.size[a]) + static_cast<double>(step) / 2, step);
  // The longest side gives way; in millimetres where they are known, so that the patch is about as long each way.
  const auto length = [&](size_t a) {
    return static_cast<double>(plan.patch[a]) * factor[a] * (spacing[a] > 0 ? spacing[a] : facts.scans.front().spacing[a]);
  };
  while (plan.patch[0] * plan.patch[1] * plan.patch[2] > most) {
    size_t longest = 3;
    for (size_t a = 0; a < 3; ++a) {
      if (plan.patch[a] > std::max(step, limits.least_side) && (longest == 3 || length(a) > length(longest))) longest = a;
    }
    if (longest == 3) break;
    plan.patch[longest] -= step;
  }
  plan.reasons.push_back(concat("patch: ", join(plan.patch, " x "), " voxels; the median scan has ", join(plan.size, " x "),
                                ", sides are multiples of ", step, ", at most ", most, " voxels in all (",
                                most < kMostPatch ? limits.why_most : "the largest of the papers, 112 x 112 x 80", ")"));
  if (facts.labelled_read > 0) {
    std::vector<std::string> extent;
    for (size_t a = 0; a < 3; ++a) extent.push_back(mm(facts.foreground_extent[a]));
    const std::string unit = facts.lacks_geometry ? " voxels as stored" : " mm";
    plan.reasons.push_back(concat("the labelled structures together are ", join(extent, " x "), unit,
                                  " in the median case; a patch covers ", mm(length(0)), " x ", mm(length(1)), " x ",
                                  mm(length(2)), unit));
  }
}

}  // namespace

PlanFacts gather_plan_facts(const DatasetRecord& record, const std::vector<std::string>& labelled, int64_t most_read) {
  PlanFacts facts;
  for (const SourceCase& item : record.cases) {
    const ScanPtr scan = Scan::open(item.images.front());
    const Geometry stored = scan->geometry();
    const Geometry geometry = map_to_ras(stored).apply(stored);
    facts.scans.push_back({item.id, geometry.size, geometry.spacing});
    facts.lacks_geometry = facts.lacks_geometry || !scan->has_geometry();
  }
  // Half of what is read are labelled cases, where there are so many.
  std::vector<const SourceCase*> with_label, others;
  const std::set<std::string> may_see(labelled.begin(), labelled.end());
  for (const SourceCase& item : record.cases)
    (may_see.contains(item.id) && !item.label.empty() ? with_label : others).push_back(&item);
  const auto most = static_cast<size_t>(most_read);
  const size_t from_labelled = std::max(std::min(with_label.size(), most / 2), most - std::min(most, others.size()));
  std::vector<const SourceCase*> read;
  for (const size_t i : evenly(with_label.size(), from_labelled)) read.push_back(with_label[i]);
  for (const size_t i : evenly(others.size(), most - read.size())) read.push_back(others[i]);
  Samples samples;
  Progress progress("reading", static_cast<int64_t>(read.size()));
  for (size_t i = 0; i < read.size(); ++i) {
    look_at(*read[i], record, may_see.contains(read[i]->id), facts, samples);
    progress.update(static_cast<int64_t>(i) + 1, read[i]->id);
  }
  facts.zeros /= static_cast<double>(std::max<int64_t>(facts.read, 1));
  facts.low = percentile(samples.all, 0.5);
  facts.high = percentile(samples.all, 99.5);
  if (facts.labelled_read > 0) {
    facts.foreground_low = percentile(samples.foreground, 0.5);
    facts.foreground_high = percentile(samples.foreground, 99.5);
    for (size_t a = 0; a < 3; ++a) facts.foreground_extent[a] = middle(samples.extent[a]);
  }
  return facts;
}

PreparationPlan make_plan(const PlanFacts& facts, const PlanLimits& limits, const Recipe& given) {
  PreparationPlan plan;
  plan.recipe = given;
  const bool ct = facts.minimum < kCtMinimum;
  plan_spacing(facts, plan);
  plan_crop(facts, ct, plan);
  plan_window(facts, ct, plan);
  plan_patch(facts, limits, plan);
  return plan;
}

}  // namespace tss
