#include "textsemiseg/dataset/case_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/testing.h"
#include "textsemiseg/dataset/make_split.h"

namespace tss::case_lists_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

TEST(CaseLists, FileErrorsNameFileAndId) {
  const TemporaryFolder folder;
  const auto list = [&](const std::string& text) {
    write_text_file(folder / "some.list", text);
    return read_id_list(folder / "some.list");
  };
  EXPECT_THAT(list("b\n\n a \r\n"), ElementsAre("b", "a"));
  EXPECT_THAT(input_error_of([&] { list("a\na\n"); }), HasSubstr("some.list: case 'a' is listed twice"));
  EXPECT_THAT(input_error_of([&] { list("\n"); }), HasSubstr("some.list: lists no case"));
  EXPECT_THAT(input_error_of([&] { read_id_list(folder / "none.list"); }), HasSubstr("none.list"));
}

TEST(CaseLists, AsWindowsWritesThem) {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  const auto list = [&](const std::string& bytes) {
    write_text_file(folder / "some.list", bytes);
    return read_id_list(folder / "some.list");
  };
  EXPECT_THAT(list("\xef\xbb\xbf"
                   "c0\r\nc1"),
              ElementsAre("c0", "c1"));
  EXPECT_THAT(list("\xff\xfe"
                   "c\0"
                   "0\0\r\0\n\0\xfc\0"s),
              ElementsAre("c0", "\xc3\xbc"));
  EXPECT_THAT(list("\xfe\xff\0c\0"
                   "0"s),
              ElementsAre("c0"));
  EXPECT_THAT(input_error_of([&] { list("c0\nM\xfcller\n"); }), HasSubstr("line 2: holds the byte \\xfc, which is not UTF-8"));
}

TEST(CaseLists, LinesMayBeNamesOfFiles) {
  const std::set<std::string> known = {"c0", "la_0001", "a.b"};
  for (const char* line : {"c0", "c0.nii.gz", "imagesTr/c0.nii.gz", "imagesTr\\c0.nii.gz", "c0_0000.nii.gz"})
    EXPECT_EQ(id_of_line(line, known), "c0") << line;
  EXPECT_EQ(id_of_line("la_0001", known), "la_0001");
  EXPECT_EQ(id_of_line("a.b", known), "a.b");
  EXPECT_EQ(id_of_line("c9.nii.gz", known), "c9.nii.gz");
}

TEST(CaseLists, FoldsOfNnunet) {
  const TemporaryFolder folder;
  write_text_file(folder / "splits_final.json", R"([{"train": ["a", "b"], "val": ["c"]}, {"train": ["b", "c"], "val": ["a"]}])");
  ASSERT_TRUE(is_fold_list(folder / "splits_final.json"));
  SplitOptions options;
  options.fold_list = (folder / "splits_final.json").string();
  options.fold = 1;
  options.labelled = "1";
  const Split split =
      make_split({{"a", true}, {"b", true}, {"c", true}, {"t", true, true}, {"x", false, false, false, true}}, options);
  EXPECT_THAT(split.cases(Role::kLabelled), ElementsAre("b"));
  EXPECT_THAT(split.cases(Role::kUnlabelled), ElementsAre("c", "x"));
  EXPECT_THAT(split.cases(Role::kValidation), ElementsAre("a"));
  EXPECT_THAT(split.cases(Role::kTest), ElementsAre("t"));
  options.fold = 2;
  EXPECT_THAT(input_error_of([&] { make_split({{"a", true}}, options); }), HasSubstr("has 2 folds; expected 0 to 1"));
  write_text_file(folder / "split.json", R"({"labelled": ["a"]})");
  EXPECT_FALSE(is_fold_list(folder / "split.json"));
}

TEST(CaseLists, OfPublications) {
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

}  // namespace tss::case_lists_test
