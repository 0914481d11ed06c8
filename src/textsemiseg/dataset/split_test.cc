#include "textsemiseg/dataset/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::split_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

TEST(Split, FileRoundTripAndErrors) {
  const TemporaryFolder folder;
  Split split;
  split.roles = {{Role::kLabelled, {"c", "a"}}, {Role::kUnlabelled, {"b"}}, {Role::kTest, {"d"}}};
  split.made_by = {{"labelled", "2"}};
  write_split(folder / "split.json", split);
  const Split again = read_split(folder / "split.json");
  EXPECT_TRUE(split.same_roles(again));
  EXPECT_THAT(again.cases(Role::kLabelled), ElementsAre("c", "a"));
  EXPECT_EQ(again.describe(), "2 labelled, 1 unlabelled, 0 validation, 1 test");
  EXPECT_EQ(again.made_by.at("labelled"), "2");
  const auto error = [&](const std::string& text) {
    write_text_file(folder / "bad.json", text);
    return input_error_of([&] { read_split(folder / "bad.json"); });
  };
  EXPECT_THAT(error(R"({"labeled": []})"), HasSubstr("did you mean 'labelled'"));
  EXPECT_THAT(error(R"({"labelled": ["a"], "test": ["a"]})"), HasSubstr("case 'a' is also under labelled"));
  EXPECT_THAT(error(R"({"labelled": [3]})"), HasSubstr("bad.json: labelled: found 3"));
  EXPECT_THAT(error(R"({"labelled": "a"})"), HasSubstr("a list of case ids"));
  EXPECT_THAT(error("{"), HasSubstr("bad.json"));
}

}  // namespace tss::split_test
