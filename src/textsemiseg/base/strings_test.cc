#include "textsemiseg/base/strings.h"

#include <gtest/gtest.h>

#include <locale>

#include "support/testing.h"
#include "textsemiseg/base/clock.h"

namespace tss::strings_test {

using testing::input_error_of;
using Words = std::vector<std::string>;

TEST(Strings, ConcatAndJoin) {
  EXPECT_EQ(concat("found ", 3, " of ", 5.5), "found 3 of 5.5");
  EXPECT_EQ(join(std::vector<int>{1, 2, 3}, " x "), "1 x 2 x 3");
  EXPECT_EQ(join(Words{}, ", "), "");
}

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(Strings, FixedIgnoresTheLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  EXPECT_EQ(fixed(0.5, 2), "0.50");
  std::locale::global(before);
  EXPECT_EQ(fixed(0.91345, 2), "0.91");
  EXPECT_EQ(fixed(-12345.678, 1), "-12345.7");
  EXPECT_EQ(fixed(2, 0), "2");
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,b,,c,", ','), (Words{"a", "b", "", "c", ""}));
  EXPECT_EQ(split("", ','), (Words{""}));
}

TEST(Strings, TrimCaseAndAffixes) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(to_lower_ascii("Left ATRIUM É"), "left atrium É");
  EXPECT_TRUE(starts_with("labelled", "label"));
  EXPECT_FALSE(starts_with("lab", "label"));
  EXPECT_TRUE(ends_with("a.nii.gz", ".gz"));
  EXPECT_FALSE(ends_with("gz", ".gz"));
}

TEST(Strings, WholeNumbersOnly) {
  EXPECT_EQ(parse_integer("--seed", "-42"), -42);
  EXPECT_EQ(parse_number("--rate", "1e-3"), 1e-3);
  EXPECT_EQ(parse_number("--rate", "7"), 7);
  for (const std::string bad : {"", " 1", "1 ", "1.5", "1x", "99999999999999999999", "+1"})
    EXPECT_EQ(input_error_of([&] { parse_integer("--seed", bad); }), "--seed: found '" + bad + "'; expected an integer");
  for (const std::string bad : {"", "1,5", "one", "1e"})
    EXPECT_EQ(input_error_of([&] { parse_number("--rate", bad); }), "--rate: found '" + bad + "'; expected a number");
}

TEST(Strings, CommaList) {
  EXPECT_EQ(comma_list("liver, left atrium ,x"), (Words{"liver", "left atrium", "x"}));
  EXPECT_EQ(comma_list("a,,b,"), (Words{"a", "", "b", ""}));
  EXPECT_EQ(comma_list(" "), Words{});
}

TEST(Strings, NearestWord) {
  const Words known{"supervised", "mc_net", "text_semiseg", "iterations"};
  EXPECT_EQ(nearest_word("iteration", known), "iterations");
  EXPECT_EQ(nearest_word("mcnet", known), "mc_net");
  EXPECT_EQ(nearest_word("text-semi-seg", known), "text_semiseg");
  EXPECT_EQ(nearest_word("transformer", known), "");
  EXPECT_EQ(did_you_mean("superviced", known), " (did you mean 'supervised'?)");
  EXPECT_EQ(did_you_mean("xyz", known), "");
  EXPECT_EQ(did_you_mean("xyz", {}), "");
}

TEST(Clock, Durations) {
  EXPECT_EQ(format_duration(0.4), "0 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(7800), "2 h 10 min");
  EXPECT_EQ(timestamp().size(), std::string("2025-01-01T00:00:00Z").size());
  EXPECT_EQ(timestamp().back(), 'Z');
}

}  // namespace tss::strings_test
