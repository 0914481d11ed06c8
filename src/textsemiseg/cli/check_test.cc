#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <limits>
#include <sstream>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/cli/program.h"

namespace tss::check_test {

using ::testing::HasSubstr;
using ::testing::Not;

// What a verb prints, and its error.
struct Outcome {
  std::string text, error;
  ExitCode code = ExitCode::kDone;
};

Outcome run(const std::vector<std::string>& words) {
  Outcome out;
  std::ostringstream text;
  std::streambuf* before = std::cout.rdbuf(text.rdbuf());
  try {
    run_verb(words);
  } catch (const Error& error) {
    out.error = error.what();
    out.code = error.code();
  }
  std::cout.rdbuf(before);
  out.text = text.str();
  return out;
}

class CheckVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kQuiet);
    testing::write_msd(source(), 4, 4);
  }
  std::string source() const { return (folder_ / "source").string(); }
  testing::TemporaryFolder folder_;
};

TEST_F(CheckVerb, PrintsAnOverviewAndPasses) {
  const Outcome out = run({"check", "--source", source()});
  EXPECT_EQ(out.code, ExitCode::kDone) << out.error;
  EXPECT_THAT(out.text, HasSubstr("4 cases, 4 with a label"));
  EXPECT_THAT(out.text, HasSubstr("0 errors, 0 warnings: nothing here makes training unsound"));
  EXPECT_THAT(out.text, Not(HasSubstr("\033")));  // no colours outside a terminal
}

TEST_F(CheckVerb, EndsWithThreeAndWritesWhatItFound) {
  Image image = testing::noise_image({10, 9, 8}, 0);
  image.voxels[0] = std::numeric_limits<float>::quiet_NaN();
  write_image(folder_ / "source/imagesTr/case_00.nii.gz", image);
  const std::string file = (folder_ / "found.json").string();
  const Outcome out = run({"check", "--source", source(), "--out", file, "--fix", (folder_ / "fixed").string()});
  EXPECT_EQ(out.code, ExitCode::kBadInput);
  EXPECT_THAT(out.error, HasSubstr("1 error: non_finite in case_00"));
  EXPECT_THAT(out.text, HasSubstr("imagesTr/case_00.nii.gz holds 1 voxel that is NaN or infinite"));
  EXPECT_THAT(out.text, Not(HasSubstr(source())));  // paths are those within the folder
  EXPECT_EQ(read_json(file).at("errors"), 1);
  // What was corrected passes.
  const Outcome fixed = run({"check", "--source", (folder_ / "fixed").string(), "--json"});
  EXPECT_EQ(fixed.code, ExitCode::kDone);
  EXPECT_EQ(Json::parse(fixed.text).at("sound"), true);
}

TEST_F(CheckVerb, NeedsOneFolder) {
  EXPECT_EQ(run({"check"}).code, ExitCode::kUsage);
  EXPECT_EQ(run({"check", "--source", source(), "--split", "fold_0"}).code, ExitCode::kUsage);
}

}  // namespace tss::check_test
