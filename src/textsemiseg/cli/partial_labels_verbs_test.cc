// prepare, check, train and evaluate on sources whose labels differ in their classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/runs/scores.h"

namespace tss::partial_labels_verbs_test {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PartialLabelsVerbs : public ::testing::Test {
 protected:
  int program(std::vector<std::string> words) {
    words.insert(words.begin(), "textsemiseg");
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  testing::TemporaryFolder folder_;
  std::string out_, err_;
};

TEST_F(PartialLabelsVerbs, ACaseIsScoredOnTheClassesThatItsLabelTellsApart) {
  testing::write_msd(folder_ / "full", 6, 6);
  testing::write_msd(folder_ / "heads", 3, 3, 2);
  const std::vector<std::string> prepare = {"prepare",     "--source",  path("full"), "--source",
                                            path("heads"), "--dataset", path("D")};
  auto first = prepare;
  first.insert(first.end(), {"--labelled", "2", "--validation", "0", "--test", "1"});
  ASSERT_EQ(program(first), 0) << err_;
  // A split may give a merged label any role.
  write_json(folder_ / "split.json", {{"labelled", {"case_00", "heads_case_01"}},
                                      {"unlabelled", {"case_01"}},
                                      {"validation", Json::array()},
                                      {"test", {"case_02", "heads_case_02"}}});
  auto second = prepare;
  second.insert(second.end(), {"--split", path("split.json"), "--overwrite"});
  ASSERT_EQ(program(second), 0) << err_;
  EXPECT_THAT(
      err_, HasSubstr("1 validation or test case has a label that does not tell all classes apart (sources heads): scored only"));

  EXPECT_EQ(program({"check", "--dataset", path("D"), "--no-duplicates"}), 0) << out_ << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("\n  full: tells all classes apart\n"),
                          HasSubstr("\n  heads: tells apart head; tail may lie in its background\n")));

  ASSERT_EQ(program({"train", "--dataset", path("D"), "--method", "supervised", "--run", path("R"), "--iterations", "2", "--set",
                     "sampler.patch=[8,8,8]", "--set", "network.widths=[4,8]", "--set", "network.depths=[1,1]"}),
            0)
      << err_;
  ASSERT_EQ(program({"evaluate", "--run", path("R"), "--empty", "zeros"}), 0) << err_;
  const ScoreSet scores = read_cases_csv(folder_ / "R/results/test/cases.csv");
  ASSERT_EQ(scores.cases.size(), 2u);
  for (const CaseScores& one : scores.cases) {
    ASSERT_EQ(one.classes.size(), 2u) << one.id;
    EXPECT_TRUE(one.classes[0]["dice"].has_value()) << one.id;
    EXPECT_EQ(one.classes[1]["dice"].has_value(), one.id == "case_02") << one.id;
    EXPECT_EQ(one.classes[1]["hd95"].has_value(), one.id == "case_02") << one.id;
  }
  const Json summary = read_json(folder_ / "R/results/test/summary.json");
  EXPECT_EQ(summary.at("sources"), (Json{{"case_02", "full"}, {"heads_case_02", "heads"}}));
  EXPECT_EQ(summary.at("classes")[1].at("dice").at("n"), 1);
}

}  // namespace tss::partial_labels_verbs_test
