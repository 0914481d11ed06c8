// The whole way of a scan: phantom, prepare, train, predict, evaluate. From nothing to a useful segmentation of held-out cases.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/dataset/phantom.h"

namespace tss::training_test {

namespace fs = std::filesystem;

TEST(Training, LearnsThePhantom) {
  const testing::TemporaryFolder folder;
  const auto path = [&](const char* name) { return (folder / name).string(); };
  PhantomOptions phantom;
  phantom.labelled = 2;
  phantom.unlabelled = 4;
  phantom.test = 2;
  phantom.size = {24, 24, 20};
  write_phantom(folder / "raw", phantom);
  const auto run = [&](const std::vector<std::string>& words) {
    const auto result = testing::run_textsemiseg(words);
    EXPECT_EQ(result.exit_code, 0) << result.messages;
    return result;
  };
  run({"prepare", "--source", path("raw"), "--dataset", path("dataset"), "--recipe", "ct_soft_tissue", "--validation", "0"});
  // Mean foreground Dice on the test cases after so many iterations. A narrow network of small scans: the test is of the way, not of the width.
  const auto dice_after = [&](const std::string& iterations, const char* name) {
    run({"train",
         "--dataset",
         path("dataset"),
         "--method",
         "text_semiseg",
         "--run",
         path(name),
         "--iterations",
         iterations,
         "--set",
         "sampler.patch=[16,16,16]",
         "--set",
         "text.source=learned",
         "--set",
         "optimiser.learning_rate=0.1",
         "--set",
         "train.validate_every=100000",
         "--set",
         "network.widths=[8,16,32]",
         "--set",
         "network.depths=[1,1,1]",
         "--set",
         "text.dimension=16",
         "--set",
         "text_semiseg.tmr.dimension=16",
         "--set",
         "text_semiseg.tmr.heads=2",
         "--set",
         "network.dropout=false"});
    run({"predict", "--run", path(name), "--dataset", path("dataset"), "--role", "test", "--output",
         path((std::string(name) + "_out").c_str())});
    const auto scored = run({"evaluate", "--reference", (fs::path(path("raw")) / "labelsTs").string(), "--prediction",
                             path((std::string(name) + "_out").c_str()), "--json"});
    const Json scores = Json::parse(scored.output);
    double sum = 0;
    for (const auto& one : scores.at("classes")) sum += one.at("dice").is_null() ? 0.0 : one.at("dice").get<double>();
    return sum / static_cast<double>(scores.at("classes").size());
  };
  const double before = dice_after("1", "start");
  const double after = dice_after("200", "trained");
  RecordProperty("dice_before", std::to_string(before));
  RecordProperty("dice_after", std::to_string(after));
  std::printf("mean foreground Dice on held-out cases: %.3f after 1 iteration, %.3f after 200\n", before, after);
  EXPECT_LT(before, 0.2);
  EXPECT_GE(after, 0.7);
}

}  // namespace tss::training_test
