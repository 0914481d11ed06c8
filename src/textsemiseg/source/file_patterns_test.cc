#include "textsemiseg/source/file_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss::file_patterns_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Names are all that is looked at.
class FilePatterns : public ::testing::Test {
 protected:
  void add(const std::string& file) const { write_text_file(folder_ / file, ""); }
  std::vector<std::string> ids(const std::string& source) const {
    const auto found = find_by_patterns(folder_ / source, facts_, "brats files");
    std::vector<std::string> out;
    if (found)
      for (const SourceCase& item : found->cases) out.push_back(item.id + (item.label.empty() ? "" : "+"));
    return out;
  }
  testing::TemporaryFolder folder_;
  DatasetFacts facts_;
};

TEST_F(FilePatterns, CasesMayBeLinksToFolders) {
  facts_.images = {"**/{id}/{id}_flair.nii*"};
  facts_.label = "**/{id}/{id}_seg.nii*";
  for (const std::string id : {"B1", "B2", "B3"})
    for (const char* part : {"flair", "seg"}) add(concat("elsewhere/", id, "/", id, "_", part, ".nii.gz"));
  add("source/B0/B0_flair.nii.gz");
  for (const std::string id : {"B1", "B2"}) fs::create_directory_symlink(folder_ / "elsewhere" / id, folder_ / "source" / id);
  fs::create_directory_symlink("..", folder_ / "source/B0/up");
  fs::create_directory_symlink("B0", folder_ / "source/A0");  // the folder's own name counts
  fs::create_symlink("itself", folder_ / "source/itself");
  EXPECT_THAT(ids("source"), ElementsAre("B0", "B1+", "B2+"));
}

TEST_F(FilePatterns, PatternsThatMatchNothingAreWarnedOf) {
  facts_.images = {"**/{id}_flair.nii*"};
  add("source/a.nii");
  set_log_file((folder_ / "log.txt").string());
  EXPECT_THAT(ids("source"), ElementsAre());
  set_log_file("");
  EXPECT_THAT(read_text_file(folder_ / "log.txt"), HasSubstr("no file is called like **/{id}_flair.nii*, as brats files are"));
}

TEST_F(FilePatterns, AMissingChannelIsNamedAlsoWithoutNames) {
  facts_.images = {"{id}_a.nii", "{id}_b.nii"};
  for (const char* file : {"s/1_a.nii", "s/1_b.nii", "s/2_a.nii"}) add(file);
  EXPECT_THAT(testing::input_error_of([&] { ids("s"); }),
              HasSubstr("case '2' has no channel 1; expected a file like {id}_b.nii"));
  facts_.channels = {"T1"};
  EXPECT_THAT(testing::input_error_of([&] { ids("s"); }), HasSubstr("dataset.channels: 1 name; expected 2"));
  facts_.channels = {"T1", "T2"};
  EXPECT_THAT(testing::input_error_of([&] { ids("s"); }), HasSubstr("case '2' has no T2"));
}

}  // namespace tss::file_patterns_test
