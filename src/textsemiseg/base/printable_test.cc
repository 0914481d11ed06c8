#include "textsemiseg/base/printable.h"

#include <gtest/gtest.h>

#include <ostream>
#include <sstream>

#include "support/testing.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/progress.h"

namespace tss::printable_test {

TEST(Printable, WhatATerminalWouldObeyIsShown) {
  EXPECT_EQ(printable("\x1b[31mred\x07 and\nmore\r"), "\\x1b[31mred\\x07 and\\nmore\\r");
  EXPECT_EQ(printable("a\x7f\xc2\x9b"), "a\\x7f\\u009b") << "DEL, and the single letter that begins a sequence";
  EXPECT_EQ(printable("abc\xe2\x80\xae"
                      "gpj.exe\xe2\x81\xa9"),
            "abc\\u202egpj.exe\\u2069")
      << "reading direction";
  EXPECT_EQ(printable("\xef\xbb\xbfid\xe2\x80\xa8"), "\\ufeffid\\u2028");
  EXPECT_EQ(printable(std::string("nul\0.", 5)), "nul\\x00.");
}

TEST(Printable, WordsOfAnyLanguageStay) {
  const std::string text = "Leber, gauche – 肝臓 כבד 🫀\ttab \\n";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, BytesThatAreNotUtf8AreShown) {
  EXPECT_EQ(printable("b\xe4r \xe2\x82"), "b\\xe4r \\xe2\\x82");
  EXPECT_FALSE(is_utf8("b\xe4r"));
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x80\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "half of a pair";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond Unicode";
  EXPECT_TRUE(is_utf8("é肝🫀\xf4\x8f\xbf\xbf"));
}

TEST(Printable, ErrorsAreOneLineWhateverTheyQuote) {
  const InputError error("scan.npz", "record '\nu\x1b[2J\xff.npy' lies outside the file", "a complete zip archive");
  EXPECT_STREQ(error.what(), "scan.npz: record '\\nu\\x1b[2J\\xff.npy' lies outside the file; expected a complete zip archive");
}

TEST(Printable, StreamsKeepLinesAndCharacters) {
  std::ostringstream to;
  PrintableLines lines(*to.rdbuf());
  std::ostream out(&lines);
  out << "one \x1b]0;title\x07\ntw";
  out << "\xc3" << std::flush;  // the first byte of é
  EXPECT_EQ(to.str(), "one \\x1b]0;title\\x07\ntw");
  out << "\xa9\n";
  EXPECT_EQ(to.str(), "one \\x1b]0;title\\x07\ntw\xc3\xa9\n");
}

TEST(Printable, MessagesAndProgressAreMadeSo) {
  testing::TemporaryFolder folder;
  set_log_file((folder / "run.log").string());
  ::testing::internal::CaptureStderr();
  log_warning(
      "scans/\x1b]0;owned\x07.nii: \xc2\x9b"
      "31m");
  Progress("reading", 1).update(1, "case\x1b[2J\n1");
  const std::string text = ::testing::internal::GetCapturedStderr();
  set_log_file("");
  EXPECT_EQ(text, "warning: scans/\\x1b]0;owned\\x07.nii: \\u009b31m\ninfo: reading 1/1  in 0 s  case\\x1b[2J\\n1\n");
  EXPECT_EQ(read_text_file(folder / "run.log").find('\x1b'), std::string::npos);
}

}  // namespace tss::printable_test
