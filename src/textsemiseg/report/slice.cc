#include "textsemiseg/report/slice.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// The two array axes shown: across the picture and up the picture.
struct Plane {
  int axis, across, up;
  explicit Plane(int a) : axis(a), across(a == 0 ? 1 : 0), up(a == 2 ? 1 : 2) {}
};

// Maps pixels of the picture to voxels of the slice.
class View {
 public:
  View(const Geometry& geometry, const SliceOptions& options, int64_t index) : plane_(options.axis), index_(index) {
    columns_ = geometry.size[plane_.across];
    rows_ = geometry.size[plane_.up];
    const double wide = static_cast<double>(columns_) * geometry.spacing[plane_.across];
    const double high = static_cast<double>(rows_) * geometry.spacing[plane_.up];
    const double scale = options.height > 0 ? static_cast<double>(options.height) / high
                                            : static_cast<double>(options.pixels) / std::max(wide, high);
    width = std::max<int64_t>(1, std::llround(wide * scale));
    height = std::max<int64_t>(1, std::llround(high * scale));
  }

  template <class T>
  const T& voxel(const Volume<T>& volume, int64_t column, int64_t row) const {
    Size3 at{};
    at[plane_.axis] = index_;
    at[plane_.across] = std::clamp<int64_t>(column, 0, columns_ - 1);
    at[plane_.up] = std::clamp<int64_t>(row, 0, rows_ - 1);
    return volume(at[0], at[1], at[2]);
  }

  // Voxel coordinates of a pixel's centre. x grows to the patient's right, which is shown on the left.
  double column(int64_t pixel) const {
    const double at = (static_cast<double>(pixel) + 0.5) * static_cast<double>(columns_) / static_cast<double>(width) - 0.5;
    return plane_.across == 0 ? static_cast<double>(columns_ - 1) - at : at;
  }
  double row(int64_t pixel) const {
    const double at = (static_cast<double>(pixel) + 0.5) * static_cast<double>(rows_) / static_cast<double>(height) - 0.5;
    return static_cast<double>(rows_ - 1) - at;
  }

  double smooth(const Image& image, int64_t px, int64_t py) const {
    const double x = column(px), y = row(py);
    const auto x0 = static_cast<int64_t>(std::floor(x)), y0 = static_cast<int64_t>(std::floor(y));
    const double fx = x - static_cast<double>(x0), fy = y - static_cast<double>(y0);
    const double lower = (1 - fx) * voxel(image, x0, y0) + fx * voxel(image, x0 + 1, y0);
    const double upper = (1 - fx) * voxel(image, x0, y0 + 1) + fx * voxel(image, x0 + 1, y0 + 1);
    return (1 - fy) * lower + fy * upper;
  }

  uint8_t label(const LabelMap& labels, int64_t px, int64_t py) const {
    return voxel(labels, std::llround(column(px)), std::llround(row(py)));
  }

  int64_t width, height;

 private:
  Plane plane_;
  int64_t index_, columns_, rows_;
};

// Pixels of a class within `line` of another class or of the border of the picture; the pixel's class goes to draw.
template <class Draw>
void visit_outlines(const View& view, const LabelMap& labels, int64_t line, bool dashed, const Draw& draw) {
  for (int64_t y = 0; y < view.height; ++y) {
    for (int64_t x = 0; x < view.width; ++x) {
      const uint8_t here = view.label(labels, x, y);
      if (here == 0 || (dashed && (x + y) / (2 * line + 1) % 2 == 1)) continue;
      const auto differs = [&](int64_t nx, int64_t ny) {
        return nx < 0 || ny < 0 || nx >= view.width || ny >= view.height || view.label(labels, nx, ny) != here;
      };
      for (int64_t step = 1; step <= line; ++step) {
        if (differs(x - step, y) || differs(x + step, y) || differs(x, y - step) || differs(x, y + step)) {
          draw(x, y, here);
          break;
        }
      }
    }
  }
}

// Light dashes would vanish on bright tissue: the pixels just outside them are darkened.
void shade(RgbImage& picture, const View& view, const LabelMap& labels, int64_t line) {
  visit_outlines(view, labels, line, true, [&](int64_t x, int64_t y, uint8_t here) {
    for (const auto& [dx, dy] : {std::pair{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
      const int64_t nx = x + dx, ny = y + dy;
      if (nx < 0 || ny < 0 || nx >= view.width || ny >= view.height || view.label(labels, nx, ny) == here) continue;
      picture.at(nx, ny) = {30, 30, 30};
    }
  });
}

void check_size(const char* what, const LabelMap* labels, const Image& image) {
  if (labels && labels->size() != image.size()) {
    throw InputError(what, "a label map of " + labels->geometry.describe(), "the image's " + image.geometry.describe());
  }
}

}  // namespace

std::pair<double, double> grey_window(const Image& image, double low_share, double high_share) {
  std::vector<float> sample;
  const size_t step = std::max<size_t>(1, image.voxels.size() / 100000);
  for (size_t i = 0; i < image.voxels.size(); i += step) {
    if (std::isfinite(image.voxels[i])) sample.push_back(image.voxels[i]);
  }
  if (sample.empty()) return {0, 1};
  const auto percentile = [&](double share) {
    auto at = sample.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(sample.size() - 1));
    std::nth_element(sample.begin(), at, sample.end());
    return static_cast<double>(*at);
  };
  const double low = percentile(low_share), high = percentile(high_share);
  return {low, high > low ? high : low + 1};
}

int64_t busiest_slice(const LabelMap& labels, int axis) {
  const Plane plane(axis);
  const Size3& size = labels.size();
  int64_t best = size[axis] / 2;
  std::pair<size_t, int64_t> most{0, 0};
  Size3 at{};
  for (at[axis] = 0; at[axis] < size[axis]; ++at[axis]) {
    std::set<uint8_t> classes;
    int64_t voxels = 0;
    for (at[plane.across] = 0; at[plane.across] < size[plane.across]; ++at[plane.across]) {
      for (at[plane.up] = 0; at[plane.up] < size[plane.up]; ++at[plane.up]) {
        const uint8_t here = labels(at[0], at[1], at[2]);
        if (here == 0) continue;
        classes.insert(here);
        ++voxels;
      }
    }
    const std::pair<size_t, int64_t> found{classes.size(), voxels};
    if (found > most) {
      most = found;
      best = at[axis];
    }
  }
  return best;
}

RgbImage draw_slice(const Image& image, const LabelMap* reference, const LabelMap* prediction, const SliceOptions& options) {
  if (options.axis < 0 || options.axis > 2) throw InputError("slice axis", concat(options.axis), "0, 1 or 2");
  check_size("reference", reference, image);
  check_size("prediction", prediction, image);
  int64_t index = options.index;
  if (index < 0) {
    const LabelMap* shown = reference ? reference : prediction;
    index = shown ? busiest_slice(*shown, options.axis) : image.size()[options.axis] / 2;
  }
  if (index >= image.size()[options.axis]) {
    throw InputError("slice index", concat(index), concat("0 to ", image.size()[options.axis] - 1));
  }

  const View view(image.geometry, options, index);
  const auto [low, high] = options.low < options.high ? std::pair(options.low, options.high) : grey_window(image, 0.01, 0.99);
  RgbImage picture(view.width, view.height);
  for (int64_t y = 0; y < view.height; ++y) {
    for (int64_t x = 0; x < view.width; ++x) {
      const double value = (view.smooth(image, x, y) - low) / (high - low);
      const auto grey = static_cast<uint8_t>(std::lround(255 * std::clamp(std::isfinite(value) ? value : 0.0, 0.0, 1.0)));
      picture.at(x, y) = {grey, grey, grey};
    }
  }
  if (reference) shade(picture, view, *reference, options.line);
  if (prediction) {
    visit_outlines(view, *prediction, options.line, false,
                   [&](int64_t x, int64_t y, uint8_t k) { picture.at(x, y) = class_colour(k); });
  }
  if (reference) {
    visit_outlines(view, *reference, options.line, true,
                   [&](int64_t x, int64_t y, uint8_t k) { picture.at(x, y) = lighter(class_colour(k)); });
  }
  return picture;
}

}  // namespace tss
