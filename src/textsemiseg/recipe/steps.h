// The steps a recipe is made of: each a small struct of parameters with a check and what it does to one case. Spatial steps move image
// and label together; the others change intensities, every channel by itself.
//
// In TOML a step is a table {step = "resample", spacing = [1.0, 1.0, 1.0]}; its keys are the fields below.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// One case on its way through a recipe.
struct CaseArrays {
  std::vector<Image> channels{};    // all on one grid
  std::optional<LabelMap> label{};  // on the same grid; absent where the case has none
  // Sides of the array axes at which a crop took voxels away: a prediction is background there.
  std::array<bool, 3> cut_low{}, cut_high{};
  // The grid that the last crop kept, on the axes that the arrays had then and still have (reorient comes first); steps after it may
  // have padded or resampled beyond it. Absent where no crop found anything to go around.
  std::optional<Geometry> cropped{};
  // Whether a crop wanted a label, found none and did something else.
  bool crop_fell_back = false;

  const Geometry& geometry() const { return channels.front().geometry; }
};

// To the array axes nearest to RAS: permuted and flipped, nothing is interpolated. Without this step the axes stay as stored.
struct Reorient {
  static constexpr char kStep[] = "reorient";
  template <class V>
  void visit(V&) {}
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Interpolated on a grid of another spacing; labels always take the nearest voxel.
struct Resample {
  static constexpr char kStep[] = "resample";
  std::vector<double> spacing{};         // mm, three values
  std::string interpolation = "linear";  // linear | bspline (cubic, clamped to the range of the image) | nearest
  std::string size = "round";    // voxels of an axis: size * old / new spacing, rounded to the nearest (round) or down (floor)
  std::string align = "centre";  // what stays in place: the centre of the field of view, or that of the first voxel (origin)
  template <class V>
  void visit(V& v) {
    v("spacing", spacing);
    v("interpolation", interpolation);
    v("size", size);
    v("align", align);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Means over blocks of voxels (labels: the most frequent class), for grids without a real spacing.
struct Reduce {
  static constexpr char kStep[] = "reduce";
  std::vector<int64_t> factor{};  // voxels, three values
  template <class V>
  void visit(V& v) {
    v("factor", factor);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Cut to the box around something, grown by a margin. Per axis, with low and high the first and last voxel of what it goes around:
//   stop  = high + end
//   grow  = max(minimum - (stop - low), 0) / 2, rounded down
//   range = [max(low - grow - margin, 0), min(stop + grow + margin, size))
struct Crop {
  static constexpr char kStep[] = "crop";
  std::string around = "body";  // body: largest component above `threshold` in channel 0 | nonzero: in any channel | label
  double threshold = -500;      // body only; HU of CT
  std::vector<int64_t> axes = {0, 1, 2};
  std::vector<int64_t> margin = {0, 0, 0};  // voxels on either side
  std::vector<int64_t> random_margin{};     // [least, below]: as many voxels more, drawn for each side from the box; []: none
  std::vector<int64_t> minimum = {0, 0, 0};
  int64_t end = 1;                     // 1: the last voxel is inside; 0 and 2: what published scripts do
  std::string without_label = "body";  // around = "label" of a case without one: body | nonzero | none
  template <class V>
  void visit(V& v) {
    v("around", around);
    v("threshold", threshold);
    v("axes", axes);
    v("margin", margin);
    v("random_margin", random_margin);
    v("minimum", minimum);
    v("end", end);
    v("without_label", without_label);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Up to a least size, with a constant around the image and background around the label.
struct Pad {
  static constexpr char kStep[] = "pad";
  std::vector<int64_t> minimum = {96, 96, 96};  // voxels
  std::string side = "both";                    // both: half on either side | high: all of it behind the last voxel
  double value = 0;
  template <class V>
  void visit(V& v) {
    v("minimum", minimum);
    v("side", side);
    v("value", value);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Intensities clipped to [low, high].
struct Window {
  static constexpr char kStep[] = "window";
  std::vector<double> range{};  // HU of CT
  bool scale = false;           // then low becomes 0 and high 1
  template <class V>
  void visit(V& v) {
    v("range", range);
    v("scale", scale);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// Clipped at the smallest intensity up to which a fraction of all voxels lie. Images of whole numbers: exactly; others: the centre of
// the first of 256 equal bins from minimum to maximum at which the cumulative fraction reaches it (as scikit-image counts).
struct ClipPercentile {
  static constexpr char kStep[] = "clip_percentile";
  double upper = 0.999;  // 1: no clip from above
  double lower = 0;      // 0: no clip from below
  template <class V>
  void visit(V& v) {
    v("upper", upper);
    v("lower", lower);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

// zscore: mean 0 and (population) standard deviation 1 over the volume; zscore_nonzero, zscore_positive: over the voxels that are not 0,
// or above 0, the others moved along; minmax: to [0, 1]. A constant image becomes 0.
struct Normalise {
  static constexpr char kStep[] = "normalise";
  std::string method = "zscore";
  template <class V>
  void visit(V& v) {
    v("method", method);
  }
  void check(const std::string& subject) const;
  void apply(CaseArrays& one) const;
  std::string describe() const;
};

using Step = std::variant<Reorient, Resample, Reduce, Crop, Pad, Window, ClipPercentile, Normalise>;

const char* step_kind(const Step& step);
const std::vector<std::string>& step_kinds();  // in the order in which a step that is added later takes its place
// Throws InputError for an unknown kind.
Step default_step(const std::string& kind, const std::string& subject);

// Value at which ClipPercentile clips.
float percentile_value(const Image& image, double fraction);

}  // namespace tss
