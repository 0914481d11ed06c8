#include "textsemiseg/cli/watch_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"

namespace tss::watch_training_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(WatchTraining, TagsOfTensorBoard) {
  const std::vector<std::string> classes{"background", "liver", "spleen"};
  EXPECT_THAT(scalars_of(Json{{"iteration", 10}, {"learning_rate", 0.5}, {"loss", 2.0}}, classes),
              ElementsAre(Pair("train/learning_rate", 0.5), Pair("train/loss", 2.0)));
  EXPECT_THAT(
      scalars_of(Json{{"iteration", 10}, {"validation", {{"dice", 0.5}, {"per_class", {0.25, 0.75}}}}}, classes),
      ElementsAre(Pair("validation/dice", 0.5), Pair("validation/dice/liver", 0.25), Pair("validation/dice/spleen", 0.75)));
  EXPECT_TRUE(scalars_of(Json{{"iteration", 10}, {"text_probe", {{"rows", Json::array()}}}}, classes).empty());
}

class WatchedRun : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kQuiet);
    Json config{{"method", "supervised"}, {"dataset", "d"}, {"seed", 0}};
    config["train"] = {{"iterations", 100}};
    write_text_file(folder_ / "config.toml", to_toml(config));
    write_json(folder_ / "run.json", {{"dataset", "Organs"},
                                      {"dataset_folder", "/somewhere/private"},
                                      {"classes", {"background", "liver"}},
                                      {"channels", 1},
                                      {"recipe", {{"name", "generic"}}},
                                      {"texts", Json::array()},
                                      {"protocol", "honest"},
                                      {"environment", Json::object()},
                                      {"selection", "last"},
                                      {"split", {{"labelled", 2}, {"unlabelled", 3}}}});
    write_text_file(folder_ / "log.jsonl", "{\"iteration\":10,\"learning_rate\":0.01,\"loss\":1.5}\n");
  }
  std::string page() const { return read_text_file(folder_ / "page.html"); }

  testing::TemporaryFolder folder_;
};

TEST_F(WatchedRun, PageIsThereFromTheBeginningAndStopsReloadingAtTheEnd) {
  WatchOptions options;
  options.page = true;
  options.page_seconds = 1;
  TrainingWatch watch(folder_.path(), options);
  const TrainHooks hooks = watch.hooks();
  hooks.begun(0);
  EXPECT_THAT(page(), HasSubstr("data-reload=\"1\""));
  EXPECT_EQ(page().find("/somewhere/private"), std::string::npos);
  hooks.logged({{"iteration", 10}, {"loss", 1.5}});
  watch.ended("Finished: 100 iterations.");
  EXPECT_THAT(page(), HasSubstr("data-reload=\"0\""));
  EXPECT_THAT(page(), HasSubstr("Finished: 100 iterations."));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "tensorboard"));
}

TEST_F(WatchedRun, ATrainingThatNeverBeganLeavesNoPage) {
  WatchOptions options;
  options.page = true;
  TrainingWatch watch(folder_.path(), options);
  watch.ended("The training has ended: bad input.");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "page.html"));
}

}  // namespace tss::watch_training_test
