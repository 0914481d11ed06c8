#include "textsemiseg/base/csv.h"

#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::csv_test {

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, ReadsWhatItWrites) {
  const Rows rows{{"a", "b,c", "say \"x\""}, {"", "two\nlines", "ä"}, {"", "", ""}};
  std::string text;
  for (const auto& row : rows) text += csv_line(row);
  EXPECT_EQ(text, "a,\"b,c\",\"say \"\"x\"\"\"\n,\"two\nlines\",ä\n,,\n");
  EXPECT_EQ(parse_csv(text, "f.csv"), rows);
}

TEST(Csv, NoCellIsAFormulaAndAllComeBack) {
  const Rows rows{{"=1+1", "+cmd|' /C calc'!A0", "-a", "@SUM(A1)", "\t=1", "\r=1", "\n=1"},
                  {"'=1", "''=1", "'", "'tis", "=\"a,b\"", "-", "'-1"},
                  {"-1", "+2.5", "-1e-300", "1e999", "-inf", "case-1", "a=b"}};
  std::string text;
  for (const auto& row : rows) text += csv_line(row);
  EXPECT_EQ(text,
            "'=1+1,'+cmd|' /C calc'!A0,'-a,'@SUM(A1),'\t=1,\"'\r=1\",\"'\n=1\"\n"
            "''=1,'''=1,','tis,\"'=\"\"a,b\"\"\",'-,''-1\n"
            "-1,+2.5,-1e-300,1e999,-inf,case-1,a=b\n");
  EXPECT_EQ(parse_csv(text, "f.csv"), rows);
  EXPECT_EQ(parse_csv("=1+1,-a\n", "f.csv"), (Rows{{"=1+1", "-a"}})) << "files of earlier versions";
}

TEST(Csv, LineEndsOfWindowsAndNoLastLineBreak) {
  EXPECT_EQ(parse_csv("a,b\r\n1,2", "f.csv"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_TRUE(parse_csv("", "f.csv").empty());
}

TEST(Csv, ErrorsNameTheLine) {
  const auto error = [](const char* text) { return testing::input_error_of([&] { parse_csv(text, "f.csv"); }); };
  EXPECT_EQ(error("a,b\n1\n"), "f.csv, line 2: has 1 cells; expected 2, as the first line");
  EXPECT_EQ(error("a,b\n\"x\n1,2\n"), "f.csv, line 2: has a quote that never ends; expected a closing quote");
  EXPECT_EQ(error("a\n\"x\"y\n"), "f.csv, line 2: has text after a closing quote; expected a comma or the end of the line");
}

}  // namespace tss::csv_test
