// Steps that change the grid.
#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/metrics/components.h"
#include "textsemiseg/recipe/steps.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reduce.h"
#include "textsemiseg/volume/reorient.h"
#include "textsemiseg/volume/resample.h"

namespace tss {
namespace {

std::string listed(const auto& values) { return "[" + join(values, ", ") + "]"; }

void check_choice(const std::string& subject, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  throw InputError(subject, "'" + value + "'" + did_you_mean(value, known), join(known, ", "));
}

void check_three(const std::string& subject, const std::vector<int64_t>& values, int64_t least) {
  if (values.size() == 3 && std::all_of(values.begin(), values.end(), [&](int64_t v) { return v >= least; })) return;
  throw InputError(subject, listed(values), concat("three whole numbers of at least ", least));
}

Size3 three(const std::vector<int64_t>& values) { return {values[0], values[1], values[2]}; }

// Every array of the case through the same function.
template <class Change>
void change_all(CaseArrays& one, const Change& change) {
  for (Image& channel : one.channels) channel = change(channel);
  if (one.label) one.label = change(*one.label);
}

Geometry resampled_grid(const Resample& step, const Geometry& from) {
  const Vector3 spacing{step.spacing[0], step.spacing[1], step.spacing[2]};
  Geometry out = with_spacing(from, spacing);
  if (step.size == "floor") {
    Vector3 first{};
    for (size_t axis = 0; axis < 3; ++axis) {
      const double old_size = static_cast<double>(from.size[axis]);
      out.size[axis] = std::max<int64_t>(1, static_cast<int64_t>(std::floor(old_size * from.spacing[axis] / spacing[axis])));
      first[axis] = (old_size - 1) / 2 - static_cast<double>(out.size[axis] - 1) / 2 * spacing[axis] / from.spacing[axis];
    }
    out.origin = from.world(first);
  }
  if (step.align == "origin") out.origin = from.origin;
  return out;
}

Interpolation interpolation_of(const std::string& name) {
  return name == "bspline" ? Interpolation::kBSpline : name == "nearest" ? Interpolation::kNearest : Interpolation::kLinear;
}

std::optional<Box> body_box(const Image& image, double threshold) {
  Volume<uint8_t> mask(image.geometry);
  const float above = static_cast<float>(threshold);
  std::transform(image.voxels.begin(), image.voxels.end(), mask.voxels.begin(), [&](float v) { return v > above ? 1 : 0; });
  keep_largest_component(mask.voxels.data(), mask.size(), 6);
  return non_zero_box(mask);
}

std::optional<Box> nonzero_box(const CaseArrays& one) {
  std::optional<Box> all;
  for (const Image& channel : one.channels) {
    const auto box = non_zero_box(channel);
    if (!box) continue;
    if (!all) all = box;
    for (size_t a = 0; a < 3; ++a) {
      const int64_t stop = std::max(all->begin[a] + all->size[a], box->begin[a] + box->size[a]);
      all->begin[a] = std::min(all->begin[a], box->begin[a]);
      all->size[a] = stop - all->begin[a];
    }
  }
  return all;
}

}  // namespace

void Reorient::check(const std::string&) const {}

void Reorient::apply(CaseArrays& one) const {
  change_all(one, [](const auto& volume) { return to_ras(volume); });
}

std::string Reorient::describe() const { return "axes nearest to RAS"; }

void Resample::check(const std::string& subject) const {
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  if (spacing.size() != 3 || !std::all_of(spacing.begin(), spacing.end(), positive))
    throw InputError(subject + ".spacing", listed(spacing), "three positive numbers (mm)");
  check_choice(subject + ".interpolation", interpolation, {"linear", "bspline", "nearest"});
  check_choice(subject + ".size", size, {"round", "floor"});
  check_choice(subject + ".align", align, {"centre", "origin"});
}

void Resample::apply(CaseArrays& one) const {
  const Geometry target = resampled_grid(*this, one.geometry());
  if (same_grid(target, one.geometry())) return;
  for (Image& channel : one.channels) channel = resample_to(channel, target, interpolation_of(interpolation));
  if (one.label) one.label = resample_to(*one.label, target);
}

std::string Resample::describe() const {
  return concat("to ", join(spacing, " x "), " mm, ", interpolation, size == "floor" ? ", sizes rounded down" : "",
                align == "origin" ? ", first voxel in place" : "");
}

void Reduce::check(const std::string& subject) const { check_three(subject + ".factor", factor, 1); }

void Reduce::apply(CaseArrays& one) const {
  change_all(one, [&](const auto& volume) { return reduce(volume, three(factor)); });
}

std::string Reduce::describe() const { return concat("means over blocks of ", join(factor, " x "), " voxels"); }

void Crop::check(const std::string& subject) const {
  check_choice(subject + ".around", around, {"body", "nonzero", "label"});
  check_choice(subject + ".without_label", without_label, {"body", "nonzero", "none"});
  if (!std::isfinite(threshold)) throw InputError(subject + ".threshold", concat(threshold), "an intensity");
  const bool known_axes = std::all_of(axes.begin(), axes.end(), [](int64_t a) { return a >= 0 && a <= 2; });
  if (axes.empty() || !known_axes) throw InputError(subject + ".axes", listed(axes), "array axes from 0 to 2, e.g. [0, 1]");
  check_three(subject + ".margin", margin, 0);
  check_three(subject + ".minimum", minimum, 0);
  if (!random_margin.empty() && !(random_margin.size() == 2 && random_margin[0] >= 0 && random_margin[0] < random_margin[1]))
    throw InputError(subject + ".random_margin", listed(random_margin), "[least, below] with least < below, or []");
  if (end < 0 || end > 2) throw InputError(subject + ".end", concat(end), "1, or 0 or 2 as some published scripts do");
}

void Crop::apply(CaseArrays& one) const {
  std::string what = around;
  std::optional<Box> box;
  if (what == "label") {
    if (one.label) box = non_zero_box(*one.label);
    if (!box) {
      what = without_label;
      one.crop_fell_back = true;
    }
  }
  // The margin and minimum of a label-centred crop say nothing about the body.
  const bool plain = what != around;
  if (what == "body") box = body_box(one.channels.front(), threshold);
  if (what == "nonzero") box = nonzero_box(one);
  if (!box) return;
  Random random(hash_bytes(concat(join(box->begin, ","), ":", join(box->size, ","))), Stream::kCrop);
  const auto extra = [&] {
    return random_margin.empty() || plain ? 0 : random_margin[0] + random.below(random_margin[1] - random_margin[0]);
  };
  const Size3 size = one.geometry().size;
  Box kept{{0, 0, 0}, size};
  for (const int64_t axis : axes) {
    const auto a = static_cast<size_t>(axis);
    const int64_t low = box->begin[a], stop = low + box->size[a] - 1 + (plain ? 1 : end);
    const int64_t grow = plain ? 0 : std::max<int64_t>(minimum[a] - (stop - low), 0) / 2;
    const int64_t around_it = plain ? 0 : grow + margin[a];
    kept.begin[a] = std::max<int64_t>(low - around_it - extra(), 0);
    // A box of one voxel keeps it, also where the last one is left out.
    kept.size[a] = std::max<int64_t>(std::min(stop + around_it + extra(), size[a]) - kept.begin[a], 1);
    one.cut_low[a] = one.cut_low[a] || kept.begin[a] > 0;
    one.cut_high[a] = one.cut_high[a] || kept.begin[a] + kept.size[a] < size[a];
  }
  change_all(one, [&](const auto& volume) { return crop_or_pad(volume, kept); });
  one.cropped = one.geometry();
}

std::string Crop::describe() const {
  std::vector<std::string> parts;
  if (around == "body") parts.push_back(concat("largest component above ", threshold));
  if (axes.size() < 3) parts.push_back("axes " + join(axes, ", "));
  if (margin != std::vector<int64_t>{0, 0, 0}) parts.push_back("margin " + listed(margin));
  if (!random_margin.empty()) parts.push_back("random margin " + listed(random_margin));
  if (minimum != std::vector<int64_t>{0, 0, 0}) parts.push_back("at least " + listed(minimum));
  if (end != 1) parts.push_back(end == 0 ? "last voxel left out" : "one voxel beyond the last");
  if (around == "label") parts.push_back("without a label: " + without_label);
  return "to the " + around + (parts.empty() ? "" : " (" + join(parts, "; ") + ")");
}

void Pad::check(const std::string& subject) const {
  check_three(subject + ".minimum", minimum, 0);
  check_choice(subject + ".side", side, {"both", "high"});
  if (!std::isfinite(value)) throw InputError(subject + ".value", concat(value), "an intensity");
}

void Pad::apply(CaseArrays& one) const {
  Box box = padded_box(one.geometry().size, three(minimum));
  if (side == "high") box.begin = {0, 0, 0};
  if (box == Box{{0, 0, 0}, one.geometry().size}) return;
  for (Image& channel : one.channels) channel = crop_or_pad(channel, box, static_cast<float>(value));
  if (one.label) one.label = crop_or_pad(*one.label, box);
}

std::string Pad::describe() const {
  return concat("to at least ", join(minimum, " x "), " voxels, ", side == "high" ? "behind the last one" : "on both sides",
                ", with ", value);
}

}  // namespace tss
