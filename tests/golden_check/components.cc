#include "textsemiseg/metrics/components.h"

#include <algorithm>

#include "golden_check/masks.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/base/error.h"

namespace golden {
namespace {

double radius_squared(const Json& centre, const Json& radius, const tss::Size3& i) {
  double r2 = 0;
  for (size_t a = 0; a < 3; ++a) {
    const double d = (static_cast<double>(i[a]) - centre[a].get<double>()) / radius[a].get<double>();
    r2 += d * d;
  }
  return r2;
}

bool inside(const Json& p, const tss::Size3& i, int64_t flat) {
  const std::string kind = p.at("kind");
  if (kind == "ellipsoid") return radius_squared(p.at("c"), p.at("r"), i) < 1;
  if (kind == "shell") return radius_squared(p.at("c"), p.at("r"), i) < 1 && !(radius_squared(p.at("c"), p.at("inner"), i) < 1);
  if (kind == "hash") return u(p.at("seed"), static_cast<uint64_t>(flat)) > p.at("above").get<double>();
  if (kind == "box") {
    for (size_t a = 0; a < 3; ++a) {
      if (i[a] < p.at("lo")[a].get<int64_t>() || i[a] >= p.at("hi")[a].get<int64_t>()) return false;
    }
    return true;
  }
  throw tss::InputError("mask", "found '" + kind + "'", "ellipsoid, shell, box or hash");
}

}  // namespace

tss::Size3 size_of(const Json& dims) { return {dims[0], dims[1], dims[2]}; }

std::vector<uint8_t> mask_of(const tss::Size3& size, const Json& primitives) {
  std::vector<uint8_t> mask(static_cast<size_t>(size[0] * size[1] * size[2]), 0);
  for (const Json& p : primitives) {
    const std::string op = p.value("op", "or");
    size_t flat = 0;
    for (int64_t x = 0; x < size[0]; ++x)
      for (int64_t y = 0; y < size[1]; ++y)
        for (int64_t z = 0; z < size[2]; ++z, ++flat) {
          const bool in = inside(p, {x, y, z}, static_cast<int64_t>(flat));
          if (op == "or") mask[flat] |= in;
          if (op == "and") mask[flat] &= in;
          if (op == "minus") mask[flat] &= !in;
        }
  }
  return mask;
}

void check_largest_component(const Json& file, Checker& check) {
  for (const Json& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const tss::Size3 size = size_of(c.at("dims"));
    const std::vector<uint8_t> mask = mask_of(size, c.contains("prims") ? c.at("prims") : Json::array({c.at("mask")}));
    check.exact("voxels", std::count(mask.begin(), mask.end(), 1), c.at("voxels"));
    for (const Json& expected : c.at("results")) {
      const int connectivity = expected.at("connectivity");
      const tss::Components found = tss::label_components(mask.data(), size, connectivity);
      const int64_t largest = found.voxels.empty() ? 0 : *std::max_element(found.voxels.begin(), found.voxels.end());
      check.exact("components", static_cast<int64_t>(found.voxels.size()), expected.at("components"));
      check.exact("largest", largest, expected.at("largest"));
      std::vector<uint8_t> kept = mask;
      tss::keep_largest_component(kept.data(), size, connectivity);
      check.exact("kept voxels", std::count(kept.begin(), kept.end(), 1), expected.at("largest"));
      if (!expected.contains("first_flat_index")) continue;
      check.exact("components of that size", std::count(found.voxels.begin(), found.voxels.end(), largest),
                  expected.at("components_of_that_size"));
      int64_t first = -1, sum = 0;
      for (size_t i = 0; i < kept.size(); ++i) {
        if (!kept[i]) continue;
        if (first < 0) first = static_cast<int64_t>(i);
        sum += static_cast<int64_t>(i);
      }
      check.exact("first flat index", first, expected.at("first_flat_index"));
      check.exact("flat index sum", sum, expected.at("flat_index_sum"));
      int32_t highest = 0;
      bool raster_order = true;
      for (const int32_t label : found.labels) {
        raster_order = raster_order && label <= highest + 1;
        highest = std::max(highest, label);
      }
      check.equal("labels in raster order", raster_order == expected.at("labels_in_raster_order").get<bool>());
    }
  }
}

}  // namespace golden
