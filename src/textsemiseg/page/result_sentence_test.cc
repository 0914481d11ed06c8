#include "textsemiseg/page/result_sentence.h"

#include <gmock/gmock.h>

#include "support/scored_runs.h"

namespace tss::result_sentence_test {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ResultSentence : public ::testing::Test {
 protected:
  Comparison compared(const std::vector<std::pair<std::string, double>>& rows) {
    std::vector<std::filesystem::path> runs;
    for (const auto& [method, dice] : rows) {
      testing::MadeUpRun run;
      run.method = method;
      run.dice = testing::rising(8, dice, 0.005);
      runs.push_back(testing::write_run(folder_ / method, run));
    }
    return compare(study_of_runs(runs, "test"));
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ResultSentence, OneRow) {
  EXPECT_THAT(result_sentence(compared({{"mc_net", 0.7}})), StartsWith("mc_net segments "));
  EXPECT_THAT(result_sentence(compared({{"mc_net", 0.7}})), HasSubstr(" on 8 test cases."));
  EXPECT_THAT(result_sentence(compared({{"mc_net", 0.7}})), Not(HasSubstr("difference")));
}

TEST_F(ResultSentence, TheBestRowAgainstTheReference) {
  const std::string text = result_sentence(compared({{"supervised", 0.6}, {"mc_net", 0.7}, {"ua_mt", 0.65}}));
  EXPECT_THAT(text, StartsWith("mc_net segments "));
  EXPECT_THAT(text, HasSubstr("; supervised reaches 0.6"));
  EXPECT_THAT(text, HasSubstr("; the difference is +0.100 [+0.1"));
  EXPECT_THAT(text, HasSubstr(", more than chance gives (p = 0.0"));
  EXPECT_THAT(result_sentence(compared({{"supervised", 0.7}, {"mc_net", 0.6}})), HasSubstr("the difference is −0.100 ["));
}

TEST_F(ResultSentence, WhatCannotBeComparedIsNot) {
  Comparison all = compared({{"supervised", 0.6}, {"mc_net", 0.7}});
  all.obstacles = {"different splits"};
  EXPECT_THAT(result_sentence(all), HasSubstr("; the two are not comparable as they stand."));
  EXPECT_THAT(result_sentence(compared({{"supervised", 0.01}, {"mc_net", 0.02}})), HasSubstr("No row has learned anything yet"));
  EXPECT_THAT(result_sentence(compared({{"supervised", 0.01}, {"mc_net", 0.02}})), Not(HasSubstr("difference")));
}

}  // namespace tss::result_sentence_test
