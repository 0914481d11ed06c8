#include "textsemiseg/checks/case_findings.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/label_fit.h"
#include "textsemiseg/io/other_affine.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_content.h"
#include "textsemiseg/volume/lattice.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr double kMostValue = 1 << 24;  // of a label: from here on, float does not tell whole numbers apart
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
                std::vector<Finding>& findings, int64_t outside = 0) {
  const std::string difference = grid_difference(a, b);
  if (difference.empty()) return;
  Finding finding{Severity::kError, "grid_mismatch", {id}, "", ""};
  finding.message =
      concat(other, " does not lie on the grid of ", image, ": ", difference, " (tolerance ", kGridTolerance, " voxels)");
  if (outside > 0) finding.message += concat("; on the same lattice, but ", times(outside), " of the label outside the image");
  if (const std::string told = told_other_affine(*Scan::open(image), *Scan::open(other)); !told.empty()) {
    finding.code = "grid_other_affine";
    finding.message += told;
    finding.advice = concat(kUseFix, " on the affine that is used");
  } else if (differs_by_rounding(a, b)) {
    finding.code = "grid_rounding";
    finding.message += concat("; corners at most ", fixed(grid_distance(a, b), 3), " voxels apart, which is rounding");
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

// What prepare puts up with is told, not refused: other axes on the same grid, labels that have no place of their own, or that cover a part
// of the image. mask: the label's foreground, which is laid on the image.
void judge_label_grid(const std::string& id, const std::string& image, const Geometry& grid, const std::string& file,
                      LabelMap& mask, std::vector<Finding>& findings) {
  const Geometry own = mask.geometry;
  if (same_grid(grid, own)) return;
  const LaidLabels laid = lay_labels(mask, grid);
  if (!laid.difference.empty()) return judge_grid(id, image, grid, file, own, findings, laid.outside);
  if (laid.placed) {
    findings.push_back({Severity::kWarning,
                        "label_placed",
                        {id},
                        concat(file, " has no origin of its own (0, 0, 0); it is laid on ", image),
                        "look at one such case in prepare --explain: does the label lie where it should?"});
  } else if (laid.padded) {
    findings.push_back(
        {Severity::kNote,
         "label_padded",
         {id},
         concat(file, " has ", join(own.size, " x "), " voxels of the image's lattice, the image ", join(grid.size, " x ")),
         "nothing: prepare adds background around it"});
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
    if (!(std::abs(one.value) < kMostValue) || !nearly_whole(one.value))
      broken.push_back(one);
    else if (!is_whole(one.value))
      rounded.push_back(one);
  }
  if (!broken.empty()) {
    findings.push_back(
        {Severity::kError,
         "label_values",
         {facts.id},
         concat(file, " holds ", listed(broken), "; expected whole numbers"),
         "export the label as integers; values in between come from interpolating it: resample labels by nearest neighbour"});
  } else if (!rounded.empty()) {
    findings.push_back({Severity::kError,
                        "label_rounding",
                        {facts.id},
                        concat(file, " holds ", listed(rounded), ", whole numbers but for rounding"),
                        concat(kUseFix, " of whole numbers")});
  }
}

// Which class every value is; where nothing names the classes, none (check.cc numbers them). False when some value is no class.
bool count_classes(CaseFacts& facts, const LabelTable& table, const std::vector<std::string>& names, const std::string& file,
                   std::vector<Finding>& findings) {
  if (names.empty()) return true;
  std::vector<ValueCount> unknown;
  std::vector<std::string> unknown_names;
  facts.class_voxels.assign(names.size(), 0);
  const FileClasses classes = table.classes_of_file(facts.label_names, names);
  for (const ValueCount& one : facts.labels) {
    const auto value = static_cast<int32_t>(std::llround(one.value));
    if (const auto k = table.class_of(classes, 0, value)) {
      facts.class_voxels[static_cast<size_t>(*k)] += one.voxels;
      continue;
    }
    unknown.push_back(one);
    for (const LabelName& known : facts.label_names)
      if (known.value == value) unknown_names.push_back(known.name);
  }
  if (unknown.empty()) return true;
  const std::string which = unknown_names.empty() ? "" : " ('" + join(unknown_names, "', '") + "')";
  const std::string key = unknown_names.empty() ? concat(unknown.front().value) : unknown_names.front();
  findings.push_back({Severity::kError,
                      "label_unknown",
                      {facts.id},
                      concat(file, " holds ", listed(unknown), which, ", which is no class; all of it: ", listed(facts.labels),
                             "; classes are ", join(names, ", ")),
                      "say what it is: \"label_map\": {\"" + key + "\": \"" + names.back() +
                          "\"} in dataset.json or prepare --label-map; \"background\" drops it"});
  return false;
}

// Layers of segments as one label, with a value for each segment; where the classes are known prepare finds out whether they overlap.
Image flattened(const SourceCase& item, const Scan& scan, const LabelTable& table, const std::vector<std::string>& names,
                CaseFacts& facts) {
  const StoredLabel label = scan.read_stored_label();
  if (!names.empty()) table.apply(label, item.label.string(), names);
  Image out(label.geometry());
  for (size_t s = 0; s < label.names.size(); ++s) {
    const LabelName& one = label.names[s];
    const auto& voxels = label.layers.at(one.layer).voxels;
    facts.label_names.push_back({one.name, static_cast<int32_t>(s) + 1, 0});
    for (size_t i = 0; i < voxels.size(); ++i)
      if (voxels[i] == one.value) out.voxels[i] = static_cast<float>(s + 1);
  }
  return out;
}

Image read_label_of(const SourceCase& item, const LabelTable& table, const std::vector<std::string>& names, CaseFacts& facts) {
  const ScanPtr scan = Scan::open(item.label);
  const auto in_file = scan->label_names();
  if (!in_file.empty() && scan->channel_count() > 1) return flattened(item, *scan, table, names, facts);
  facts.label_names = in_file;
  return read_raw_label(item);
}

LabelMap foreground_of(const Image& label) {
  LabelMap mask(label.geometry);
  std::transform(label.voxels.begin(), label.voxels.end(), mask.voxels.begin(),
                 [](float value) { return std::abs(value) > 0.5f; });
  return mask;
}

// image: channel 0.
void inspect_label(const SourceCase& item, const Image& image, const LabelTable& table, const std::vector<std::string>& names,
                   CaseFacts& facts, std::vector<Finding>& findings) {
  const std::string file = item.label.string();
  Image label;
  try {
    label = read_label_of(item, table, names, facts);
  } catch (const InputError& error) {
    findings.push_back({Severity::kError, "unreadable", {item.id}, error.what(), "replace the file, or leave the case out"});
    return;
  }
  // As prepare lays it on the image; where even that fails, voxel by voxel, since a header may have been lost.
  LabelMap mask = foreground_of(label);
  judge_label_grid(item.id, item.images.front().string(), image.geometry, file, mask, findings);
  facts.labels = count_values(label.voxels);
  const size_t before = findings.size();
  judge_label_values(facts, file, findings);
  if (findings.size() > before && findings.back().code == "label_values") return;
  facts.has_label = count_classes(facts, table, names, file, findings);
  if (!facts.has_label) return;
  const auto present = [](int64_t voxels) { return voxels > 0; };
  const bool empty = names.empty() ? std::all_of(mask.voxels.begin(), mask.voxels.end(), [](uint8_t value) { return value == 0; })
                                   : std::none_of(facts.class_voxels.begin() + 1, facts.class_voxels.end(), present);
  if (!empty && mask.size() == image.size()) facts.fit = label_fit(image, mask.voxels);
  if (empty) {
    findings.push_back({Severity::kWarning,
                        "label_empty",
                        {item.id},
                        file + " holds background only",
                        "if nothing is there to see, fine; if nobody has looked, remove the file: the case is then unlabelled"});
  }
}

}  // namespace

bool differs_by_rounding(const Geometry& a, const Geometry& b) { return same_grid(a, b, 2 * kGridTolerance); }

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
        const std::string values = label_values_of(image);
        files.push_back(channels.size() == 1 ? file.string() : concat(file.string(), " channel ", &image - channels.data()));
        if (!values.empty())
          findings.push_back(
              {Severity::kError,
               "label_as_image",
               {item.id},
               concat(files.back(), " holds only ", values, ", in areas, as a label map does, and would be an image"),
               "--label-file PATTERN where it is a label; else take it out of the folder"});
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
