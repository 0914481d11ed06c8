#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/scored_runs.h"
#include "textsemiseg/base/csv.h"
#include "textsemiseg/cli/program.h"

namespace tss::compare_test {

using ::testing::HasSubstr;
using testing::rising;
using testing::write_run;

struct Outcome {
  int code;
  std::string out, err;
};

Outcome program(std::vector<std::string> words) {
  words.insert(words.begin(), {"textsemiseg", "compare"});
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = run_program(static_cast<int>(argv.size()), argv.data());
  const std::string out = ::testing::internal::GetCapturedStdout();
  return {code, out, ::testing::internal::GetCapturedStderr()};
}

class CompareVerb : public ::testing::Test {
 protected:
  CompareVerb() {
    a_ = write_run(folder_ / "a", {.dice = rising(8, 0.5, 0.01)}).string();
    b_ = write_run(folder_ / "b", {.method = "mc_net", .dice = rising(8, 0.6, 0.02)}).string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  testing::TemporaryFolder folder_;
  std::string a_, b_;
};

TEST_F(CompareVerb, WritesAllFour) {
  const Outcome done = program({a_, b_, "--out", path("tables")});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("mc_net      *67.00* ["));
  EXPECT_TRUE(read_json(folder_ / "tables" / "comparison.json").at("comparable").get<bool>());
  EXPECT_EQ(parse_csv(read_text_file(folder_ / "tables" / "comparison.csv"), "csv").size(), 17u);
  EXPECT_THAT(read_text_file(folder_ / "tables" / "comparison.md"), HasSubstr("**67.00**"));
  EXPECT_THAT(read_text_file(folder_ / "tables" / "comparison.tex"), HasSubstr("\\textbf{67.00}"));
}

TEST_F(CompareVerb, ReadsAStudyAndSaysWhatCannotBeCompared) {
  testing::write_study(folder_.path(), {{"supervised", {"a"}}, {"mc_net", {"b", "c"}}});
  const Outcome done = program({folder_.path().string(), "--against", "mc_net", "--metric", "hd95,asd"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("NOT comparable"));
  EXPECT_THAT(done.err, HasSubstr("not comparable: mc_net: run c was not trained"));
  EXPECT_THAT(done.out, HasSubstr("ASD (mm), liver & bile: difference from mc_net"));
}

TEST_F(CompareVerb, NeverWritesIntoRuns) {
  const Outcome refused = program({a_, b_, "--json", a_ + "/results/x.json"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("lies in the run"));
  EXPECT_FALSE(std::filesystem::exists(a_ + "/results/x.json"));
}

TEST_F(CompareVerb, AFolderIsNoFileToWrite) {
  for (const char* option : {"--json", "--csv", "--markdown", "--latex"}) {
    const Outcome refused = program({option, a_, b_});
    EXPECT_EQ(refused.code, 3) << option;
    EXPECT_THAT(refused.err, HasSubstr(concat(option, ": ", a_, " is a folder")));
    EXPECT_EQ(refused.out, "") << option;
  }
  EXPECT_EQ(program({a_, b_, "--json"}).code, 0);
}

TEST_F(CompareVerb, BadWordsAreNamed) {
  EXPECT_THAT(program({a_, b_, "--metric", "dize"}).err, HasSubstr("did you mean 'dice'?"));
  EXPECT_THAT(program({a_, b_, "--against", "mcnet"}).err, HasSubstr("did you mean 'mc_net'?"));
  EXPECT_THAT(program({a_, b_, "--role", "tests"}).err, HasSubstr("tests"));
  EXPECT_EQ(program({path("none")}).code, 3);
  EXPECT_EQ(program({}).code, 2);
}

}  // namespace tss::compare_test
