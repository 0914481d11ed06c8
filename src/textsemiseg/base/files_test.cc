#include "textsemiseg/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "support/testing.h"

namespace tss::files_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::input_error_of;

long files_in(const fs::path& folder) { return std::distance(fs::directory_iterator(folder), {}); }

TEST(Files, TextComesBackByteForByte) {
  testing::TemporaryFolder folder;
  const std::string text("a\r\n\0\xff é", 9);
  write_text_file(folder / "deep/er/a.txt", text);
  EXPECT_EQ(read_text_file(folder / "deep/er/a.txt"), text);
  write_text_file(folder / "deep/er/a.txt", "shorter");
  EXPECT_EQ(read_text_file(folder / "deep/er/a.txt"), "shorter");
  EXPECT_EQ(files_in(folder / "deep/er"), 1);
}

TEST(Files, AnErrorLeavesTheOldFileAndNothingElse) {
  testing::TemporaryFolder folder;
  const fs::path file = folder / "a.txt";
  write_text_file(file, "old");
  EXPECT_THROW(write_atomically(file,
                                [](const fs::path& temporary) {
                                  write_text_file(temporary, "half");
                                  throw std::runtime_error("power cut");
                                }),
               std::runtime_error);
  EXPECT_EQ(read_text_file(file), "old");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(Files, TheWriterGetsANameBesideTheTargetWithItsExtension) {
  testing::TemporaryFolder folder;
  write_atomically(folder / "a.nii.gz", [&](const fs::path& temporary) {
    EXPECT_EQ(temporary.parent_path(), folder.path());
    EXPECT_NE(temporary.filename(), "a.nii.gz");
    EXPECT_THAT(temporary.string(), ::testing::EndsWith("a.nii.gz"));
    EXPECT_FALSE(fs::exists(folder / "a.nii.gz"));
    write_text_file(temporary, "x");
  });
  EXPECT_EQ(read_text_file(folder / "a.nii.gz"), "x");
}

TEST(Files, TheFileBehindALinkIsWrittenAndTheLinkStays) {
  testing::TemporaryFolder folder;
  fs::create_directory(folder / "real");
  write_text_file(folder / "real/a.txt", "old");
  fs::create_symlink("real/a.txt", folder / "link");
  fs::create_symlink("link", folder / "link of a link");
  write_text_file(folder / "link of a link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link of a link"));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_text_file(folder / "real/a.txt"), "new");
  fs::create_symlink("real/none yet", folder / "dangling");
  write_text_file(folder / "dangling", "made");
  EXPECT_EQ(read_text_file(folder / "real/none yet"), "made");
}

TEST(Files, DevicesAndPipesAreWrittenThroughAndStay) {
  testing::TemporaryFolder folder;
  write_text_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(input_error_of([] { write_text_file("/dev/full", "x"); }),
              HasSubstr("/dev/full: cannot be written (No space left"));
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] {
    std::ifstream in(pipe);
    std::getline(in, got);
  });
  write_text_file(pipe, "through");
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(Files, WhatAKilledWriterLeftGoesWithTheNextWrite) {
  testing::TemporaryFolder folder;
  const auto killed = [&](const char* name) {
    const int child = ::fork();
    if (child == 0) {
      write_atomically(folder / name, [](const fs::path&) { ::_exit(0); });
    }
    ::waitpid(child, nullptr, 0);
  };
  killed("a.txt");
  EXPECT_EQ(files_in(folder.path()), 1);
  write_text_file(folder / "c.txt", "x");
  EXPECT_EQ(files_in(folder.path()), 1);
  EXPECT_TRUE(fs::exists(folder / "c.txt"));
}

TEST(Files, ALiveWritersFileStaysThroughTheWritesOfOthers) {
  testing::TemporaryFolder folder;
  write_atomically(folder / "a.txt", [&](const fs::path& temporary) {
    const int child = ::fork();
    if (child == 0) {
      write_text_file(folder / "b.txt", "x");
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(fs::exists(temporary));
    write_text_file(temporary, "whole");
  });
  EXPECT_EQ(read_text_file(folder / "a.txt"), "whole");
}

TEST(Files, ClearWords) {
  testing::TemporaryFolder folder;
  EXPECT_THAT(input_error_of([&] { read_text_file(folder / "none"); }),
              HasSubstr("none: cannot be opened; expected a readable file"));
  EXPECT_THAT(input_error_of([&] { read_text_file(folder.path()); }), HasSubstr("is a folder"));
  write_text_file(folder / "plain", "x");
  EXPECT_THAT(input_error_of([&] { write_text_file(folder / "plain/a", "x"); }), HasSubstr("plain/a: cannot be written"));
  fs::create_directory(folder / "taken");
  write_text_file(folder / "taken/inside", "x");
  EXPECT_THAT(input_error_of([&] { write_text_file(folder / "taken", "x"); }), HasSubstr("taken: cannot be written"));
  EXPECT_EQ(read_text_file(folder / "taken/inside"), "x");
}

TEST(Files, OnlyRegularFilesOfAReasonableSizeAreRead) {
  testing::TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(input_error_of([&] { read_text_file(pipe); }), HasSubstr("pipe: is a pipe; expected a regular file"));
  EXPECT_EQ(input_error_of([] { read_text_file("/dev/zero"); }), "/dev/zero: is a device; expected a regular file");
  const fs::path large = folder / "large";
  write_text_file(large, "x");
  fs::resize_file(large, (16 << 20) + 1);
  EXPECT_THAT(input_error_of([&] { read_text_file(large); }),
              HasSubstr("large: is larger than 16 MB; expected a text file of at most that size"));
  EXPECT_EQ(read_text_file(large, kMostJsonBytes).size(), (16u << 20) + 1);
  fs::resize_file(large, 16 << 20);
  EXPECT_EQ(read_text_file(large).size(), 16u << 20);
  fs::create_symlink(large, folder / "link");
  EXPECT_NO_THROW(require_regular_file(folder / "link"));
  EXPECT_FALSE(read_text_file("/proc/self/status").empty()) << "its size is said to be 0";
}

TEST(Files, TheLongestNamesCanBeWritten) {
  testing::TemporaryFolder folder;
  std::string name = "é";
  name += std::string(255 - name.size() - 7, 'x') + ".nii.gz";
  write_atomically(folder / name, [&](const fs::path& temporary) {
    EXPECT_THAT(temporary.string(), ::testing::EndsWith("x.nii.gz"));
    write_text_file(temporary, "x");
  });
  EXPECT_EQ(read_text_file(folder / name), "x");
  EXPECT_EQ(files_in(folder.path()), 1);
  name.insert(0, "x");
  EXPECT_THAT(input_error_of([&] { write_text_file(folder / name, "x"); }), HasSubstr("cannot be written (File name too long)"));
  EXPECT_EQ(files_in(folder.path()), 1) << "nothing stays behind";
}

TEST(Files, HashIsFnv1a) {
  EXPECT_EQ(hash_bytes(""), 0xcbf29ce484222325u);
  EXPECT_EQ(hash_bytes("foobar"), 0x85944171f73967e8u);  // from the authors' page of test values
  EXPECT_EQ(hash_bytes("bar", hash_bytes("foo")), hash_bytes("foobar"));
  EXPECT_EQ(hex(0x85944171f73967e8u), "85944171f73967e8");
  EXPECT_EQ(hex(10), "000000000000000a");
}

}  // namespace tss::files_test
