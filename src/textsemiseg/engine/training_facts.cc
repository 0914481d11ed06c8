#include "textsemiseg/engine/training_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

constexpr std::array<double, 3> kPercents = {5, 50, 95};
using Range = std::array<double, 2>;

void widen(std::optional<Range>& range, double value) {
  if (!range) range = Range{value, value};
  (*range)[0] = std::min((*range)[0], value);
  (*range)[1] = std::max((*range)[1], value);
}

Geometry seen_as(const Geometry& grid, bool reorients) { return reorients ? map_to_ras(grid).apply(grid) : grid; }

Vector3 extent_of(const Geometry& grid) {
  Vector3 out{};
  for (size_t a = 0; a < 3; ++a) out[a] = grid.spacing[a] * static_cast<double>(grid.size[a]);
  return out;
}

// Of at most 64 pieces of 512 neighbours, evenly: few pages of a mapped file.
std::array<double, 3> percentiles_of(const float* values, int64_t count) {
  constexpr int64_t kPieces = 64, kPiece = 512;
  const int64_t step = std::max(kPiece, count / kPieces);
  std::vector<double> sample;
  for (int64_t from = 0; from < count; from += step)
    sample.insert(sample.end(), values + from, values + std::min(from + kPiece, count));
  std::array<double, 3> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = percentile(sample, kPercents[i]);
  return out;
}

struct Ranges {
  std::array<std::optional<Range>, 3> spacing, extent;
  std::vector<std::array<std::optional<Range>, 3>> intensity;  // per channel
  size_t cases = 0;
};

void add_grid(Ranges& ranges, const Dataset& dataset, const std::string& id) {
  const SourceCase& source = dataset.source(id);
  try {
    if (source.images.empty() || !scan_exists(source.images.front())) return;
    const ScanPtr scan = Scan::open(source.images.front());
    if (!scan->has_geometry()) return;
    const Geometry grid = seen_as(scan->geometry(), dataset.recipe().reorients());
    const Vector3 extent = extent_of(grid);
    for (size_t a = 0; a < 3; ++a) {
      widen(ranges.spacing[a], grid.spacing[a]);
      widen(ranges.extent[a], extent[a]);
    }
  } catch (const Error&) {  // the training does without the scan itself
  }
}

void add_case(Ranges& ranges, const Dataset& dataset, const std::string& id) {
  const CachedCase one = dataset.load(id, LabelUse::kLeftAlone);
  ranges.intensity.resize(static_cast<size_t>(dataset.channels()));
  const int64_t voxels = one.geometry.voxels();
  for (int64_t c = 0; c < dataset.channels(); ++c) {
    const auto percentiles = percentiles_of(one.image.data<float>() + c * voxels, voxels);
    for (size_t i = 0; i < percentiles.size(); ++i) widen(ranges.intensity[static_cast<size_t>(c)][i], percentiles[i]);
  }
  add_grid(ranges, dataset, id);
  ++ranges.cases;
}

Json ends_of(const std::array<std::optional<Range>, 3>& ranges) {
  Json low = Json::array(), high = Json::array();
  for (const auto& range : ranges) {
    low.push_back((*range)[0]);
    high.push_back((*range)[1]);
  }
  return {low, high};
}

bool is_ranges(const Json& json, size_t outer, size_t inner) {
  return json.is_array() && json.size() == outer && std::all_of(json.begin(), json.end(), [&](const Json& one) {
           return one.is_array() && one.size() == inner &&
                  std::all_of(one.begin(), one.end(), [](const Json& value) { return value.is_number(); });
         });
}

const char* axis_name(size_t axis, bool reorients) {
  constexpr const char* kWorld[] = {"left to right", "back to front", "bottom to top"};
  constexpr const char* kArray[] = {"along the first axis", "along the second axis", "along the third axis"};
  return (reorients ? kWorld : kArray)[axis];
}

// "312", "41.5" and "0.78": three digits.
std::string shown(double value) {
  const double size = std::abs(value);
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

constexpr double kSlack = 1.5;

bool is_longest(const Vector3& steps, size_t axis) {
  bool longest = true;
  for (size_t a = 0; a < 3; ++a) longest = longest && (a == axis || steps[axis] > 1.2 * steps[a]);
  return longest;
}

void remark_lengths(std::vector<std::string>& out, const Json& facts, const char* key, const Vector3& found, bool reorients) {
  const bool spacing = std::string(key) == "spacing";
  if (!facts.contains(key) || !is_ranges(facts.at(key), 2, 3)) return;
  for (size_t a = 0; a < 3; ++a) {
    const double low = facts.at(key).at(0).at(a), high = facts.at(key).at(1).at(a);
    if (found[a] >= low / kSlack && found[a] <= high * kSlack) continue;
    // Slices lie along the axis with the longest steps, in the scan or in training.
    const bool slices = is_longest(found, a) || is_longest(facts.at(key).at(1).get<Vector3>(), a);
    const std::string range = shown(low) == shown(high) ? shown(low) : concat(shown(low), " to ", shown(high));
    const std::string size = concat(shown(found[a]), " mm");
    out.push_back(concat(
        spacing && slices ? concat("slices ", size, " apart") : concat(spacing ? "voxels" : "a field of view", " of ", size), " ",
        axis_name(a, reorients), "; in training ", range));
  }
}

void remark_intensities(std::vector<std::string>& out, const Json& facts, const torch::Tensor& prepared) {
  if (!facts.contains("intensity") || !facts.at("intensity").is_array()) return;
  const Json& channels = facts.at("intensity");
  if (static_cast<int64_t>(channels.size()) != prepared.size(0)) return;
  const torch::Tensor values = prepared.contiguous();
  const int64_t voxels = values.numel() / values.size(0);
  for (size_t c = 0; c < channels.size(); ++c) {
    const Json& known = channels[c];
    if (!is_ranges(known, 3, 2)) return;
    const auto found = percentiles_of(values.data_ptr<float>() + static_cast<int64_t>(c) * voxels, voxels);
    const double least = known.at(0).at(0), most = known.at(2).at(1);
    for (size_t i = 0; i < 3; ++i) {
      const double low = known.at(i).at(0), high = known.at(i).at(1);
      // How much the training cases differ among themselves, and a quarter of their whole range for few of them.
      const double slack = std::max((kSlack - 1) * (high - low), 0.25 * (most - least));
      if (found[i] >= low - slack && found[i] <= high + slack) continue;
      out.push_back(concat(
          "intensities ", channels.size() > 1 ? concat("of channel ", c, " ") : "",
          "as the network sees them: ", kPercents[i] == 50 ? "the median" : concat(kPercents[i], " % of the voxels"),
          kPercents[i] == 50 ? " is " : " lie below ", shown(found[i]), "; in training ", shown(low), " to ", shown(high)));
      break;
    }
  }
}

}  // namespace

Json training_facts(const Dataset& dataset) {
  constexpr size_t kMostCases = 64;
  std::vector<std::string> ids = dataset.cases(Role::kLabelled);
  const auto& unlabelled = dataset.cases(Role::kUnlabelled);
  ids.insert(ids.end(), unlabelled.begin(), unlabelled.end());
  Ranges ranges;
  const size_t count = std::min(ids.size(), kMostCases);
  for (size_t i = 0; i < count; ++i) add_case(ranges, dataset, ids[i * ids.size() / count]);
  Json out = {{"cases", ranges.cases}};
  if (ranges.spacing.front()) {
    out["spacing"] = ends_of(ranges.spacing);
    out["extent"] = ends_of(ranges.extent);
  }
  out["intensity"] = Json::array();
  for (const auto& channel : ranges.intensity) {
    Json one = Json::array();
    for (const auto& range : channel) one.push_back(*range);
    out["intensity"].push_back(one);
  }
  return out;
}

std::vector<std::string> unlike_training(const Json& facts, const Geometry& grid, bool has_geometry, bool reorients,
                                         const torch::Tensor& prepared) {
  std::vector<std::string> out;
  if (!facts.is_object()) return out;  // a run of an earlier version
  if (has_geometry) {
    const Geometry seen = seen_as(grid, reorients);
    remark_lengths(out, facts, "spacing", seen.spacing, reorients);
    remark_lengths(out, facts, "extent", extent_of(seen), reorients);
  }
  if (prepared.defined()) remark_intensities(out, facts, prepared);
  return out;
}

}  // namespace tss
