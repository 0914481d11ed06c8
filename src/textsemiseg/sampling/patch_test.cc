#include "textsemiseg/sampling/patch.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tss::patch_test {

std::vector<float> counted(const Size3& size) {
  std::vector<float> out(static_cast<size_t>(size[0] * size[1] * size[2]));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i + 1);
  return out;
}

struct Array {
  Size3 size;
  std::vector<float> values;
  float at(int64_t x, int64_t y, int64_t z) const { return values[static_cast<size_t>((x * size[1] + y) * size[2] + z)]; }
};

template <class Value>
Array make(const Size3& size, const Value& value) {
  Array out{size, {}};
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (int64_t z = 0; z < size[2]; ++z) out.values.push_back(value(x, y, z));
    }
  }
  return out;
}

// One quarter turn of axis 0 towards axis 1: transpose, then reverse the first axis (the definition of numpy.rot90).
Array turn(const Array& in) {
  return make({in.size[1], in.size[0], in.size[2]},
              [&](int64_t x, int64_t y, int64_t z) { return in.at(y, in.size[1] - 1 - x, z); });
}

Array mirror(const Array& in, size_t axis) {
  return make(in.size, [&](int64_t x, int64_t y, int64_t z) {
    return in.at(axis == 0 ? in.size[0] - 1 - x : x, axis == 1 ? in.size[1] - 1 - y : y, z);
  });
}

Array pad_and_crop(const Array& in, const PatchCrop& crop, const Size3& start, const Size3& patch) {
  return make(patch, [&](int64_t x, int64_t y, int64_t z) {
    const Size3 at{x + start[0] - crop.pad_low[0], y + start[1] - crop.pad_low[1], z + start[2] - crop.pad_low[2]};
    for (size_t a = 0; a < 3; ++a) {
      if (at[a] < 0 || at[a] >= in.size[a]) return 0.0f;
    }
    return in.at(at[0], at[1], at[2]);
  });
}

std::vector<PlaneTransform> all_transforms() {
  std::vector<PlaneTransform> out;
  for (int turns = 0; turns < 4; ++turns) {
    for (const bool first : {false, true}) {
      for (const bool second : {false, true}) out.push_back({turns, {first, second}});
    }
  }
  return out;
}

TEST(Patch, EqualsTurnMirrorPadAndCropOfTheWholeArray) {
  // Longer, shorter and about as long as the patch, which is not square.
  for (const Size3 size : {Size3{9, 7, 11}, Size3{3, 12, 4}, Size3{5, 4, 6}, Size3{2, 2, 2}}) {
    const Size3 patch{5, 4, 6};
    const Array input{size, counted(size)};
    for (const PlaneTransform& transform : all_transforms()) {
      Array turned = input;
      for (int k = 0; k < transform.turns; ++k) turned = turn(turned);
      for (size_t a = 0; a < 2; ++a) {
        if (transform.mirror[a]) turned = mirror(turned, a);
      }
      ASSERT_EQ(turned.size, transform.apply(size));
      for (const bool published : {false, true}) {
        const PatchCrop crop = crop_of(turned.size, patch, {published, 3});
        for (const Size3 start : {Size3{0, 0, 0}, Size3{crop.starts[0] - 1, crop.starts[1] - 1, crop.starts[2] - 1}}) {
          std::vector<float> got(static_cast<size_t>(patch[0] * patch[1] * patch[2]), -1.0f);
          copy_patch(input.values.data(), size, transform, crop, start, patch, got.data());
          EXPECT_EQ(got, pad_and_crop(turned, crop, start, patch).values)
              << transform.turns << transform.mirror[0] << transform.mirror[1];
        }
      }
    }
  }
}

TEST(Patch, TargetInvertsSource) {
  const Size3 size{4, 7, 2};
  for (const PlaneTransform& transform : all_transforms()) {
    const Size3 turned = transform.apply(size);
    for (int64_t x = 0; x < turned[0]; ++x) {
      for (int64_t y = 0; y < turned[1]; ++y) {
        const auto from = transform.source(x, y, size);
        EXPECT_EQ(transform.target(from[0], from[1], size), (std::array<int64_t, 2>{x, y}));
      }
    }
  }
}

TEST(PatchCrop, SoundRulePadsOnlyWhatIsMissing) {
  const PatchCrop crop = crop_of({93, 96, 100}, {96, 96, 96}, {});
  EXPECT_EQ(crop.pad_low, (Size3{1, 0, 0}));
  EXPECT_EQ(crop.padded, (Size3{96, 96, 100}));
  EXPECT_EQ(crop.starts, (Size3{1, 1, 5}));  // the last start is possible
}

TEST(PatchCrop, PublishedRulePadsAxesThatAreLargeEnough) {
  // methods: for a patch of 96, sides of 94, 95, 96, 97 and 99 get 4, 3, 3, 2 and 1 voxels on both sides, 101 none.
  for (const auto& [side, pad] : {std::pair{94, 4}, {95, 3}, {96, 3}, {97, 2}, {99, 1}, {101, 0}}) {
    EXPECT_EQ(crop_of({side, 96, 96}, {96, 96, 96}, {true, 3}).pad_low[0], pad) << side;
    EXPECT_EQ(crop_of({side, 96, 96}, {96, 96, 96}, {true, 3}).padded[0], side + 2 * pad) << side;
  }
  const PatchCrop free = crop_of({97, 120, 200}, {96, 96, 96}, {true, 3});
  EXPECT_EQ(free.pad_low, (Size3{0, 0, 0}));
  EXPECT_EQ(free.starts, (Size3{1, 24, 104}));  // the last start is not
}

TEST(PatchCrop, CentreRoundsHalvesToEven) {
  const auto start = [](int64_t side) { return centre_start(crop_of({side, 96, 96}, {96, 96, 96}, {}), {96, 96, 96})[0]; };
  EXPECT_EQ(start(96), 0);
  EXPECT_EQ(start(97), 0);   // 0.5
  EXPECT_EQ(start(99), 2);   // 1.5
  EXPECT_EQ(start(101), 2);  // 2.5
  EXPECT_EQ(start(102), 3);
}

TEST(MirrorPatch, TurnsEachAxisRound) {
  std::vector<float> voxels(3 * 4 * 5);
  for (size_t i = 0; i < voxels.size(); ++i) voxels[i] = static_cast<float>(i);
  const std::vector<float> before = voxels;
  mirror_patch({true, true, true}, {3, 4, 5}, voxels.data());
  EXPECT_EQ(voxels, std::vector<float>(before.rbegin(), before.rend()));
  mirror_patch({false, true, false}, {3, 4, 5}, voxels.data());
  mirror_patch({true, false, true}, {3, 4, 5}, voxels.data());
  EXPECT_EQ(voxels, before);
}

}  // namespace tss::patch_test
