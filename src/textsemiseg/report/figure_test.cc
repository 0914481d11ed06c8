#include "textsemiseg/report/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/testing.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/report/canvas.h"

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

int64_t pixels_with(const RgbImage& picture, bool (*is)(const Rgb&)) {
  return std::count_if(picture.pixels.begin(), picture.pixels.end(), is);
}

TEST(Canvas, WordsHaveWidthAndInk) {
  EXPECT_GT(Canvas::width_of("hippocampus", 20), Canvas::width_of("hippo", 20));
  EXPECT_NEAR(Canvas::width_of("ä", 20), Canvas::width_of("a", 20), 1);
  PixelCanvas canvas(60, 20, 1, {0, 0, 0});
  canvas.text(2, 15, 14, {255, 255, 255}, Anchor::kStart, "Dice");
  const auto lit = pixels_with(canvas.image(), [](const Rgb& pixel) { return pixel.red > 128; });
  EXPECT_GT(lit, 40);
  EXPECT_LT(lit, 400);
  canvas.text(50, 15, 14, {255, 0, 0}, Anchor::kStart, "\xff beyond the edge");
  const auto is_red = [](const Rgb& pixel) { return pixel.red > 128 && pixel.green < 64; };
  EXPECT_GT(pixels_with(canvas.image(), is_red), 5) << "a byte that is no UTF-8 is shown as one";
}

TEST(Canvas, LinesKeepApartFromWords) {
  PixelCanvas canvas(60, 20);
  canvas.text(2, 15, 10, {0, 0, 0}, Anchor::kStart, "l");
  canvas.line({{50, 5}, {58, 5}, {58, 15}, {50, 15}}, {255, 0, 0}, 2, false);
  const RgbImage out = canvas.image();
  for (int64_t y = 0; y < 20; ++y) {
    for (int64_t x = 0; x < 60; ++x) {
      if ((x > 15 && x < 49) || x == 54) {
        const bool on_line = x == 54 && (y == 4 || y == 5 || y == 14 || y == 15);
        EXPECT_EQ(out.at(x, y), on_line ? (Rgb{255, 0, 0}) : (Rgb{255, 255, 255})) << x << " " << y;
      }
    }
  }
}

TEST(Canvas, PicturesAndBoxesCoverWholePixels) {
  RgbImage picture(2, 1);
  picture.at(0, 0) = {200, 10, 30};
  picture.at(1, 0) = {7, 90, 255};
  PixelCanvas canvas(4, 3, 2);
  canvas.picture(0.6, 1, 2, 1, picture);  // from pixel 1 on, two pixels a pixel
  canvas.box(3, 0, 1, 1, {1, 2, 3});
  const RgbImage out = canvas.image();
  EXPECT_EQ(out.width, 8);
  EXPECT_EQ(out.height, 6);
  for (int64_t y = 0; y < 6; ++y) {
    for (int64_t x = 0; x < 8; ++x) {
      const bool in_picture = y >= 2 && y < 4 && x >= 1 && x < 5, in_box = y < 2 && x >= 6;
      EXPECT_EQ(out.at(x, y), in_picture ? picture.at((x - 1) / 2, 0)
                              : in_box   ? (Rgb{1, 2, 3})
                                         : (Rgb{255, 255, 255}))
          << x << " " << y;
    }
  }
  EXPECT_THROW(PixelCanvas(20000, 10, 3), Error);
}

TEST(Figure, TheSameBytesTwice) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"figure.png", "figure.svg"}) {
    write_figure(folder / name, example());
    const std::string first = read_text_file(folder / name);
    write_figure(folder / name, example());
    EXPECT_EQ(read_text_file(folder / name), first) << name;
  }
}

}  // namespace tss::figure_test
