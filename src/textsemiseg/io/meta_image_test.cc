// MetaImage files written byte by byte, right and wrong ones.
#include "textsemiseg/io/meta_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"

namespace tss::meta_image_test {
using ::testing::HasSubstr;
using testing::input_error_of;

constexpr int kNumbers = 4 * 3 * 2;

// Voxel (x, y, z) is 1000 + x + 4 y + 12 z.
std::string numbers(bool big_endian = false, int count = kNumbers) {
  std::string out;
  for (int i = 1000; i < 1000 + count; ++i)
    for (const int shift : {big_endian ? 8 : 0, big_endian ? 0 : 8}) out += static_cast<char>(i >> shift & 255);
  return out;
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

std::string header(const std::string& fields, const std::string& data = "LOCAL") {
  return "ObjectType = Image\nNDims = 3\n" + fields + "DimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = " + data +
         "\n";
}

class MetaImage : public ::testing::Test {
 protected:
  Image read(const std::string& text, const std::string& name = "a.mha") const {
    write_text_file(folder_ / name, text);
    return read_image(folder_ / name);
  }
  std::string error(const std::string& text, const std::string& name = "a.mha") const {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const std::string message = input_error_of([&] { read(text, name); });
    EXPECT_EQ(::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr(), "");
    return message;
  }
  static void expect_right(const Image& image) {
    ASSERT_EQ(image.size(), (Size3{4, 3, 2}));
    for (int64_t x = 0; x < 4; ++x)
      for (int64_t y = 0; y < 3; ++y)
        for (int64_t z = 0; z < 2; ++z) ASSERT_EQ(image(x, y, z), static_cast<float>(1000 + x + 4 * y + 12 * z));
  }
  testing::TemporaryFolder folder_;
};

// MetaIO starts at the wrong place and leaves the voxels as the memory was.
TEST_F(MetaImage, CompressedWhateverItsHeaderSaysOfTheSize) {
  const std::string packed = deflated(numbers());
  expect_right(read(header("CompressedData = True\n") + packed));
  for (const size_t size : {size_t{0}, packed.size() / 2, packed.size() - 10, packed.size(), packed.size() + 1000})
    expect_right(read(header(concat("CompressedData = True\nCompressedDataSize = ", size, "\n")) + packed));
  write_text_file(folder_ / "a.zraw", packed);
  expect_right(read(header("CompressedData = True\n", "a.zraw"), "a.mhd"));
}

TEST_F(MetaImage, CompressedDataOfAnotherSizeThanTheHeadersAreRefused) {
  const std::string fields = "CompressedData = True\n";
  EXPECT_THAT(error(header(fields) + deflated(numbers(false, kNumbers - 1))),
              HasSubstr("a.mha: is truncated: 46 bytes of voxels; expected 48 by its header"));
  EXPECT_THAT(error(header(fields) + deflated(numbers(false, kNumbers + 1))),
              HasSubstr("a.mha: holds 50 bytes of voxels; expected 48 by its header"));
  EXPECT_THAT(error(header(fields) + numbers()), HasSubstr("a.mha: is truncated or damaged"));
  const std::string packed = deflated(numbers());
  EXPECT_THAT(error(header(fields) + packed.substr(0, packed.size() - 5)), HasSubstr("a.mha: is truncated or damaged"));
}

TEST_F(MetaImage, TextIsReadAsTextAndNothingElseIs) {
  std::string text;
  for (int i = 1000; i < 1000 + kNumbers; ++i) text += concat(i, i % 7 == 0 ? "\n" : " ");
  expect_right(read(header("BinaryData = False\n") + text));
  EXPECT_THAT(error(header("BinaryData = False\n") + text.substr(0, text.size() - 5)),
              HasSubstr("a.mha: is truncated: 23 numbers as text (BinaryData is not True); expected 24 by its header"));
  for (const char* value : {"False", "", "Fclse"})
    EXPECT_THAT(error(header(concat("BinaryData = ", value, "\n")) + numbers()),
                HasSubstr("numbers as text (BinaryData is not True)"));
}

TEST_F(MetaImage, ByteOrderAndPlaceOfTheData) {
  expect_right(read(header("BinaryData = True\nBinaryDataByteOrderMSB = True\n") + numbers(true)));
  expect_right(read(header("ElementByteOrderMSB = True\n") + numbers(true)));
  write_text_file(folder_ / "a.raw", "before it" + numbers());
  expect_right(read(header("HeaderSize = 9\n", "a.raw"), "a.mhd"));
  expect_right(read(header("HeaderSize = -1\n", "a.raw"), "a.mhd"));
  EXPECT_THAT(error(header("HeaderSize = 10\n", "a.raw"), "a.mhd"),
              HasSubstr("a.raw: is truncated: 47 bytes of voxels; expected 48"));
  EXPECT_THAT(error(header("HeaderSize = 1000\n", "a.raw"), "a.mhd"), HasSubstr("a.raw: is truncated: 0 bytes of voxels"));
  EXPECT_THAT(error(header("", "none.raw"), "a.mhd"), HasSubstr("ElementDataFile"));
}

TEST_F(MetaImage, AbsurdSizesAskForNoMemory) {
  const auto sized = [](const std::string& size) {
    return "ObjectType = Image\nNDims = 3\nDimSize = " + size + "\nElementType = MET_SHORT\nElementDataFile = LOCAL\n" +
           numbers();
  };
  EXPECT_THAT(error(sized("4000 3000 2000")), HasSubstr("a.mha: is truncated: 48 bytes of voxels"));
  EXPECT_THAT(error(sized("4000000 3000000 2000000")), HasSubstr("a.mha: DimSize: found '4000000 3000000 2000000'"));
  EXPECT_THAT(error(sized("4 0 2")), HasSubstr("a.mha: has no voxels"));
  EXPECT_THAT(error(sized("4 -3 2")), HasSubstr("a.mha: has no voxels"));
}

}  // namespace tss::meta_image_test
