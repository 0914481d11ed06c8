#include "textsemiseg/report/figure.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/canvas.h"
#include "textsemiseg/report/contour.h"
#include "textsemiseg/report/slice.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

constexpr double kGap = 6, kTitle = 12, kSmall = 11, kOutline = 1.3, kPngPixels = 3;
constexpr Rgb kInk{20, 24, 32};

// A slice of labels as it is shown: row by row from the top, the patient's right on the left (slice.h).
struct Slice {
  std::vector<uint8_t> labels;
  int64_t columns = 0, rows = 0;
};

Slice shown_slice(const LabelMap& labels, int axis, int64_t index) {
  const int across = axis == 0 ? 1 : 0, up = axis == 2 ? 1 : 2;
  Slice out{{}, labels.size()[across], labels.size()[up]};
  for (int64_t row = 0; row < out.rows; ++row) {
    for (int64_t column = 0; column < out.columns; ++column) {
      Size3 at{};
      at[axis] = index;
      at[across] = across == 0 ? out.columns - 1 - column : column;
      at[up] = out.rows - 1 - row;
      out.labels.push_back(labels(at[0], at[1], at[2]));
    }
  }
  return out;
}

// The row's volumes in RAS order, cut to a square around the reference in the plane shown.
struct Prepared {
  Image image;
  LabelMap reference;
  std::vector<LabelMap> predictions;
  int64_t index = 0;
  std::pair<double, double> window;
};

Prepared prepare(const FigureRow& row, const Figure& figure) {
  const AxisMap map = map_to_ras(row.image.geometry);
  Prepared out{map.apply(row.image), map.apply(row.reference), {}, 0, {}};
  for (const LabelMap& prediction : row.predictions) {
    if (prediction.voxels.empty()) {
      out.predictions.emplace_back();
      continue;
    }
    if (prediction.size() != row.image.size())
      throw InputError(row.title, "its prediction has " + prediction.geometry.describe(),
                       "the scan's " + row.image.geometry.describe());
    out.predictions.push_back(map.apply(prediction));
  }
  out.window = grey_window(out.image, 0.005, 0.995);
  out.index = busiest_slice(out.reference, figure.axis);
  const Geometry& grid = out.reference.geometry;
  Box box = non_zero_box(out.reference).value_or(Box{{0, 0, 0}, grid.size});
  // A square with a margin; smaller rather than reaching beyond the scan, and shifted into it.
  double needed = 0, offered = 1e9;
  for (int axis = 0; axis < 3; ++axis) {
    if (axis == figure.axis) continue;
    needed = std::max(needed, static_cast<double>(box.size[axis]) * grid.spacing[axis]);
    offered = std::min(offered, static_cast<double>(grid.size[axis]) * grid.spacing[axis]);
  }
  const double side = std::max(std::min(needed + 2 * figure.margin_mm, offered), needed);
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t most = grid.size[axis];
    const int64_t wanted = axis == figure.axis ? most : std::llround(side / grid.spacing[axis]);
    const int64_t middle = box.begin[axis] + box.size[axis] / 2 - wanted / 2;
    box.begin[axis] = wanted <= most ? std::clamp<int64_t>(middle, 0, most - wanted) : (most - wanted) / 2;
    box.size[axis] = wanted;
  }
  out.image = crop_or_pad(out.image, box, static_cast<float>(out.window.first));
  out.reference = crop_or_pad(out.reference, box);
  for (LabelMap& prediction : out.predictions) {
    if (!prediction.voxels.empty()) prediction = crop_or_pad(prediction, box);
  }
  return out;
}

void draw_outlines(Canvas& canvas, const LabelMap& labels, const Figure& figure, int64_t index, double x, double y,
                   bool reference) {
  const Slice slice = shown_slice(labels, figure.axis, index);
  for (size_t k = 1; k < figure.class_names.size(); ++k) {
    const Rgb colour = class_colour(static_cast<int64_t>(k));
    for (Line2 line : contours(slice.labels, slice.columns, slice.rows, static_cast<uint8_t>(k))) {
      for (auto& [px, py] : line) {
        px = x + (px + 0.5) * figure.cell / static_cast<double>(slice.columns);
        py = y + (py + 0.5) * figure.cell / static_cast<double>(slice.rows);
      }
      canvas.line(line, reference ? lighter(lighter(colour)) : colour, kOutline, reference);
    }
  }
}

void draw_cell(Canvas& canvas, const Prepared& row, const Figure& figure, size_t column, double x, double y) {
  SliceOptions options;
  options.axis = figure.axis;
  options.index = row.index;
  std::tie(options.low, options.high) = row.window;
  options.pixels = std::llround(figure.cell * canvas.pixels_per_unit());
  canvas.picture(x, y, figure.cell, figure.cell, draw_slice(row.image, nullptr, nullptr, options));
  draw_outlines(canvas, row.predictions[column], figure, row.index, x, y, false);
  draw_outlines(canvas, row.reference, figure, row.index, x, y, true);
}

double legend(Canvas& canvas, const Figure& figure, double left, double y) {
  double x = left;
  for (size_t k = 1; k < figure.class_names.size(); ++k) {
    canvas.line({{x, y - 4}, {x + 16, y - 4}}, class_colour(static_cast<int64_t>(k)), 2, false);
    canvas.text(x + 21, y, kSmall, kInk, Anchor::kStart, figure.class_names[k]);
    x += 21 + canvas.width_of(figure.class_names[k], kSmall) + 16;
  }
  canvas.text(x, y, kSmall, kInk, Anchor::kStart, "solid: prediction, dashed and light: reference");
  return x + canvas.width_of("solid: prediction, dashed and light: reference", kSmall);
}

struct Layout {
  double left = 0, top = 0, width = 0, height = 0;
};

Layout layout_of(const Figure& figure) {
  Layout out;
  for (const FigureRow& row : figure.rows) out.left = std::max(out.left, Canvas::width_of(row.title, kSmall) + 2 * kGap);
  out.left = std::min(out.left, 150.0);
  out.top = kTitle + 2 * kGap;
  const auto columns = static_cast<double>(figure.columns.size()), rows = static_cast<double>(figure.rows.size());
  double key = out.left + Canvas::width_of("solid: prediction, dashed and light: reference", kSmall) + kGap;
  for (size_t k = 1; k < figure.class_names.size(); ++k) key += 37 + Canvas::width_of(figure.class_names[k], kSmall);
  out.width = std::max(out.left + columns * (figure.cell + kGap), key);
  out.height = out.top + rows * (figure.cell + kSmall + 2 * kGap) + kSmall + 3 * kGap;
  return out;
}

void draw(Canvas& canvas, const Figure& figure, const Layout& layout) {
  for (size_t c = 0; c < figure.columns.size(); ++c)
    canvas.text(layout.left + (static_cast<double>(c) + 0.5) * (figure.cell + kGap) - kGap / 2, layout.top - kGap, kTitle, kInk,
                Anchor::kMiddle, figure.columns[c]);
  double y = layout.top;
  for (const FigureRow& row : figure.rows) {
    const Prepared prepared = prepare(row, figure);
    canvas.text(layout.left - kGap, y + figure.cell / 2, kSmall, kInk, Anchor::kEnd, row.title);
    for (size_t c = 0; c < figure.columns.size(); ++c) {
      const double x = layout.left + static_cast<double>(c) * (figure.cell + kGap);
      if (!prepared.predictions[c].voxels.empty()) draw_cell(canvas, prepared, figure, c, x, y);
      canvas.text(x + figure.cell / 2, y + figure.cell + kSmall + 2, kSmall, kInk, Anchor::kMiddle, row.captions[c]);
    }
    y += figure.cell + kSmall + 2 * kGap;
  }
  legend(canvas, figure, layout.left, y + kSmall);
}

}  // namespace

void check_figure_path(const std::filesystem::path& path) {
  const std::string extension = to_lower_ascii(path.extension().string());
  if (extension != ".png" && extension != ".svg")
    throw InputError(path.string(), "has the extension '" + extension + "'", ".png or .svg");
}

void write_figure(const std::filesystem::path& path, const Figure& figure) {
  check_figure_path(path);
  const Layout layout = layout_of(figure);
  std::unique_ptr<Canvas> canvas;
  if (to_lower_ascii(path.extension().string()) == ".svg")
    canvas = svg_canvas(layout.width, layout.height);
  else
    canvas = std::make_unique<PixelCanvas>(layout.width, layout.height, kPngPixels);
  draw(*canvas, figure, layout);
  write_text_file(path, canvas->file());
}

}  // namespace tss
