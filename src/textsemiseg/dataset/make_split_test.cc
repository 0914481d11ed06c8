#include "textsemiseg/dataset/make_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/testing.h"

namespace tss::make_split_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

std::vector<SplitCase> cases(int64_t with_label, int64_t without = 0, int64_t test = 0) {
  std::vector<SplitCase> out;
  const auto add = [&](const char* prefix, int64_t count, bool has_label, bool is_test) {
    for (int64_t i = 0; i < count; ++i) out.push_back({prefix + std::to_string(i), has_label, is_test});
  };
  add("l", with_label, true, false);
  add("u", without, false, false);
  add("t", test, true, true);
  return out;
}

SplitOptions options(const std::string& labelled, const std::string& validation = "", const std::string& test = "",
                     uint64_t seed = 0) {
  SplitOptions out;
  out.labelled = labelled;
  out.validation = validation;
  out.test = test;
  out.seed = seed;
  return out;
}

std::string write_list(const TemporaryFolder& folder, const std::string& name, const std::string& text) {
  write_text_file(folder / name, text);
  return (folder / name).string();
}

TEST(MakeSplit, CountsAndCoverage) {
  const Split split = make_split(cases(120), options("9", "10", "20"));
  EXPECT_EQ(split.describe(), "9 labelled, 81 unlabelled, 10 validation, 20 test");
  std::set<std::string> all;
  for (const Role role : kRoles) all.insert(split.cases(role).begin(), split.cases(role).end());
  EXPECT_EQ(all.size(), 120u);
  // 10 % of the 90 training cases.
  EXPECT_TRUE(split.same_roles(make_split(cases(120), options("10%", "10", "20"))));
}

TEST(MakeSplit, SeedDecidesAndOrderOfFilesDoesNot) {
  const Split a = make_split(cases(40), options("4"));
  auto reversed = cases(40);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_TRUE(a.same_roles(make_split(reversed, options("4"))));
  EXPECT_FALSE(a.same_roles(make_split(cases(40), options("4", "", "", 1))));
}

TEST(MakeSplit, LargerLabelledSetsContainSmallerOnes) {
  const Split few = make_split(cases(50), options("4")), many = make_split(cases(50), options("12"));
  EXPECT_EQ(few.cases(Role::kTest), many.cases(Role::kTest));
  EXPECT_EQ(few.cases(Role::kValidation), many.cases(Role::kValidation));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(few.cases(Role::kLabelled)[i], many.cases(Role::kLabelled)[i]);
}

TEST(MakeSplit, CasesWithoutLabelAreUnlabelledOnly) {
  const Split split = make_split(cases(10, 200), options(""));
  // Defaults: 2 test and 1 validation of the 10, and every other case with a label is labelled.
  EXPECT_EQ(split.describe(), "7 labelled, 200 unlabelled, 1 validation, 2 test");
  for (const Role role : {Role::kLabelled, Role::kValidation, Role::kTest}) {
    for (const std::string& id : split.cases(role)) EXPECT_EQ(id.front(), 'l');
  }
}

TEST(MakeSplit, TheSourcesOwnTestPart) {
  const Split split = make_split(cases(2, 20, 6), options(""));
  EXPECT_EQ(split.describe(), "2 labelled, 20 unlabelled, 0 validation, 6 test");
  EXPECT_THAT(input_error_of([] { make_split(cases(2, 20, 6), options("", "", "1")); }),
              HasSubstr("test part of its own (6 cases"));
}

TEST(MakeSplit, AmountsRoundToTheNearestAsThePublishedOnesDo) {
  EXPECT_EQ(parse_amount("--labelled", "10%", 62), 6);
  EXPECT_EQ(parse_amount("--labelled", "20%", 62), 12);
  EXPECT_EQ(parse_amount("--labelled", "5%", 250), 12);
  EXPECT_EQ(parse_amount("--labelled", "10%", 48), 5);
  EXPECT_EQ(parse_amount("--labelled", " 7 ", 48), 7);
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "120%", 5); }), HasSubstr("--labelled: 120%"));
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "-1", 5); }), HasSubstr("--labelled: -1"));
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "few", 5); }), HasSubstr("--labelled"));
}

TEST(MakeSplit, AskingForTooManyIsAnError) {
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("9", "2", "2")); }),
              HasSubstr("asks for 9 labelled cases; expected at most 6"));
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("1", "6", "5")); }), HasSubstr("together 11 cases"));
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("0")); }), HasSubstr("labelled set would be empty"));
  EXPECT_THAT(input_error_of([] { make_split(cases(0, 5), options("")); }), HasSubstr("no training case has a label"));
}

TEST(MakeSplit, ListsKeepTheirOrder) {
  const TemporaryFolder folder;
  SplitOptions from_lists = options("2");
  from_lists.train_list = write_list(folder, "train.list", "l3\nl1\r\n\nl4\nu0\n");
  from_lists.test_list = write_list(folder, "test.list", "l2");
  const Split split = make_split(cases(6, 2), from_lists);
  EXPECT_THAT(split.cases(Role::kLabelled), ElementsAre("l3", "l1"));
  EXPECT_THAT(split.cases(Role::kUnlabelled), ElementsAre("l4", "u0"));
  EXPECT_THAT(split.cases(Role::kTest), ElementsAre("l2"));
  EXPECT_TRUE(split.cases(Role::kValidation).empty());
}

TEST(MakeSplit, ListErrorsNameFileAndId) {
  const TemporaryFolder folder;
  SplitOptions from_lists = options("1");
  from_lists.train_list = write_list(folder, "train.list", "l0\nzz\nyy\n");
  EXPECT_THAT(input_error_of([&] { make_split(cases(3), from_lists); }),
              HasSubstr("train.list: case 'zz' is not in the source (nor are 1 others)"));
  from_lists.allow_missing = true;
  EXPECT_EQ(make_split(cases(3), from_lists).describe(), "1 labelled, 0 unlabelled, 0 validation, 0 test");
  from_lists.test_list = write_list(folder, "test.list", "l0");
  EXPECT_THAT(input_error_of([&] { make_split(cases(3), from_lists); }),
              HasSubstr("train.list: case 'l0' is also in another list"));
  from_lists.test_list = write_list(folder, "test2.list", "u0");
  EXPECT_THAT(input_error_of([&] { make_split(cases(3, 1), from_lists); }), HasSubstr("test2.list: case 'u0' has no label"));
  from_lists.test_list.clear();
  from_lists.train_list = write_list(folder, "unlabelled_first.list", "u0\nl0\n");
  EXPECT_THAT(input_error_of([&] { make_split(cases(3, 1), from_lists); }),
              HasSubstr("case 'u0', one of the first 1, has no label"));
}

TEST(MakeSplit, ListsLeaveTheOwnTestPartOutOfTraining) {
  const TemporaryFolder folder;
  SplitOptions from_lists = options("2");
  from_lists.validation_list = write_list(folder, "validation.list", "l0\nt0");
  const Split split = make_split(cases(5, 2, 3), from_lists);
  EXPECT_EQ(split.describe(), "2 labelled, 4 unlabelled, 2 validation, 2 test");
  EXPECT_THAT(split.cases(Role::kTest), ElementsAre("t1", "t2"));
  from_lists.train_list = write_list(folder, "train.list", "l1\nl2\nt1");
  EXPECT_THAT(input_error_of([&] { make_split(cases(5, 2, 3), from_lists); }),
              HasSubstr("train.list: case 't1' belongs to the source's own test part"));
  from_lists.train_list.clear();
  from_lists.test_list = write_list(folder, "test.list", "t1");  // another test role is not the same as training on the rest
  EXPECT_EQ(make_split(cases(5, 2, 3), from_lists).describe(), "2 labelled, 4 unlabelled, 2 validation, 1 test");
}

TEST(MakeSplit, FoldsValidateEveryCaseOnce) {
  const Split split = make_split(cases(23, 4), options("3", "2", "3"));
  const auto folds = make_folds(cases(23, 4), split, 5, 0);
  ASSERT_EQ(folds.size(), 5u);
  std::multiset<std::string> validated;
  for (const Split& fold : folds) {
    EXPECT_EQ(fold.cases(Role::kTest), split.cases(Role::kTest));
    EXPECT_EQ(fold.cases(Role::kLabelled).size(), 3u);
    EXPECT_EQ(fold.cases(Role::kValidation).size() + fold.cases(Role::kLabelled).size() + fold.cases(Role::kUnlabelled).size(),
              24u);
    validated.insert(fold.cases(Role::kValidation).begin(), fold.cases(Role::kValidation).end());
  }
  EXPECT_EQ(validated.size(), 20u);
  EXPECT_EQ(std::set<std::string>(validated.begin(), validated.end()).size(), 20u);
  EXPECT_THAT(input_error_of([&] { make_folds(cases(3), make_split(cases(3), options("1", "0", "0")), 4, 0); }),
              HasSubstr("3 cases with a label"));
}

TEST(MakeSplit, TheSourcesOwnValidationPartIsNeverTraining) {
  std::vector<SplitCase> all = cases(10);
  all.push_back({"v0", true, false, true});
  all.push_back({"v1", true, false, true});
  const Split split = make_split(all, options("2"));
  EXPECT_THAT(split.cases(Role::kValidation), ElementsAre("v0", "v1"));
  EXPECT_EQ(split.describe(), "2 labelled, 6 unlabelled, 2 validation, 2 test");
  EXPECT_THAT(input_error_of([&] { make_split(all, options("2", "1")); }),
              HasSubstr("has a validation part of its own (2 cases"));
  const TemporaryFolder folder;
  SplitOptions lists = options("1");
  lists.train_list = write_list(folder, "train.list", "l0\nl1\n");
  EXPECT_THAT(make_split(all, lists).cases(Role::kValidation), ElementsAre("v0", "v1"));
  lists.train_list = write_list(folder, "train.list", "l0\nv1\n");
  EXPECT_THAT(input_error_of([&] { make_split(all, lists); }), HasSubstr("belongs to the source's own validation part"));
}

}  // namespace tss::make_split_test
