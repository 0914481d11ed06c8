#include "textsemiseg/text/table_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::table_prompts_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<int64_t> rows(const std::vector<std::string>& prompts, const std::vector<std::string>& names) {
  std::vector<int64_t> out;
  for (size_t k = 0; k < names.size(); ++k) out.push_back(match_class(prompts, names[k], k == 0).row);
  return out;
}

const std::vector<std::string> kOrgans = {"A computerized tomography of a Spleen", "A computerized tomography of a Right Kidney",
                                          "A computerized tomography of a Left Kidney", "A computerized tomography of a Pancreas",
                                          "A computerized tomography of a Pancreas Tumor"};

TEST(MatchClasses, NameInsideThePrompt) {
  EXPECT_EQ(rows(kOrgans, {"background", "pancreas", "SPLEEN", "left_kidney", "pancreas-tumor"}),
            (std::vector<int64_t>{-1, 3, 0, 2, 4}));
  EXPECT_EQ(rows({"background", "Left Atrium"}, {"Background", "left atrium"}), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(rows(kOrgans, {"background", "creas", "tomography of", ""}), (std::vector<int64_t>{-1, -1, -1, -1}));
}

TEST(MatchClasses, SentenceNamesForegroundOnly) {
  const std::vector<std::string> prompts = {"An image containing the left Atrium, with the rest being background"};
  EXPECT_EQ(rows(prompts, {"background", "left atrium"}), (std::vector<int64_t>{-1, 0}));
}

TEST(MatchClasses, SeveralRowsAreNoMatch) {
  EXPECT_EQ(match_class(kOrgans, "background", true).reason, "no row names it");
  const TableMatch match = match_class(kOrgans, "kidney", false);
  EXPECT_EQ(match.row, -1);
  EXPECT_EQ(match.reason,
            "2 rows name it ('A computerized tomography of a Right Kidney', 'A computerized tomography of a Left Kidney')");
}

TEST(TablePrompts, FilesAndTheirErrors) {
  const testing::TemporaryFolder folder;
  const fs::path table = folder / "t.pth";
  const auto error = [&](const fs::path& given = {}) {
    return testing::input_error_of([&] { read_table_prompts(table, given, 2); });
  };
  EXPECT_THAT(error(), HasSubstr("has no list of its prompts; expected embedding_prompts.json beside it"));
  write_text_file(folder / "t.json", R"(["a", "b"])");
  EXPECT_EQ(error(), "no error");
  write_text_file(folder / "embedding_prompts.json", R"({"t.pth": ["c", "d"], "u.pth": ["e"]})");
  EXPECT_EQ(read_table_prompts(table, {}, 2), (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(read_table_prompts(table, folder / "t.json", 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(error(folder / "none.json"), HasSubstr("none.json: cannot be opened"));
  write_text_file(folder / "x.json", R"({"u.pth": ["e"]})");
  EXPECT_THAT(error(folder / "x.json"), HasSubstr("has no entry 't.pth'"));
  write_text_file(folder / "x.json", R"(["e"])");
  EXPECT_THAT(error(folder / "x.json"), HasSubstr("lists 1 prompts; expected 2"));
  write_text_file(folder / "x.json", R"([1, 2])");
  EXPECT_THAT(error(folder / "x.json"), HasSubstr("not a list of texts"));
  write_text_file(folder / "x.json", "{");
  EXPECT_THAT(error(folder / "x.json"), HasSubstr("is not JSON"));
}

}  // namespace tss::table_prompts_test
