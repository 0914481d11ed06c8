// The demo at two iterations: its page, running it again, and folders that are not its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::demo_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Demo, LeavesAPageAndContinuesOnlyItsOwnFolder) {
  const testing::TemporaryFolder folder;
  const std::string output = (folder / "demo").string();
  const auto demo = [&](const char* iterations) {
    return testing::run_textsemiseg({"demo", "--output", output, "--iterations", iterations});
  };

  const auto first = demo("2");
  ASSERT_EQ(first.exit_code, 0) << first.messages;
  EXPECT_THAT(first.output, HasSubstr("demo.html"));
  const std::string page = read_text_file(fs::path(output) / "demo.html");
  for (const char* part :
       {"supervised", "text_semiseg", "liver", "data:image/png;base64,", "<svg", "protocol", "<dt>text of liver</dt>"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("src=\"http"))) << "the page opens without a network";

  const fs::path checkpoint = fs::path(output) / "runs" / "text_semiseg" / "checkpoints" / "last.safetensors";
  const auto written = fs::last_write_time(checkpoint);
  const auto again = demo("2");
  EXPECT_EQ(again.exit_code, 0) << again.messages;
  EXPECT_EQ(fs::last_write_time(checkpoint), written) << "what is done is not done again";

  const auto longer = demo("3");
  EXPECT_EQ(longer.exit_code, 3);
  EXPECT_THAT(longer.messages, HasSubstr("demo.json"));
  EXPECT_EQ(fs::last_write_time(checkpoint), written);
}

TEST(Demo, LeavesAForeignFolderAlone) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "mine.txt", "keep");
  const auto result = testing::run_textsemiseg({"demo", "--output", folder.path().string(), "--iterations", "2"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.messages, HasSubstr("was not made by demo"));
  EXPECT_EQ(read_text_file(folder / "mine.txt"), "keep");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

}  // namespace tss::demo_test
