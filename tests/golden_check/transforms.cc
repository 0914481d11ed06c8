// transforms*: padding and start ranges of random crops, centre crops, quarter turns with a flip, through the sampler's own code.
#include <algorithm>

#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/sampling/patch.h"

namespace golden {
namespace {

tss::Size3 size_of(const Json& field) { return {field[0].get<int64_t>(), field[1].get<int64_t>(), field[2].get<int64_t>()}; }

void compare(Checker& check, const std::string& name, const tss::Size3& got, const Json& expected) {
  for (size_t a = 0; a < 3; ++a) check.exact(name, got[a], expected[a].get<int64_t>());
}

// Where the one voxel of value 1 comes to lie in the patch.
tss::Size3 marker_in_patch(const Json& item, const tss::PatchCrop& crop, const tss::Size3& start) {
  const tss::Size3 size = size_of(item.at("size")), patch = size_of(item.at("patch")), marker = size_of(item.at("marker_in"));
  std::vector<uint8_t> volume(static_cast<size_t>(size[0] * size[1] * size[2]), 0);
  volume[static_cast<size_t>((marker[0] * size[1] + marker[1]) * size[2] + marker[2])] = 1;
  std::vector<uint8_t> cut(static_cast<size_t>(patch[0] * patch[1] * patch[2]));
  tss::copy_patch(volume.data(), size, {}, crop, start, patch, cut.data());
  const auto found = std::find(cut.begin(), cut.end(), uint8_t{1}) - cut.begin();
  return {found / (patch[1] * patch[2]), found / patch[2] % patch[1], found % patch[2]};
}

void check_crop(const Json& item, Checker& check, int64_t margin) {
  const tss::Size3 patch = size_of(item.at("patch"));
  const tss::PatchCrop crop = tss::crop_of(size_of(item.at("size")), patch, {true, margin});
  compare(check, "pad_each_side", crop.pad_low, item.at("pad_each_side"));
  if (item.contains("padded_size")) compare(check, "padded_size", crop.padded, item.at("padded_size"));
  const Json& ranges = item.at("start_ranges_low_inclusive_high_exclusive");
  for (size_t a = 0; a < 3; ++a) {
    check.exact("start_ranges", 0, ranges[a][0].get<int64_t>());
    check.exact("start_ranges", crop.starts[a], ranges[a][1].get<int64_t>());
  }
  if (item.contains("starts_used")) {
    compare(check, "marker_out", marker_in_patch(item, crop, size_of(item.at("starts_used"))), item.at("marker_out"));
  }
  compare(check, "centre_crop_marker_out", marker_in_patch(item, crop, tss::centre_start(crop, patch)),
          item.at("centre_crop_marker_out"));
}

void check_turn(const Json& item, Checker& check) {
  const tss::Size3 size{3, 4, 2};
  std::vector<uint8_t> input(24);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint8_t>(i);
  tss::PlaneTransform transform;
  transform.turns = item.at("quarter_turns").get<int>();
  transform.mirror[item.at("flip_axis").get<size_t>()] = true;
  const tss::Size3 turned = transform.apply(size);
  compare(check, "rot_flip_shape", turned, item.at("shape"));
  std::vector<uint8_t> output(input.size());
  tss::copy_patch(input.data(), size, transform, tss::crop_of(turned, turned, {}), {0, 0, 0}, turned, output.data());
  for (size_t i = 0; i < output.size(); ++i) check.exact("rot_flip", output[i], item.at("flat")[i].get<int64_t>());
}

void check_file(const Json& file, Checker& check, int64_t margin) {
  for (const Json& item : file.at("cases")) {
    check.begin_case(item.at("id").get<std::string>());
    if (item.contains("quarter_turns"))
      check_turn(item, check);
    else
      check_crop(item, check, margin);
  }
}

}  // namespace

void check_transforms(const Json& file, Checker& check) { check_file(file, check, 3); }

void check_transforms_bcp_pancreas(const Json& file, Checker& check) { check_file(file, check, 1); }

}  // namespace golden
