#include "textsemiseg/archive/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/testing.h"

namespace tss::gzip_test {
using ::testing::HasSubstr;

TEST(Gzip, ATextIsReadPackedAndPlainUpToALimit) {
  const testing::TemporaryFolder folder;
  const std::string text(100'000, 'x');
  write_text_file(folder / "packed.gz", gzip(text));
  write_text_file(folder / "plain.txt", text);
  EXPECT_EQ(read_gzip_text(folder / "packed.gz", text.size()), text);
  EXPECT_EQ(read_gzip_text(folder / "plain.txt", text.size()), text);
  const auto error = [&](const std::string& name, uint64_t most) {
    return testing::input_error_of([&] { read_gzip_text(folder / name, most); });
  };
  EXPECT_THAT(error("packed.gz", text.size() - 1), HasSubstr("packed.gz: inflates to more than"));
  EXPECT_THAT(error("none.gz", 10), HasSubstr("none.gz: cannot be opened"));
  write_text_file(folder / "cut.gz", gzip(text).substr(0, 60));
  EXPECT_THAT(error("cut.gz", text.size()), HasSubstr("cut.gz: is truncated or damaged"));
}

TEST(Gzip, WhatFollowsTheVoxelsIsBounded) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "x.gz", gzip("head" + std::string(1 << 20, '\0')));
  GzipReader file(folder / "x.gz");
  char head[4];
  EXPECT_EQ(file.read(head, sizeof head), 4u);
  EXPECT_THAT(testing::input_error_of([&] { file.skip_to_end(1000); }), HasSubstr("x.gz: goes on for more than 1000 bytes"));
}

// Opening one waits for a writer that never comes.
TEST(Gzip, APipeIsNoFile) {
  const testing::TemporaryFolder folder;
  const std::string pipe = folder / "pipe.gz";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(testing::input_error_of([&] { GzipReader file(pipe); }), HasSubstr("pipe.gz: is a pipe"));
}

TEST(Gzip, BareStreams) {
  const std::string text = "some text, some text, some text";
  const std::string packed = gzip(text), stream = packed.substr(10, packed.size() - 18);
  std::string out(100, '\0');
  Inflated whole = inflate_bare(stream, out.data(), out.size());
  EXPECT_TRUE(whole.ended);
  EXPECT_EQ(out.substr(0, whole.bytes), text);
  whole = inflate_bare(stream, out.data(), text.size());
  EXPECT_TRUE(whole.ended);
  EXPECT_EQ(whole.bytes, text.size());
  const Inflated part = inflate_bare(stream, out.data(), 9);
  EXPECT_FALSE(part.ended);
  EXPECT_EQ(out.substr(0, part.bytes), "some text");
  EXPECT_FALSE(inflate_bare(stream.substr(0, 5), out.data(), out.size()).ended);
  EXPECT_FALSE(inflate_bare("", out.data(), out.size()).ended);
}

}  // namespace tss::gzip_test
