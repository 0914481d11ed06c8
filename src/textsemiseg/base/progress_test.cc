#include "textsemiseg/base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress_line.h"

namespace tss::progress_test {

using ::testing::HasSubstr;
using ::testing::Not;

// Standard error of a test is no terminal here: plain, sparse lines.
std::string lines_of(int64_t total, int64_t start, int64_t last) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("train", total, start);
    for (int64_t i = start + 1; i <= last; ++i) progress.update(i, "loss 0.41");
  }
  return ::testing::internal::GetCapturedStderr();
}

TEST(Progress, OneLineAtTheEndOfAShortRun) {
  const std::string text = lines_of(1000, 0, 1000);
  EXPECT_THAT(text, HasSubstr("train 1000/1000  in 0 s  loss 0.41"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, UnfinishedShortRunsAndEmptyOnesAreQuiet) {
  EXPECT_EQ(lines_of(1000, 0, 999), "");
  EXPECT_EQ(lines_of(0, 0, 0), "");
}

TEST(Progress, ResumedRunsCountFromWhereTheyStood) { EXPECT_THAT(lines_of(10, 8, 10), HasSubstr("10/10")); }

TEST(Progress, ABarAndAMessageDoNotShareALine) {
  ::testing::internal::CaptureStderr();
  draw_progress_line("train [##..] 2/4");
  log_warning("the loss rises");
  draw_progress_line("train [###.] 3/4");
  end_progress_line();
  log_info("done");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "\r\033[Ktrain [##..] 2/4\r\033[Kwarning: the loss rises\n\r\033[Ktrain [###.] 3/4\ninfo: done\n");
}

TEST(Log, LevelsAndFile) {
  testing::TemporaryFolder folder;
  ::testing::internal::CaptureStderr();
  set_log_file((folder / "run.log").string());
  log_debug("hidden");
  log_info("braces {} stay");
  set_log_level(LogLevel::kQuiet);
  log_info("quiet");
  log_warning("loud");
  set_log_level(LogLevel::kNormal);
  set_log_file("");
  log_info("only on the screen");
  const std::string screen = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(screen, HasSubstr("braces {} stay"));
  EXPECT_THAT(screen, HasSubstr("warning: loud"));
  EXPECT_THAT(screen, Not(HasSubstr("hidden")));
  EXPECT_THAT(screen, Not(HasSubstr("quiet")));
  const std::string file = read_text_file(folder / "run.log");
  EXPECT_THAT(file, HasSubstr("warning: loud"));
  EXPECT_THAT(file, Not(HasSubstr("only on the screen")));
  EXPECT_THAT(testing::input_error_of([&] { set_log_file((folder / "run.log/a").string()); }),
              HasSubstr("cannot be opened for writing"));
}

}  // namespace tss::progress_test
