#include "textsemiseg/base/folder_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <thread>

#include "support/testing.h"
#include "textsemiseg/base/config.h"

namespace tss::folder_lock_test {

namespace fs = std::filesystem;

// Runs in a process of its own; its result is the exit code.
template <class Action>
int in_child(const Action& action) {
  const int pid = ::fork();
  if (pid == 0) ::_exit(action());
  return pid;
}
int wait_for(int pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class Lock : public ::testing::Test {
 protected:
  // As another machine would have left it, its last sign of life `age` seconds ago.
  void write_foreign(double age) {
    write_json(path_, Json{{"host", "elsewhere"}, {"pid", 1}, {"token", "t0"}, {"machine", "other"}, {"since", "then"}});
    fs::last_write_time(path_, fs::last_write_time(path_) - std::chrono::milliseconds(static_cast<int64_t>(1000 * age)));
  }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(path_.parent_path()), {})); }

  testing::TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "locks" / "a-seed0.lock";
};

TEST_F(Lock, IsHeldByOneProcessAtATime) {
  auto lock = FolderLock::acquire(path_, 60);
  ASSERT_TRUE(lock);
  EXPECT_EQ(read_lock(path_)->pid, ::getpid());
  EXPECT_EQ(wait_for(in_child([&] { return FolderLock::acquire(path_, 60) ? 1 : 0; })), 0);
  EXPECT_TRUE(lock->refresh());
  lock.reset();
  EXPECT_FALSE(read_lock(path_));
  EXPECT_EQ(files(), 0u) << "nothing is left behind";
  EXPECT_EQ(wait_for(in_child([&] { return FolderLock::acquire(path_, 60) ? 1 : 0; })), 1);
}

TEST_F(Lock, OneOfManyWinsAFreeLockAndAStaleOne) {
  for (const bool stale : {false, true}) {
    if (stale) write_foreign(1000);
    std::array<int, 8> children{};
    for (int& child : children)
      child = in_child([&] {
        const auto lock = FolderLock::acquire(path_, 60);
        std::this_thread::sleep_for(std::chrono::seconds(1));  // all the others try meanwhile
        return lock ? 1 : 0;
      });
    int winners = 0;
    for (const int child : children) winners += wait_for(child);
    EXPECT_EQ(winners, 1) << (stale ? "stale" : "free");
    fs::remove(path_);
  }
}

TEST_F(Lock, OfAnotherMachineLivesAsLongAsItIsRefreshed) {
  write_foreign(30);
  EXPECT_FALSE(FolderLock::acquire(path_, 60));
  EXPECT_TRUE(FolderLock::acquire(path_, 20));
}

TEST_F(Lock, OfAKilledProcessHereIsFreeAtOnce) {
  const int child = in_child([&] {
    const auto lock = FolderLock::acquire(path_, 60);
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
  ASSERT_TRUE(read_lock(path_));
  EXPECT_TRUE(FolderLock::acquire(path_, 3600));
}

TEST_F(Lock, IsLostToWhoeverTookItOver) {
  auto mine = FolderLock::acquire(path_, 60);
  ASSERT_TRUE(mine);
  write_foreign(0);
  EXPECT_FALSE(mine->refresh());
  mine.reset();
  EXPECT_TRUE(fs::exists(path_)) << "the other's lock stays";
}

TEST_F(Lock, AgesAreThoseOfTheFileSystem) {
  write_foreign(100);
  EXPECT_NEAR(read_lock(path_)->age, 100, 5);
}

}  // namespace tss::folder_lock_test
