#include "textsemiseg/report/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/html.h"

namespace tss::png_test {

RgbImage decode(const std::string& bytes) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&header, bytes.data(), bytes.size())) << header.message;
  header.format = PNG_FORMAT_RGB;
  RgbImage picture(header.width, header.height);
  EXPECT_TRUE(png_image_finish_read(&header, nullptr, picture.pixels.data(), 0, nullptr)) << header.message;
  return picture;
}

RgbImage gradient() {
  RgbImage picture(7, 5);
  for (int64_t y = 0; y < 5; ++y) {
    for (int64_t x = 0; x < 7; ++x) picture.at(x, y) = {static_cast<uint8_t>(30 * x), static_cast<uint8_t>(50 * y), 7};
  }
  return picture;
}

TEST(Png, KeepsEveryPixel) {
  const RgbImage picture = gradient(), read = decode(encode_png(picture));
  ASSERT_EQ(read.width, 7);
  ASSERT_EQ(read.height, 5);
  EXPECT_EQ(read.pixels, picture.pixels);
}

TEST(Png, WritesAFile) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "report_png_test.png";
  write_png(path, gradient());
  EXPECT_EQ(decode(read_text_file(path)).pixels, gradient().pixels);
  std::filesystem::remove(path);
}

TEST(Png, RefusesAnEmptyPicture) { EXPECT_THROW(encode_png(RgbImage{}), Error); }

TEST(Html, EscapesWhatBrowsersRead) {
  EXPECT_EQ(html_escape("a < b & \"c\" > 'd'"), "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;");
  EXPECT_EQ(html_escape("Größe"), "Größe");
}

// RFC 4648, section 10.
TEST(Html, Base64Vectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string("\xff\xfe\xfd", 3)), "//79");
}

}  // namespace tss::png_test
