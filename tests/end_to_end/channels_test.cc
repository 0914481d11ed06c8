// Several channels and merged labels all the way: BraTS-like scans with two sequences, prepare, train, predict, evaluate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/dataset_files.h"
#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/dataset/dataset.h"

namespace tss::channels_test {

namespace fs = std::filesystem;

// 20 x 18 x 17 voxels, zero outside the head; the tumour, of the stored values 1, 2 and 4, is dark in one sequence and bright in the other.
void write_case(const fs::path& folder, const std::string& id, uint64_t seed) {
  const Size3 size{20, 18, 17};
  LabelMap labels = testing::box_labels(size, 1);
  Image flair = testing::noise_image(size, seed, 300), t1 = testing::noise_image(size, seed + 100, 300);
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z) {
        if (x < 2 || y > 15) flair(x, y, z) = t1(x, y, z) = 0;
        if (x < 6 || x > 12 || y < 5 || y > 11 || z < 4 || z > 9) continue;
        labels(x, y, z) = x < 8 ? 1 : x < 10 ? 2 : 4;
        flair(x, y, z) += 400;
        t1(x, y, z) -= 200;
      }
  write_image(folder / id / (id + "_flair.nii.gz"), flair);
  write_image(folder / id / (id + "_t1.nii.gz"), t1);
  write_label_map(folder / id / (id + "_seg.nii.gz"), labels);
}

TEST(Channels, GoThroughTheWholeProgram) {
  const testing::TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  for (int i = 1; i <= 5; ++i) write_case(folder / "raw/HGG", concat("BraTS19_", i), static_cast<uint64_t>(i));
  write_text_file(folder / "two.toml", R"([recipe]
name = "two"
steps = [{step = "reorient"}, {step = "crop", around = "nonzero"}, {step = "clip_percentile"}, {step = "normalise", method = "zscore_positive"}]
[dataset]
channels = ["FLAIR", "T1"]
images = ["**/{id}/{id}_flair.nii*", "**/{id}/{id}_t1.nii*"]
label = "**/{id}/{id}_seg.nii*"
)");
  const auto run = [&](const std::vector<std::string>& words) {
    const auto result = testing::run_textsemiseg(words);
    EXPECT_EQ(result.exit_code, 0) << result.messages;
    return result;
  };
  run({"prepare", "--source", path("raw"), "--dataset", path("dataset"), "--recipe", path("two.toml"), "--label-map",
       "1,2,4=whole tumour", "--labelled", "2", "--validation", "1", "--test", "1"});
  run({"train", "--dataset", path("dataset"), "--method", "mc_net", "--run", path("run"), "--iterations", "2", "--set",
       "sampler.patch=[16,16,16]", "--set", "network.widths=[4,8]", "--set", "network.depths=[1,1]", "--set",
       "train.validate_every=2"});
  run({"evaluate", "--run", path("run")});
  const Dataset dataset = Dataset::open(folder / "dataset");
  EXPECT_EQ(dataset.channels(), 2);
  const std::string id = dataset.cases(Role::kTest).front();
  const LabelMap prediction = read_label_map(folder / "run/results/test/predictions" / (id + ".nii.gz"));
  const LabelMap reference = dataset.read_label(id);
  EXPECT_EQ(grid_difference(prediction.geometry, reference.geometry), "");
  EXPECT_LE(*std::max_element(prediction.voxels.begin(), prediction.voxels.end()), 1);
  EXPECT_EQ(std::count(reference.voxels.begin(), reference.voxels.end(), 1), 7 * 7 * 6);
  const Json summary = read_json(folder / "run/results/test/summary.json");
  EXPECT_EQ(summary.at("class_names").at(1), "whole tumour");
  run({"predict", "--run", path("run"), "--dataset", path("dataset"), "--role", "test", "--output", path("out")});
  EXPECT_EQ(read_label_map(folder / "out" / (id + ".nii.gz")).voxels, prediction.voxels);
  // One of the two sequences alone is refused.
  const auto refused = testing::run_textsemiseg({"predict", "--run", path("run"), "--input",
                                                 path("raw/HGG/" + id + "/" + id + "_t1.nii.gz"), "--output", path("no.nii.gz")});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.messages, ::testing::HasSubstr("2"));
  EXPECT_FALSE(fs::exists(folder / "no.nii.gz"));
}

}  // namespace tss::channels_test
