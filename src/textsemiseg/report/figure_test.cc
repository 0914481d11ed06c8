#include "textsemiseg/report/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/report/text_drawing.h"

namespace tss::figure_test {

using ::testing::HasSubstr;
using ::testing::Not;

size_t occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

Figure example() {
  Geometry geometry;
  geometry.size = {30, 40, 8};
  LabelMap labels(geometry);
  for (int64_t x = 8; x < 16; ++x)
    for (int64_t y = 10; y < 30; ++y) labels(x, y, 3) = y < 20 ? 1 : 2;
  Figure figure;
  figure.columns = {"supervised", "text & more"};
  figure.class_names = {"background", "head", "tail"};
  figure.rows = {{"case <1>", Image(geometry, 1), labels, {labels, LabelMap()}, {"Dice 80.0 %", "no prediction"}}};
  return figure;
}

TEST(Figure, SvgHasOutlinesOfBothAndWords) {
  const testing::TemporaryFolder folder;
  write_figure(folder / "figure.svg", example());
  const std::string svg = read_text_file(folder / "figure.svg");
  for (const char* word :
       {"supervised", "text &amp; more", "case &lt;1&gt;", "Dice 80.0 %", "no prediction", "head", "tail", "dashed"})
    EXPECT_THAT(svg, HasSubstr(word));
  EXPECT_EQ(occurrences(svg, "<image"), 1u) << "the row without a prediction has a blank cell";
  EXPECT_EQ(occurrences(svg, "stroke-dasharray"), 2u) << "two classes of the reference";
  EXPECT_EQ(occurrences(svg, "<path"), 2u + 2u + 2u) << "prediction, reference, key";
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(Figure, PngHasThreePixelsAUnit) {
  const testing::TemporaryFolder folder;
  Figure figure = example();
  write_figure(folder / "figure.png", figure);
  const std::string small = read_text_file(folder / "figure.png");
  EXPECT_EQ(small.substr(1, 3), "PNG");
  const auto height = [](const std::string& png) { return static_cast<uint8_t>(png[22]) * 256 + static_cast<uint8_t>(png[23]); };
  figure.cell += 50;
  write_figure(folder / "larger.png", figure);
  EXPECT_EQ(height(read_text_file(folder / "larger.png")), height(small) + 150);
}

TEST(Figure, OtherExtensionsAreRefused) {
  EXPECT_THAT(testing::input_error_of([] { write_figure("figure.jpg", example()); }), HasSubstr("expected .png or .svg"));
}

TEST(TextDrawing, WordsHaveWidthAndInk) {
  EXPECT_GT(text_width("hippocampus", 20), text_width("hippo", 20));
  EXPECT_NEAR(text_width("ä", 20), text_width("a", 20), 1);
  RgbImage picture(60, 20);
  draw_text(picture, 2, 15, 14, {255, 255, 255}, "Dice");
  const auto lit = std::count_if(picture.pixels.begin(), picture.pixels.end(), [](const Rgb& pixel) { return pixel.red > 128; });
  EXPECT_GT(lit, 40);
  EXPECT_LT(lit, 400);
  draw_text(picture, 50, 15, 14, {255, 0, 0}, "beyond the edge \xff");
}

}  // namespace tss::figure_test
