#include "textsemiseg/page/cases.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/slice.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reduce.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

int64_t voxels_of(const Size3& size) { return size[0] * size[1] * size[2]; }

Box union_of(const Box& a, const Box& b) {
  Box out;
  for (size_t axis = 0; axis < 3; ++axis) {
    out.begin[axis] = std::min(a.begin[axis], b.begin[axis]);
    out.size[axis] = std::max(a.begin[axis] + a.size[axis], b.begin[axis] + b.size[axis]) - out.begin[axis];
  }
  return out;
}

// The surroundings of what any of the maps shows; the whole where none shows anything.
Box shown_box(const LabelMap& reference, const std::vector<LabelMap>& predictions, double margin_mm) {
  std::optional<Box> box = non_zero_box(reference);
  // A reference says where to look; predictions far off are cut away only where there is one.
  for (const LabelMap& prediction : predictions) {
    if (prediction.voxels.empty()) continue;
    const std::optional<Box> other = non_zero_box(prediction);
    if (other) box = box ? union_of(*box, *other) : *other;
  }
  if (!box) return {{0, 0, 0}, reference.size()};
  Size3 margin;
  for (size_t axis = 0; axis < 3; ++axis) margin[axis] = std::llround(margin_mm / reference.geometry.spacing[axis]);
  return grown_box(*box, margin, reference.size());
}

Volume<uint8_t> quantised(const Image& image, double low, double high) {
  Volume<uint8_t> out(image.geometry);
  const double scale = 255 / (high - low);
  for (size_t i = 0; i < image.voxels.size(); ++i) {
    const double value = (image.voxels[i] - low) * scale;
    out.voxels[i] = std::isfinite(value) ? static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))) : 0;
  }
  return out;
}

// Whole factors that bring a grid below a number of voxels; the axis with the finest voxels gives way first.
Size3 thinning(const Geometry& grid, int64_t most_voxels) {
  Size3 factor{1, 1, 1};
  while (voxels_of(reduced(grid, factor).size) > most_voxels) {
    size_t finest = 0;
    for (size_t axis = 1; axis < 3; ++axis) {
      if (grid.spacing[axis] * static_cast<double>(factor[axis]) < grid.spacing[finest] * static_cast<double>(factor[finest]))
        finest = axis;
    }
    ++factor[finest];
  }
  return factor;
}

void check_grid(const Geometry& image, const Geometry& labels, const std::string& what) {
  if (!same_grid(image, labels)) throw InputError(what, "lies on another grid than its scan: " + grid_difference(image, labels));
}

// x fastest, as WebGL textures and NIfTI have it; here z is.
std::string packed(const std::vector<uint8_t>& voxels, const Size3& size) {
  std::string out(voxels.size(), '\0');
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z)
        out[static_cast<size_t>((z * size[1] + y) * size[0] + x)] =
            static_cast<char>(voxels[static_cast<size_t>((x * size[1] + y) * size[2] + z)]);
  return base64(gzip(out));
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

PageVolume page_volume(const Image& image, const LabelMap& reference, const std::vector<LabelMap>& predictions,
                       const PageVolumeOptions& options) {
  check_grid(image.geometry, reference.geometry, "reference");
  for (const LabelMap& prediction : predictions) {
    if (!prediction.voxels.empty()) check_grid(image.geometry, prediction.geometry, "prediction");
  }
  const AxisMap map = map_to_ras(image.geometry);
  Image grey = map.apply(image);
  PageVolume out;
  out.reference = map.apply(reference);
  for (const LabelMap& prediction : predictions)
    out.predictions.push_back(prediction.voxels.empty() ? LabelMap() : map.apply(prediction));

  std::tie(out.low, out.high) = grey_window(grey, 0.005, 0.995);
  if (voxels_of(grey.size()) > options.most_voxels) {
    const Box box = shown_box(out.reference, out.predictions, options.margin_mm);
    out.cropped = box.size != grey.size();
    grey = crop_or_pad(grey, box);
    const auto cut = [&](LabelMap& labels) {
      if (!labels.voxels.empty()) labels = crop_or_pad(labels, box);
    };
    cut(out.reference);
    std::for_each(out.predictions.begin(), out.predictions.end(), cut);
  }
  const Size3 factor = thinning(grey.geometry, options.most_voxels);
  out.factor = *std::max_element(factor.begin(), factor.end());
  if (out.factor > 1) {
    grey = reduce(grey, factor);
    const auto thin = [&](LabelMap& labels) {
      if (!labels.voxels.empty()) labels = reduce(labels, factor);
    };
    thin(out.reference);
    std::for_each(out.predictions.begin(), out.predictions.end(), thin);
  }
  out.image = quantised(grey, out.low, out.high);
  return out;
}

Json to_json(const PageVolume& volume) {
  const Geometry& g = volume.image.geometry;
  Json out;
  out["size"] = g.size;
  out["spacing"] = g.spacing;
  out["affine"] = Json::array();
  for (size_t row = 0; row < 3; ++row) {
    Json line = Json::array();
    for (size_t axis = 0; axis < 3; ++axis) line.push_back(g.direction[row][axis] * g.spacing[axis]);
    line.push_back(g.origin[row]);
    out["affine"].push_back(line);
  }
  out["window"] = {volume.low, volume.high};
  out["factor"] = volume.factor;
  out["cropped"] = volume.cropped;
  out["image"] = packed(volume.image.voxels, g.size);
  out["reference"] = packed(volume.reference.voxels, g.size);
  out["predictions"] = Json::array();
  for (const LabelMap& prediction : volume.predictions)
    out["predictions"].push_back(prediction.voxels.empty() ? Json() : Json(packed(prediction.voxels, g.size)));
  return out;
}

Json to_json(const PageCases& cases) {
  Json out;
  out["role"] = cases.role;
  out["classes"] = cases.class_names;
  out["colours"] = Json::array();
  for (size_t k = 0; k < cases.class_names.size(); ++k)
    out["colours"].push_back(css_colour(class_colour(static_cast<int64_t>(k))));
  out["columns"] = cases.columns;
  out["ids"] = cases.ids;
  out["rows"] = Json::array();
  for (const PageRow& row : cases.rows)
    out["rows"].push_back({{"name", row.name}, {"shown", row.shown}, {"colour", css_colour(series_colour(row.colour))}});
  out["metrics"] = Json::array();
  for (const PageMetric& metric : cases.metrics) {
    Json values = Json::array();
    for (const auto& column : metric.values) {
      Json of_column = Json::array();
      for (const auto& row : column) {
        Json of_row = Json::array();
        for (const auto& value : row) of_row.push_back(number_or_null(value));
        of_column.push_back(std::move(of_row));
      }
      values.push_back(std::move(of_column));
    }
    out["metrics"].push_back({{"name", metric.name},
                              {"title", metric.title},
                              {"unit", metric.unit},
                              {"scale", metric.scale},
                              {"digits", metric.digits},
                              {"larger_is_better", metric.larger_is_better},
                              {"values", std::move(values)}});
  }
  out["picks"] = Json::array();
  for (const PageCases::Pick& pick : cases.picks) out["picks"].push_back({{"title", pick.title}, {"index", pick.index}});
  out["volumes"] = Json::array();
  for (const auto& [id, text] : cases.volumes) out["volumes"].push_back(id);
  return out;
}

RgbImage still_picture(const PageVolume& volume, size_t row, int64_t height) {
  Image image(volume.image.geometry);
  std::copy(volume.image.voxels.begin(), volume.image.voxels.end(), image.voxels.begin());
  const LabelMap* prediction = volume.predictions.at(row).voxels.empty() ? nullptr : &volume.predictions[row];
  std::vector<RgbImage> planes;
  int64_t width = 0;
  for (const int axis : {2, 1, 0}) {
    SliceOptions options;
    options.axis = axis;
    options.low = 0;
    options.high = 255;
    options.index = busiest_slice(volume.reference, axis);
    options.height = height;
    planes.push_back(draw_slice(image, &volume.reference, prediction, options));
    width += planes.back().width;
  }
  constexpr int64_t kGap = 6;
  RgbImage out(width + 2 * kGap, height);
  int64_t at = 0;
  for (const RgbImage& plane : planes) {
    for (int64_t y = 0; y < plane.height; ++y)
      for (int64_t x = 0; x < plane.width; ++x) out.at(at + x, y) = plane.at(x, y);
    at += plane.width + kGap;
  }
  return out;
}

}  // namespace tss
