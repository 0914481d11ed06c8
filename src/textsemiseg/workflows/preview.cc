#include "textsemiseg/workflows/preview.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/canvas.h"
#include "textsemiseg/report/slice.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

constexpr int64_t kMargin = 16, kLine = 26;
constexpr double kSize = 16;  // of the letters, pixels

int64_t wide(const std::string& text) { return static_cast<int64_t>(std::ceil(Canvas::width_of(text, kSize))); }

struct Cut {
  const char* name;
  int axis;
};
constexpr Cut kCuts[] = {{"axial", 2}, {"coronal", 1}, {"sagittal", 0}};

struct LegendItem {
  Rgb colour;
  std::string text;
  int64_t width() const { return 22 + wide(text) + 26; }
};

std::vector<LegendItem> legend_of(const LabelMap& labels, const std::vector<std::string>& class_names) {
  const std::vector<ClassVolume> volumes = class_volumes(labels, class_names.size());
  std::vector<LegendItem> out;
  for (size_t k = 1; k < class_names.size(); ++k) {
    const double ml = volumes[k].ml;
    const std::string volume = ml > 0 ? fixed(ml, ml < 10 ? 2 : 1) + " ml" : "not found";
    out.push_back({class_colour(static_cast<int64_t>(k)), concat(k, " ", class_names[k], ": ", volume)});
  }
  return out;
}

}  // namespace

std::vector<ClassVolume> class_volumes(const LabelMap& labels, size_t classes) {
  std::vector<ClassVolume> out(classes);
  for (const uint8_t label : labels.voxels) ++out.at(label).voxels;
  const Vector3& spacing = labels.geometry.spacing;
  for (ClassVolume& one : out) one.ml = static_cast<double>(one.voxels) * spacing[0] * spacing[1] * spacing[2] / 1000;
  return out;
}

RgbImage prediction_preview(const std::string& title, const Image& scan, const LabelMap& labels,
                            const std::vector<std::string>& class_names, const std::vector<double>& window) {
  const Image image = to_ras(scan);
  const LabelMap shown = to_ras(labels);
  std::vector<RgbImage> slices;
  std::vector<std::string> names;
  int64_t width = kMargin, height = 0;
  for (const Cut& panel : kCuts) {
    SliceOptions options;
    options.axis = panel.axis;
    options.index = busiest_slice(shown, panel.axis);
    options.pixels = 420;
    if (window.size() == 2) {
      options.low = window[0];
      options.high = window[1];
    }
    slices.push_back(draw_slice(image, nullptr, &shown, options));
    names.push_back(concat(panel.name, " ", options.index + 1, "/", shown.size()[static_cast<size_t>(panel.axis)]));
    width += std::max(slices.back().width, wide(names.back())) + kMargin;
    height = std::max(height, slices.back().height);
  }
  width = std::max(width, wide(title) + 2 * kMargin);

  // The legend breaks into as many lines as the width asks for.
  const std::vector<LegendItem> legend = legend_of(labels, class_names);
  for (const LegendItem& item : legend) width = std::max(width, item.width() + 2 * kMargin);
  int64_t lines = legend.empty() ? 0 : 1, used = kMargin;
  for (const LegendItem& item : legend) {
    if (used > kMargin && used + item.width() > width) ++lines, used = kMargin;
    used += item.width();
  }

  const int64_t top = kMargin + 2 * kLine;
  PixelCanvas picture(width, top + height + kMargin + lines * kLine + kMargin / 2, 1, kPictureGround);
  const auto write = [&](int64_t x, int64_t line_top, Rgb colour, const std::string& text) {
    picture.text(x, line_top + kSize, kSize, colour, Anchor::kStart, text);
  };
  write(kMargin, kMargin, kPictureText, title);
  int64_t left = kMargin;
  for (size_t i = 0; i < slices.size(); ++i) {
    write(left, kMargin + kLine, kPictureFaint, names[i]);
    picture.picture(left, top, slices[i].width, slices[i].height, slices[i]);
    left += std::max(slices[i].width, wide(names[i])) + kMargin;
  }
  int64_t x = kMargin, y = top + height + kMargin;
  for (const LegendItem& item : legend) {
    if (x > kMargin && x + item.width() > width) x = kMargin, y += kLine;
    picture.box(x, y + 4, 14, 14, item.colour);
    write(x + 22, y, kPictureText, item.text);
    x += item.width();
  }
  return picture.image();
}

}  // namespace tss
