#include "textsemiseg/base/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/testing.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"

namespace tss::messages_test {

using Json = nlohmann::ordered_json;

std::vector<Json> events_of(const std::function<void()>& action) {
  ::testing::internal::CaptureStderr();
  set_message_format(MessageFormat::kJson);
  action();
  set_message_format(MessageFormat::kText);
  std::vector<Json> out;
  std::istringstream text(::testing::internal::GetCapturedStderr());
  for (std::string line; std::getline(text, line);) out.push_back(Json::parse(line));  // every line is an object
  return out;
}

TEST(Messages, AreOneJsonObjectALine) {
  testing::TemporaryFolder folder;
  set_log_file((folder / "run.log").string());
  const auto events = events_of([] {
    log_info("a \"quoted\" line\nwith {} and \xff");
    log_debug("hidden");
    log_error("bad");
    log_event("case", {{"case", "p1"}, {"ml", 3.5}});
  });
  set_log_file("");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["event"], "message");
  EXPECT_EQ(events[0]["level"], "info");
  EXPECT_EQ(events[0]["text"].get<std::string>().substr(0, 28), "a \"quoted\" line\nwith {} and ");
  EXPECT_EQ(events[0]["time"].get<std::string>().back(), 'Z');
  EXPECT_EQ(events[1]["level"], "error");
  EXPECT_EQ(events[2]["event"], "case");
  EXPECT_EQ(events[2]["ml"], 3.5);
  EXPECT_NE(read_text_file(folder / "run.log").find("error: bad"), std::string::npos);  // the log file stays text
}

TEST(Messages, QuietKeepsWarningsAlone) {
  const auto events = events_of([] {
    set_log_level(LogLevel::kQuiet);
    log_info("no");
    log_event("case", {{"case", "p1"}});
    Progress("work", 2).update(2);
    log_warning("yes");
    set_log_level(LogLevel::kNormal);
  });
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["text"], "yes");
  ::testing::internal::CaptureStderr();
  set_log_level(LogLevel::kQuiet);
  Progress("work", 2).update(2);
  set_log_level(LogLevel::kNormal);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Messages, ProgressIsAnEvent) {
  const auto events = events_of([] {
    Progress progress("predicting", 2);
    progress.update(1, "first");  // within half a second of the start: left out
    progress.update(2, "last");
  });
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["event"], "progress");
  EXPECT_EQ(events[0]["title"], "predicting");
  EXPECT_EQ(events[0]["done"], 2);
  EXPECT_EQ(events[0]["share"], 1.0);
  EXPECT_EQ(events[0]["note"], "last");
}

TEST(Messages, AListenerGetsTheProgress) {
  std::vector<double> shares;
  set_progress_listener([&](const ProgressState& state) { shares.push_back(state.share); });
  ::testing::internal::CaptureStderr();
  {
    Progress progress("predicting", 4);
    ::usleep(520000);
    progress.within(0.5);
    progress.update(4);
    progress.within(0.5);  // there is no unit under way
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  set_progress_listener({});
  EXPECT_THAT(shares, ::testing::ElementsAre(0.125, 1.0));
}

TEST(Messages, ColoursFollowTheVariables) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const auto wanted = [&](const char* no_color, const char* force) {
    no_color ? ::setenv("NO_COLOR", no_color, 1) : ::unsetenv("NO_COLOR");
    force ? ::setenv("CLICOLOR_FORCE", force, 1) : ::unsetenv("CLICOLOR_FORCE");
    return colours_wanted(pipe_ends[1]);
  };
  EXPECT_FALSE(wanted(nullptr, nullptr));  // no terminal
  EXPECT_TRUE(wanted(nullptr, "1"));
  EXPECT_FALSE(wanted(nullptr, "0"));
  EXPECT_FALSE(wanted("1", "1"));
  EXPECT_TRUE(wanted("", "1"));  // an empty NO_COLOR says nothing
  wanted(nullptr, nullptr);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace tss::messages_test
