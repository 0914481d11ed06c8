#include "textsemiseg/data/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "textsemiseg/base/testing.h"

namespace tss {
namespace {

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

TEST(Split, CountsAndCoverage) {
  const Split split = make_split(cases(120), options("9", "10", "20"));
  EXPECT_EQ(split.describe(), "9 labelled, 81 unlabelled, 10 validation, 20 test");
  std::set<std::string> all;
  for (const Role role : kRoles) all.insert(split.cases(role).begin(), split.cases(role).end());
  EXPECT_EQ(all.size(), 120u);
  // 10 % of the 90 training cases.
  EXPECT_TRUE(split.same_roles(make_split(cases(120), options("10%", "10", "20"))));
}

TEST(Split, SeedDecidesAndOrderOfFilesDoesNot) {
  const Split a = make_split(cases(40), options("4"));
  auto reversed = cases(40);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_TRUE(a.same_roles(make_split(reversed, options("4"))));
  EXPECT_FALSE(a.same_roles(make_split(cases(40), options("4", "", "", 1))));
}

TEST(Split, LargerLabelledSetsContainSmallerOnes) {
  const Split few = make_split(cases(50), options("4")), many = make_split(cases(50), options("12"));
  EXPECT_EQ(few.cases(Role::kTest), many.cases(Role::kTest));
  EXPECT_EQ(few.cases(Role::kValidation), many.cases(Role::kValidation));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(few.cases(Role::kLabelled)[i], many.cases(Role::kLabelled)[i]);
}

TEST(Split, CasesWithoutLabelAreUnlabelledOnly) {
  const Split split = make_split(cases(10, 200), options(""));
  // Defaults: 2 test and 1 validation of the 10, and every other case with a label is labelled.
  EXPECT_EQ(split.describe(), "7 labelled, 200 unlabelled, 1 validation, 2 test");
  for (const Role role : {Role::kLabelled, Role::kValidation, Role::kTest}) {
    for (const std::string& id : split.cases(role)) EXPECT_EQ(id.front(), 'l');
  }
}

TEST(Split, TheSourcesOwnTestPart) {
  const Split split = make_split(cases(2, 20, 6), options(""));
  EXPECT_EQ(split.describe(), "2 labelled, 20 unlabelled, 0 validation, 6 test");
  EXPECT_THAT(input_error_of([] { make_split(cases(2, 20, 6), options("", "", "1")); }),
              HasSubstr("test part of its own (6 cases"));
}

TEST(Split, AmountsRoundToTheNearestAsThePublishedOnesDo) {
  EXPECT_EQ(parse_amount("--labelled", "10%", 62), 6);
  EXPECT_EQ(parse_amount("--labelled", "20%", 62), 12);
  EXPECT_EQ(parse_amount("--labelled", "5%", 250), 12);
  EXPECT_EQ(parse_amount("--labelled", "10%", 48), 5);
  EXPECT_EQ(parse_amount("--labelled", " 7 ", 48), 7);
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "120%", 5); }), HasSubstr("--labelled: 120%"));
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "-1", 5); }), HasSubstr("--labelled: -1"));
  EXPECT_THAT(input_error_of([] { parse_amount("--labelled", "few", 5); }), HasSubstr("--labelled"));
}

TEST(Split, AskingForTooManyIsAnError) {
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("9", "2", "2")); }),
              HasSubstr("asks for 9 labelled cases; expected at most 6"));
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("1", "6", "5")); }), HasSubstr("together 11 cases"));
  EXPECT_THAT(input_error_of([] { make_split(cases(10), options("0")); }), HasSubstr("labelled set would be empty"));
  EXPECT_THAT(input_error_of([] { make_split(cases(0, 5), options("")); }), HasSubstr("no training case has a label"));
}

TEST(Split, ListsKeepTheirOrder) {
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

TEST(Split, ListErrorsNameFileAndId) {
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
  EXPECT_THAT(input_error_of([&] { read_id_list(write_list(folder, "twice.list", "a\na\n")); }),
              HasSubstr("case 'a' is listed twice"));
  EXPECT_THAT(input_error_of([&] { read_id_list(write_list(folder, "empty.list", "\n")); }), HasSubstr("lists no case"));
  EXPECT_THAT(input_error_of([&] { read_id_list(folder / "none.list"); }), HasSubstr("none.list"));
}

TEST(Split, ListsLeaveTheOwnTestPartOutOfTraining) {
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

TEST(Split, FoldsValidateEveryCaseOnce) {
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

TEST(Split, FileRoundTripAndErrors) {
  const TemporaryFolder folder;
  const Split split = make_split(cases(12), options("2"));
  write_split(folder / "split.json", split);
  const Split again = read_split(folder / "split.json");
  EXPECT_TRUE(split.same_roles(again));
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

TEST(Split, PublishedLeftAtriumLists) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  EXPECT_EQ(read_id_list(*data / "left_atrium/official_train.list").size(), 80u);
  EXPECT_EQ(read_id_list(*data / "lists/brats2019/train.list").size(), 250u);
}

std::vector<SplitCase> cases_named(const std::vector<std::string>& ids) {
  std::vector<SplitCase> cases;
  for (const std::string& id : ids) cases.push_back({id, true, false});
  return cases;
}

TEST(PublishedSplit, HasItsNumbersAndItsOrder) {
  for (const auto& [name, train, validation, test] :
       {std::tuple{"brats2019", 250u, 25u, 60u}, std::tuple{"pancreas_ct", 62u, 0u, 20u},
        std::tuple{"left_atrium", 80u, 0u, 20u}}) {
    const PublishedSplit split = published_split(name);
    EXPECT_EQ(split.train.size(), train) << name;
    EXPECT_EQ(split.validation.size(), validation) << name;
    EXPECT_EQ(split.test.size(), test) << name;
    std::set<std::string> all(split.train.begin(), split.train.end());
    all.insert(split.validation.begin(), split.validation.end());
    all.insert(split.test.begin(), split.test.end());
    EXPECT_EQ(all.size(), train + validation + test) << name;
  }
  const PublishedSplit pancreas = published_split("pancreas_ct");
  std::vector<std::string> ids = pancreas.train;
  ids.insert(ids.end(), pancreas.test.begin(), pancreas.test.end());
  SplitOptions options;
  options.published = "pancreas_ct";
  options.labelled = "20%";
  ::testing::internal::CaptureStderr();
  const Split split = make_split(cases_named(ids), options);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("image0025 (test) and image0070 (labelled)"));
  EXPECT_EQ(split.describe(), "12 labelled, 50 unlabelled, 0 validation, 20 test");
  EXPECT_EQ(split.cases(Role::kLabelled)[10], "image0070");
  EXPECT_EQ(split.made_by.at("published"), "pancreas_ct");
  ids.pop_back();
  EXPECT_THAT(input_error_of([&] { make_split(cases_named(ids), options); }),
              HasSubstr("--split pancreas_ct (test): case 'image0009' is not in the source"));
  EXPECT_THAT(input_error_of([] { published_split("brats2018"); }), HasSubstr("did you mean 'brats2019'"));
  options.train_list = "x.list";
  EXPECT_THAT(input_error_of([&] { options.check(); }), HasSubstr("--split pancreas_ct: given together with lists"));
}

TEST(PublishedSplit, LungIsARule) {
  std::vector<std::string> ids;
  for (int i = 96; i > 33; --i) ids.push_back("lung_0" + std::to_string(i));
  SplitOptions options;
  options.published = "msd_lung";
  options.labelled = "10";
  const Split split = make_split(cases_named(ids), options);
  EXPECT_EQ(split.describe(), "10 labelled, 38 unlabelled, 0 validation, 15 test");
  EXPECT_EQ(split.cases(Role::kLabelled).front(), "lung_034");
  EXPECT_EQ(split.cases(Role::kTest).back(), "lung_096");
  auto with_test_part = cases_named(ids);
  with_test_part.push_back({"lung_097", true, true});  // imagesTs with a label is not one of the 63
  EXPECT_TRUE(make_split(with_test_part, options).same_roles(split));
  ids.pop_back();
  EXPECT_THAT(input_error_of([&] { make_split(cases_named(ids), options); }),
              HasSubstr("the source has 62 training cases with a label; expected 63"));
}

TEST(PublishedSplit, ListsAreThePublishedOnes) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  for (const std::string name : {"brats2019", "pancreas_ct"}) {
    const PublishedSplit split = published_split(name);
    EXPECT_EQ(split.train, read_id_list(*data / "lists" / name / "train.list"));
    EXPECT_EQ(split.test, read_id_list(*data / "lists" / name / "test.list"));
  }
  EXPECT_EQ(published_split("brats2019").validation, read_id_list(*data / "lists/brats2019/val.list"));
  EXPECT_EQ(published_split("left_atrium").train, read_id_list(*data / "left_atrium/official_train.list"));
}

}  // namespace
}  // namespace tss
