// `run` with seconds for the training: what it leaves, that it goes on where it stopped, and folders that are not its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/dataset/phantom.h"

namespace tss::run_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Run, FromScansToANetworkAndAPage) {
  const testing::TemporaryFolder folder;
  PhantomOptions scans;
  scans.labelled = 5;
  scans.unlabelled = 4;
  scans.test = 2;
  write_phantom(folder / "scans", scans);
  const fs::path output = folder / "out";
  const auto run = [&](const char* hours) {
    return testing::run_textsemiseg(
        {"run", "--source", (folder / "scans").string(), "--output", output.string(), "--hours", hours});
  };
  const auto first = run("0.002");
  ASSERT_EQ(first.exit_code, 0) << first.messages;
  EXPECT_THAT(first.output, HasSubstr("report.html"));
  EXPECT_THAT(first.messages, HasSubstr("$ textsemiseg check --source"));
  EXPECT_THAT(first.messages, HasSubstr("$ textsemiseg train --dataset"));
  EXPECT_THAT(first.messages, HasSubstr("method: "));
  const std::string page = read_text_file(output / "report.html");
  EXPECT_THAT(page, HasSubstr("What was decided, and why"));
  const Json config = read_toml(output / "run" / "config.toml");
  EXPECT_EQ(config.at("preset"), "strong");
  const fs::path checkpoint = output / "run" / "checkpoints" / "last.safetensors";
  const auto written = fs::last_write_time(checkpoint);

  const auto again = run("0.002");
  EXPECT_EQ(again.exit_code, 0) << again.messages;
  EXPECT_THAT(again.messages, HasSubstr("is trained"));
  EXPECT_THAT(again.messages, Not(HasSubstr("$ textsemiseg check"))) << "what was decided stays";
  EXPECT_EQ(fs::last_write_time(checkpoint), written);

  const auto longer = run("1");
  EXPECT_EQ(longer.exit_code, 3);
  EXPECT_THAT(longer.messages, HasSubstr("asked.json: a run with other options"));
  EXPECT_EQ(fs::last_write_time(checkpoint), written);
}

TEST(Run, RefusesInOneLine) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "mine.txt", "keep");
  const fs::path scans = folder / "scans";
  fs::create_directories(scans);
  const auto foreign = testing::run_textsemiseg({"run", "--source", scans.string(), "--output", folder.path().string()});
  EXPECT_EQ(foreign.exit_code, 3);
  EXPECT_THAT(foreign.messages, HasSubstr("was not made by run"));
  const auto nothing =
      testing::run_textsemiseg({"run", "--source", (folder / "none").string(), "--output", (folder / "o").string()});
  EXPECT_EQ(nothing.exit_code, 3);
  EXPECT_THAT(nothing.messages, HasSubstr("is not a folder"));
  const auto method = testing::run_textsemiseg(
      {"run", "--source", scans.string(), "--output", (folder / "o").string(), "--method", "supervized"});
  EXPECT_EQ(method.exit_code, 3);
  EXPECT_THAT(method.messages, HasSubstr("supervized"));
  EXPECT_FALSE(fs::exists(folder / "o"));
}

TEST(Run, OtherOptionsUntilSomethingIsMade) {
  const testing::TemporaryFolder folder;
  const fs::path scans = folder / "scans", output = folder / "out";
  fs::create_directories(scans);
  const auto run = [&](const char* hours) {
    return testing::run_textsemiseg({"run", "--source", scans.string(), "--output", output.string(), "--hours", hours});
  };
  EXPECT_EQ(run("1").exit_code, 3) << "there is no scan";
  const auto second = run("2");
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.messages, Not(HasSubstr("other options")));
  EXPECT_EQ(read_json(output / "asked.json").at("hours"), 2);
}

}  // namespace tss::run_test
