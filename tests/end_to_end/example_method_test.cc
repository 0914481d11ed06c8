// The worked example of docs/add_a_method.md: a program with a method of its own trains, resumes its options and is evaluated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/dataset/phantom.h"

namespace tss::example_method_test {

using ::testing::AllOf;
using ::testing::HasSubstr;

testing::ProgramResult run(const std::vector<std::string>& words) { return testing::run_words(TSS_EXAMPLE, words); }

TEST(ExampleMethod, IsListedBesideTheOthers) {
  const auto listed = run({"list"});
  EXPECT_EQ(listed.exit_code, 0) << listed.messages;
  EXPECT_THAT(listed.output, AllOf(HasSubstr("pi_model"), HasSubstr("text_semiseg")));
}

TEST(ExampleMethod, TrainsAndIsScoredThroughEveryVerb) {
  const testing::TemporaryFolder folder;
  const auto path = [&](const char* name) { return (folder / name).string(); };
  PhantomOptions phantom;
  phantom.labelled = 4;
  phantom.unlabelled = 2;
  phantom.test = 1;
  phantom.size = {24, 24, 20};
  write_phantom(folder / "raw", phantom);
  const auto prepared = run({"prepare", "--source", path("raw"), "--dataset", path("dataset"), "--recipe", "ct_soft_tissue",
                             "--labelled", "3", "--validation", "1"});
  ASSERT_EQ(prepared.exit_code, 0) << prepared.messages;
  const auto trained = run({"train", "--dataset", path("dataset"), "--method", "pi_model", "--run", path("run"), "--iterations",
                            "4", "--set", "sampler.patch=[16,16,16]", "--set", "network.widths=[4,8]", "--set",
                            "network.depths=[1,1]", "--set", "pi_model.noise=0.2"});
  ASSERT_EQ(trained.exit_code, 0) << trained.messages;
  EXPECT_EQ(read_toml(folder / "run" / "config.toml").at("pi_model").at("noise"), 0.2);
  const auto scored = run({"evaluate", "--run", path("run"), "--role", "test"});
  EXPECT_EQ(scored.exit_code, 0) << scored.messages;
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "results" / "test" / "summary.json")) << scored.messages;
}

TEST(ExampleMethod, AWrongOptionIsOneLine) {
  const testing::TemporaryFolder folder;
  const auto wrong = run({"train", "--dataset", folder.path().string(), "--method", "pi_model", "--run",
                          (folder / "run").string(), "--set", "pi_model.noise=-1"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_THAT(wrong.messages, HasSubstr("pi_model.noise"));
}

}  // namespace tss::example_method_test
