#include "textsemiseg/study/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "support/testing.h"

namespace tss::child_process_test {

using ::testing::HasSubstr;

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

int code_of(ChildProcess& child) {
  std::optional<int> code;
  return eventually([&] { return (code = child.poll()).has_value(); }) ? *code : -1;
}

TEST(ChildProcess, LeavesCodeAndOutput) {
  const testing::TemporaryFolder folder;
  const auto log = folder / "logs/x.log";
  for (const char* text : {"echo one; exit 3", "echo two >&2; exit 0", "kill -9 $$"}) {
    ChildProcess child("/bin/sh", {"-c", text}, log);
    const int code = code_of(child);
    EXPECT_EQ(code, std::string(text).find("one") != std::string::npos   ? 3
                    : std::string(text).find("two") != std::string::npos ? 0
                                                                         : 137);
  }
  EXPECT_EQ(read_text_file(log), "one\ntwo\n");
  ChildProcess none("/nowhere/program", {}, log);
  EXPECT_EQ(code_of(none), 127);
  EXPECT_EQ(describe_exit(3), "exit code 3");
  EXPECT_EQ(describe_exit(137), "killed by signal 9 (out of memory?)");
}

TEST(ChildProcess, IsStoppedByItsOwner) {
  const testing::TemporaryFolder folder;
  ChildProcess child("/bin/sh", {"-c", "trap 'echo bye; exit 130' TERM; echo ready; while :; do sleep 0.05; done"},
                     folder / "log");
  ASSERT_TRUE(eventually([&] { return read_text_file(folder / "log") == "ready\n"; }));
  EXPECT_EQ(::getpgid(child.pid()), child.pid()) << "Ctrl-C in the terminal is the parent's to pass on";
  EXPECT_FALSE(child.poll());
  child.stop();
  EXPECT_EQ(code_of(child), 130);
  EXPECT_THAT(read_text_file(folder / "log"), HasSubstr("bye"));
}

TEST(ChildProcess, DoesNotOutliveAParentThatIsKilled) {
  const testing::TemporaryFolder folder;
  const auto log = folder / "log";
  const int parent = ::fork();
  if (parent == 0) {
    const ChildProcess child("/bin/sh", {"-c", "trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done"}, log);
    ::pause();
  }
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(log) && read_text_file(log) == "ready\n"; }));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return read_text_file(log) == "ready\nbye\n"; }));
}

}  // namespace tss::child_process_test
