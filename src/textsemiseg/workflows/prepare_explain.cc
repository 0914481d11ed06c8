#include "textsemiseg/workflows/prepare_explain.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "textsemiseg/base/aligned_table.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/explain.h"
#include "textsemiseg/report/canvas.h"
#include "textsemiseg/report/slice.h"

namespace tss {
namespace {

constexpr int64_t kPanel = 300, kGap = 14, kPerRow = 4, kTitle = 66;

std::string number(double value) {
  const double size = std::abs(value);
  if (size < 5e-4) return "0";  // also what rounding leaves of a mean
  return value == std::floor(value) && size < 1e7 ? concat(static_cast<int64_t>(value))
                                                  : fixed(value, size < 10     ? 3
                                                                 : size < 1000 ? 2
                                                                               : 0);
}

std::string grid_of(const Geometry& geometry) { return join(geometry.size, " x "); }
std::string spacing_of(const Geometry& geometry) {
  std::vector<std::string> parts;
  for (const double mm : geometry.spacing) parts.push_back(number(std::round(mm * 1e4) / 1e4));
  return join(parts, " x ");
}

// The place in the world that every panel shows: the middle of the label, else of the scan.
Vector3 place_of(const CaseArrays& one) {
  const Geometry& geometry = one.geometry();
  Vector3 index;
  for (size_t a = 0; a < 3; ++a) index[a] = static_cast<double>(geometry.size[a] - 1) / 2;
  if (one.label) {
    const int64_t slice = busiest_slice(*one.label, 2);
    index[2] = static_cast<double>(slice);
  }
  return geometry.world(index);
}

// The axis whose slices are axial: also for arrays that are stored in another order.
int axial_axis(const Geometry& geometry) {
  int best = 2;
  for (int a = 0; a < 3; ++a) {
    if (std::abs(geometry.direction[2][static_cast<size_t>(a)]) > std::abs(geometry.direction[2][static_cast<size_t>(best)]))
      best = a;
  }
  return best;
}

RgbImage panel_of(const CaseArrays& one, const Vector3& place) {
  const Geometry& geometry = one.geometry();
  SliceOptions options;
  options.axis = axial_axis(geometry);
  const auto a = static_cast<size_t>(options.axis);
  options.index = std::clamp<int64_t>(std::llround(geometry.index(place)[a]), 0, geometry.size[a] - 1);
  options.pixels = kPanel;
  return draw_slice(one.channels.front(), nullptr, one.label ? &*one.label : nullptr, options);
}

struct Panel {
  RgbImage slice;
  std::string title, grid, values;
};

RgbImage montage(const std::vector<Panel>& panels) {
  const auto count = static_cast<int64_t>(panels.size());
  const int64_t columns = std::min(count, kPerRow), rows = (count + kPerRow - 1) / kPerRow;
  PixelCanvas out(columns * (kPanel + kGap) + kGap, rows * (kPanel + kTitle + kGap) + kGap, 1, kPictureGround);
  for (int64_t i = 0; i < count; ++i) {
    const Panel& panel = panels[static_cast<size_t>(i)];
    const int64_t left = kGap + i % kPerRow * (kPanel + kGap), top = kGap + i / kPerRow * (kPanel + kTitle + kGap);
    const auto line = [&](int64_t n, double size, Rgb colour, const std::string& text) {
      out.text(left, top + 18 + 19 * n, size, colour, Anchor::kStart, text);
    };
    line(0, 16, kPictureText, panel.title);
    line(1, 12, kPictureFaint, panel.grid);
    line(2, 12, kPictureFaint, panel.values);
    const RgbImage& slice = panel.slice;
    out.picture(left + (kPanel - slice.width) / 2, top + kTitle, slice.width, slice.height, slice);
  }
  return out.image();
}

Json to_json(const ExplainedStep& step, const std::vector<std::string>& class_names) {
  Json out = {{"step", step.step},
              {"what", step.description},
              {"size", step.geometry.size},
              {"spacing", step.geometry.spacing},
              {"origin", step.geometry.origin},
              {"channels", Json::array()}};
  for (const ChannelFacts& c : step.channels) {
    out["channels"].push_back({{"minimum", c.minimum},
                               {"percentile_0_5", c.low},
                               {"median", c.median},
                               {"percentile_99_5", c.high},
                               {"maximum", c.maximum},
                               {"mean", c.mean},
                               {"deviation", c.deviation}});
  }
  for (size_t k = 0; k < step.class_voxels.size(); ++k) out["voxels"][class_names[k]] = step.class_voxels[k];
  if (step.fell_back) out["fell_back"] = true;
  return out;
}

void print_table(const std::vector<ExplainedStep>& steps, const DatasetRecord& record) {
  std::vector<std::vector<std::string>> rows{
      {"step", "voxels", "mm", "channel", "min", "0.5%", "median", "99.5%", "max", "mean", "sd"}};
  for (size_t k = 1; !steps.front().class_voxels.empty() && k < record.class_names.size(); ++k)
    rows.front().push_back(record.class_names[k]);
  for (const ExplainedStep& step : steps) {
    for (size_t c = 0; c < step.channels.size(); ++c) {
      const ChannelFacts& f = step.channels[c];
      const std::string channel = c < record.channel_names.size() ? record.channel_names[c] : concat(c);
      rows.push_back({c == 0 ? step.step : "", c == 0 ? grid_of(step.geometry) : "", c == 0 ? spacing_of(step.geometry) : "",
                      channel, number(f.minimum), number(f.low), number(f.median), number(f.high), number(f.maximum),
                      number(f.mean), number(f.deviation)});
      for (size_t k = 1; c == 0 && k < step.class_voxels.size(); ++k) rows.back().push_back(concat(step.class_voxels[k]));
    }
  }
  std::cout << aligned(rows) << "\n";
  for (const ExplainedStep& step : steps) {
    if (step.description.empty()) continue;
    std::cout << step.step << ": " << step.description << (step.fell_back ? " (no label here: fell back)" : "") << "\n";
  }
}

}  // namespace

void explain_preparation(const DatasetRecord& record, const std::string& id, const std::filesystem::path& picture, bool json) {
  std::vector<Panel> panels;
  Vector3 place{};
  const auto steps = explain_case(record, id, [&](const ExplainedStep& step, const CaseArrays& one) {
    if (panels.empty()) place = place_of(one);
    const ChannelFacts& f = step.channels.front();
    panels.push_back(
        {panel_of(one, place), concat(panels.size(), " ", step.step),
         grid_of(step.geometry) + " voxels, " + spacing_of(step.geometry) + " mm",
         concat(number(f.minimum), " to ", number(f.maximum), ", mean ", number(f.mean), ", sd ", number(f.deviation))});
  });
  write_png(picture, montage(panels));
  if (json) {
    Json out = {{"case", id}, {"recipe", record.recipe.name}, {"picture", picture.string()}, {"steps", Json::array()}};
    for (const ExplainedStep& step : steps) out["steps"].push_back(to_json(step, record.class_names));
    std::cout << out.dump(2) << "\n";
  } else {
    print_table(steps, record);
  }
  log_info(concat(picture.string(), ": an axial slice through the same place after each step",
                  record.channel_names.size() > 1 ? ", channel 0" : ""));
}

}  // namespace tss
