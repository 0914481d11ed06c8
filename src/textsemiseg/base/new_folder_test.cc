#include "textsemiseg/base/new_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::new_folder_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::input_error_of;

auto names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

TEST(NewFolder, AppearsWithEverythingInIt) {
  testing::TemporaryFolder folder;
  {
    NewFolder made(folder / "above/made");
    write_text_file(made.path() / "a.txt", "x");
    EXPECT_FALSE(fs::exists(folder / "above/made"));
    made.finish();
  }
  EXPECT_EQ(read_text_file(folder / "above/made/a.txt"), "x");
  EXPECT_THAT(names_in(folder / "above"), ::testing::ElementsAre("made"));
}

TEST(NewFolder, LeavesNothingUnlessFinished) {
  testing::TemporaryFolder folder;
  {
    NewFolder made(folder / "made");
    write_text_file(made.path() / "a.txt", "x");
  }
  EXPECT_THAT(names_in(folder.path()), ::testing::IsEmpty());
}

TEST(NewFolder, DoesNotReplaceOneThatHoldsSomething) {
  testing::TemporaryFolder folder;
  write_text_file(folder / "made/b.txt", "y");
  EXPECT_THAT(input_error_of([&] {
                NewFolder made(folder / "made");
                made.finish();
              }),
              HasSubstr("made: cannot be made (Directory not empty)"));
  EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("made"));
  write_text_file(folder / "file", "y");
  EXPECT_THAT(input_error_of([&] { NewFolder made(folder / "file/made"); }),
              HasSubstr("file/made: cannot be made (Not a directory)"));
}

TEST(NewFolder, WhatAKilledProcessLeftGoesWithTheNextOne) {
  testing::TemporaryFolder folder;
  const int child = ::fork();
  if (child == 0) {
    const NewFolder made(folder / "made");
    write_text_file(made.path() / "a.txt", "x");
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(names_in(folder.path()).size(), 1u);
  NewFolder(folder / "made").finish();
  EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("made"));
}

}  // namespace tss::new_folder_test
