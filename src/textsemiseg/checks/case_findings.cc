#include "textsemiseg/checks/case_findings.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/label_fit.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/volume/align.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kUseFix[] = "check --fix FOLDER writes a corrected copy";

std::string times(int64_t voxels) { return concat(voxels, voxels == 1 ? " voxel" : " voxels"); }

// "0 (52000), 1 (340), 255 (1200)", at most ten.
std::string listed(const std::vector<ValueCount>& values) {
  std::vector<std::string> parts;
  for (const ValueCount& one : values) parts.push_back(concat(one.value, " (", times(one.voxels), ")"));
  return few_of(parts, 10);
}

bool is_whole(double value) { return value == std::floor(value); }

// Within the rounding that float labels pick up on their way through other programs.
bool nearly_whole(double value) { return std::abs(value - std::round(value)) <= 1e-3; }

std::string axes_of(const Geometry& geometry) {
  const AxisMap map = map_to_ras(geometry);
  std::string out(3, ' ');
  for (size_t axis = 0; axis < 3; ++axis) out[map.source[axis]] = (map.flipped[axis] ? "LPI" : "RAS")[axis];
  return out;
}

void judge_grid(const std::string& id, const std::string& image, const Geometry& a, const std::string& other, const Geometry& b,
                std::vector<Finding>& findings) {
  constexpr double kTolerance = 1e-3;  // that of prepare
  const std::string difference = grid_difference(a, b, kTolerance);
  if (difference.empty()) return;
  Finding finding{Severity::kError, "grid_mismatch", {id}, "", ""};
  finding.message = concat(other, " does not lie on the grid of ", image, ": ", difference, " (tolerance ", kTolerance, " mm)");
  if (differs_by_rounding(a, b)) {
    finding.code = "grid_rounding";
    finding.message += concat("; corners at most ", fixed(grid_displacement(a, b), 4), " mm apart, which is rounding");
    finding.advice = concat(kUseFix, " with the header of the image");
  } else if (a.size != b.size) {
    finding.advice =
        "find the image this file was drawn on; nearest-neighbour resampling onto the image's grid if it is this one";
  } else if (axes_of(a) != axes_of(b)) {
    finding.message += concat("; the axes run ", axes_of(a), " against ", axes_of(b));
    finding.advice = "look at both in a viewer: either a header is wrong, or the label is mirrored";
  } else {
    finding.advice = "look at both in a viewer: if they match voxel by voxel, copy the image's header onto this file";
  }
  findings.push_back(std::move(finding));
}

// What prepare puts up with is told, not refused: other axes on the same grid, and labels that have no place of their own.
void judge_label_grid(const std::string& id, const std::string& image, const Geometry& grid, const std::string& file,
                      const Geometry& own, std::vector<Finding>& findings) {
  if (same_grid(grid, own)) return;
  bool placed = false;
  LabelMap probe(own);
  if (!align_labels(probe, grid, &placed).empty()) return judge_grid(id, image, grid, file, own, findings);
  if (placed) {
    findings.push_back({Severity::kWarning,
                        "label_placed",
                        {id},
                        concat(file, " has no origin of its own (0, 0, 0); it is laid on ", image),
                        "look at one such case in prepare --explain: does the label lie where it should?"});
  } else {
    findings.push_back(
        {Severity::kNote,
         "label_axes",
         {id},
         concat(file, " is stored with axes ", axes_of(own), ", the image with ", axes_of(grid), ", on the same grid"),
         "nothing: prepare turns it, without interpolation"});
  }
}

void judge_label_values(const CaseFacts& facts, const std::string& file, std::vector<Finding>& findings) {
  std::vector<ValueCount> broken, rounded;
  for (const ValueCount& one : facts.labels) {
    if (std::isnan(one.value) || one.value < -0.5 || one.value > 255.5 || !nearly_whole(one.value))
      broken.push_back(one);
    else if (!is_whole(one.value))
      rounded.push_back(one);
  }
  if (!broken.empty()) {
    findings.push_back(
        {Severity::kError,
         "label_values",
         {facts.id},
         concat(file, " holds ", listed(broken), "; expected whole numbers from 0 to 255"),
         "export the label as integers; values in between come from interpolating it: resample labels by nearest neighbour"});
  } else if (!rounded.empty()) {
    findings.push_back({Severity::kError,
                        "label_rounding",
                        {facts.id},
                        concat(file, " holds ", listed(rounded), ", whole numbers but for rounding"),
                        concat(kUseFix, " of whole numbers")});
  }
}

// Which class every value is. False when some value is none.
bool count_classes(CaseFacts& facts, const LabelTable& table, const std::vector<std::string>& names, const std::string& file,
                   std::vector<Finding>& findings) {
  std::vector<ValueCount> unknown;
  facts.class_voxels.assign(names.size(), 0);
  for (const ValueCount& one : facts.labels) {
    const auto value = static_cast<size_t>(std::clamp(std::llround(one.value), 0LL, 255LL));
    const int64_t k = names.empty() ? static_cast<int64_t>(value) : table.class_of[value];
    if (k < 0 || (!names.empty() && k >= static_cast<int64_t>(names.size()))) {
      unknown.push_back(one);
      continue;
    }
    if (k >= static_cast<int64_t>(facts.class_voxels.size())) facts.class_voxels.resize(static_cast<size_t>(k) + 1, 0);
    facts.class_voxels[static_cast<size_t>(k)] += one.voxels;
  }
  if (unknown.empty()) return true;
  findings.push_back({Severity::kError,
                      "label_unknown",
                      {facts.id},
                      concat(file, " holds ", listed(unknown), ", which is no class; all of it: ", listed(facts.labels),
                             "; classes are ", join(names, ", ")),
                      "say what the value is: \"label_map\": {\"255\": \"" + (names.size() > 1 ? names[1] : std::string("name")) +
                          "\"} in dataset.json or prepare --label-map; \"background\" drops it"});
  return false;
}

// image: channel 0.
void inspect_label(const SourceCase& item, const Image& image, const LabelTable& table, const std::vector<std::string>& names,
                   CaseFacts& facts, std::vector<Finding>& findings) {
  const std::string file = item.label.string();
  Image label;
  try {
    label = read_raw_label(item);
  } catch (const InputError& error) {
    findings.push_back({Severity::kError, "unreadable", {item.id}, error.what(), "replace the file, or leave the case out"});
    return;
  }
  judge_label_grid(item.id, item.images.front().string(), image.geometry, file, label.geometry, findings);
  facts.labels = count_values(label.voxels);
  const size_t before = findings.size();
  judge_label_values(facts, file, findings);
  if (findings.size() > before && findings.back().code == "label_values") return;
  facts.has_label = count_classes(facts, table, names, file, findings);
  if (!facts.has_label) return;
  const bool empty =
      std::none_of(facts.class_voxels.begin() + 1, facts.class_voxels.end(), [](int64_t voxels) { return voxels > 0; });
  if (!empty) {
    // As prepare lays it on the image; where even that fails, voxel by voxel, since a header may have been lost.
    LabelMap mask(label.geometry);
    std::transform(label.voxels.begin(), label.voxels.end(), mask.voxels.begin(), [](float value) { return value > 0.5f; });
    align_labels(mask, image.geometry);
    if (mask.size() == image.size()) facts.fit = label_fit(image, mask.voxels);
  }
  if (empty) {
    findings.push_back({Severity::kWarning,
                        "label_empty",
                        {item.id},
                        file + " holds background only",
                        "if nothing is there to see, fine; if nobody has looked, remove the file: the case is then unlabelled"});
  }
}

}  // namespace

double grid_displacement(const Geometry& a, const Geometry& b) {
  double most = 0;
  for (int corner = 0; corner < 8; ++corner) {
    Vector3 index{};
    for (size_t axis = 0; axis < 3; ++axis) index[axis] = (corner >> axis & 1) != 0 ? static_cast<double>(a.size[axis] - 1) : 0;
    const Vector3 p = a.world(index), q = b.world(index);
    most = std::max(most, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return most;
}

bool differs_by_rounding(const Geometry& a, const Geometry& b) {
  return a.size == b.size && grid_displacement(a, b) <= 0.1 * std::min({a.spacing[0], a.spacing[1], a.spacing[2]});
}

Image read_channel(const SourceCase& item, size_t channel) {
  if (item.images.size() > 1) return Scan::open(item.images.at(channel))->read();
  return std::move(Scan::open(item.images.front())->read_channels().at(channel));
}

Image read_raw_label(const SourceCase& item) {
  const ScanPtr scan = Scan::open(item.label);
  if (!scan->holds_label()) return scan->read();
  const LabelMap label = scan->read_label();
  Image out(label.geometry);
  std::copy(label.voxels.begin(), label.voxels.end(), out.voxels.begin());
  return out;
}

void judge_channels(const CaseFacts& facts, const std::vector<std::string>& names, std::vector<Finding>& findings) {
  for (size_t c = 0; c < facts.channels.size(); ++c) {
    const ChannelFacts& one = facts.channels[c];
    if (one.non_finite > 0) {
      findings.push_back({Severity::kError,
                          "non_finite",
                          {facts.id},
                          concat(names.at(c), " holds ", times(one.non_finite), " that ", one.non_finite == 1 ? "is" : "are",
                                 " NaN or infinite, the first at (", join(*one.first_non_finite, ", "), ")"),
                          concat(kUseFix, " where they are padding at the border; elsewhere the scan itself is damaged")});
    }
    if (one.constant()) {
      findings.push_back({Severity::kError,
                          "constant_image",
                          {facts.id},
                          concat(names.at(c), " is ", one.minimum, " everywhere"),
                          "export the scan again, or leave the case out"});
    }
    for (size_t d = 0; d < c; ++d) {
      if (one.content == 0 || one.content != facts.channels[d].content) continue;
      findings.push_back({Severity::kWarning,
                          "channel_repeated",
                          {facts.id},
                          concat(names.at(c), " holds the voxels of ", names.at(d)),
                          "one of the two channels was probably copied by mistake"});
      break;
    }
  }
}

CaseFacts inspect_case(const SourceCase& item, const LabelTable& table, const std::vector<std::string>& names,
                       std::vector<Finding>& findings) {
  CaseFacts facts;
  facts.id = item.id;
  facts.test = item.test;
  Image first;  // channel 0, as stored
  std::vector<std::string> files;
  std::string patient;
  try {
    for (const fs::path& file : item.images) {
      const ScanPtr scan = Scan::open(file);
      std::vector<Image> channels = scan->read_channels();
      if (files.empty()) patient = scan->patient_key();
      for (Image& image : channels) {
        if (!facts.channels.empty())
          judge_grid(item.id, item.images.front().string(), first.geometry, file.string(), image.geometry, findings);
        facts.channels.push_back(measure(image));
        files.push_back(channels.size() == 1 ? file.string() : concat(file.string(), " channel ", &image - channels.data()));
        // One channel is enough to know a scan by.
        const bool sketched = facts.sketch.content != 0;
        if (!sketched) facts.sketch = sketch_of(image);
        facts.channels.back().content = sketched ? hash_voxels(image) : facts.sketch.content;
        if (!sketched && facts.sketch.content != 0) facts.sketched_channel = facts.channels.size() - 1;
        if (facts.channels.size() == 1) first = std::move(image);
      }
    }
  } catch (const InputError& error) {
    findings.push_back({Severity::kError, "unreadable", {item.id}, error.what(), "replace the file, or leave the case out"});
    return facts;
  }
  facts.geometry = map_to_ras(first.geometry).apply(first.geometry);
  facts.patient = patient;
  facts.readable = true;
  judge_channels(facts, files, findings);
  if (!item.label.empty()) inspect_label(item, first, table, names, facts, findings);
  return facts;
}

}  // namespace tss
