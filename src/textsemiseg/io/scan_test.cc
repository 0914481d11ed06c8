#include "textsemiseg/io/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "support/testing.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan_format.h"

namespace tss::scan_test {
using ::testing::HasSubstr;
using testing::input_error_of;
namespace fs = std::filesystem;

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class T>
std::vector<T> counting(size_t count) {
  std::vector<T> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<T>(i);
  return out;
}

class ScanTest : public ::testing::Test {
 protected:
  std::string error(const std::string& name) const {
    return input_error_of([&] { Scan::open(folder_ / name)->read(); });
  }
  // An .npy file of any type and order.
  template <class T>
  fs::path npy(const std::string& name, const std::string& descr, const std::vector<int64_t>& shape, const std::vector<T>& values,
               bool fortran = false) const {
    std::string text = npy_preamble(descr, shape);
    if (fortran) text.replace(text.find("False, 's"), 9, "True,  's");
    write_text_file(folder_ / name, text + std::string(bytes_of(values)));
    return folder_ / name;
  }
  testing::TemporaryFolder folder_;
};

// The header of a member promises its size: no memory is taken for more.
TEST_F(ScanTest, NpzMembersOfAnotherSizeThanTheirHeaderSays) {
  const std::string header = npy_preamble("|u1", {2, 3, 4});
  write_zip(folder_ / "more.npz", {{"image.npy", header, std::string_view("0123456789012345678901234")}});
  EXPECT_THAT(error("more.npz"),
              HasSubstr("array 'image': holds 25 bytes behind its header; expected 24 for the shape 2 x 3 x 4"));
  write_zip(folder_ / "fewer.npz", {{"image.npy", header, std::string_view("01234567890123456789012")}});
  EXPECT_THAT(error("fewer.npz"), HasSubstr("array 'image': is truncated"));
}

TEST_F(ScanTest, NpyOfEveryType) {
  const auto check = [&](const auto& values, const std::string& descr) {
    const Image image = Scan::open(npy("x.npy", descr, {2, 3, 4}, values))->read();
    EXPECT_EQ(image.size(), (Size3{2, 3, 4}));
    for (size_t i = 0; i < 24; ++i) EXPECT_EQ(image.voxels[i], static_cast<float>(values[i])) << descr;
    EXPECT_EQ(Scan::open(folder_ / "x.npy")->read_label().voxels, counting<uint8_t>(24)) << descr;
  };
  check(counting<float>(24), "<f4");
  check(counting<double>(24), "<f8");
  check(counting<uint8_t>(24), "|u1");
  check(counting<int8_t>(24), "|i1");
  check(counting<int16_t>(24), "<i2");
  check(counting<uint16_t>(24), "<u2");
  check(counting<int32_t>(24), "<i4");
  check(counting<uint32_t>(24), "<u4");
  check(counting<int64_t>(24), "<i8");
  check(counting<uint64_t>(24), "<u8");
}

TEST_F(ScanTest, NpyHalfPrecisionAndTruth) {
  // 1, -2, 65504 (the largest), 2^-24 (the smallest), infinity, 0.333251953125
  const std::vector<uint16_t> half{0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00, 0x3555};
  const Image image = Scan::open(npy("h.npy", "<f2", {1, 2, 3}, half))->read();
  EXPECT_EQ(image.voxels, (std::vector<float>{1, -2, 65504, 0x1p-24F, std::numeric_limits<float>::infinity(), 0.333251953125F}));
  EXPECT_EQ(Scan::open(npy("b.npy", "|b1", {1, 1, 3}, std::vector<uint8_t>{0, 1, 1}))->read_label().voxels,
            (std::vector<uint8_t>{0, 1, 1}));
}

TEST_F(ScanTest, FortranOrderIsTheSameArray) {
  const Image image = Scan::open(npy("f.npy", "<f4", {2, 3, 4}, counting<float>(24), true))->read();
  for (int64_t x = 0; x < 2; ++x)
    for (int64_t y = 0; y < 3; ++y)
      for (int64_t z = 0; z < 4; ++z) EXPECT_EQ(image(x, y, z), static_cast<float>(x + 2 * y + 6 * z));
}

TEST_F(ScanTest, ChannelsOfAnArrayAreItsShorterEnd) {
  const fs::path first = npy("first.npy", "<f4", {2, 3, 4, 5}, counting<float>(120));
  const auto channels = Scan::open(first)->read_channels();
  ASSERT_EQ(channels.size(), 2u);
  EXPECT_EQ(channels[1](2, 3, 4), 119);
  EXPECT_EQ(channels[1](0, 0, 0), 60);
  EXPECT_EQ(Scan::open(first)->channel_count(), 2);
  const auto last = Scan::open(npy("last.npy", "<f4", {3, 4, 5, 2}, counting<float>(120)))->read_channels();
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[1](0, 0, 1), 3);
  EXPECT_THAT(error("first.npy"), HasSubstr("first.npy: has 2 channels; expected one"));
  npy("two.npy", "<f4", {3, 4}, counting<float>(12));
  EXPECT_THAT(error("two.npy"), HasSubstr("has 2 dimensions; expected 3, or 4 with channels"));
  npy("many.npy", "|u1", {70, 1, 1, 70}, counting<uint8_t>(4900));
  EXPECT_THAT(error("many.npy"), HasSubstr("has the shape 70 x 1 x 1 x 70"));
}

TEST_F(ScanTest, NpzWithImageAndLabelOrASingleArray) {
  const auto image = counting<float>(24);
  std::vector<uint8_t> label(24, 0);
  label[5] = 2;
  write_zip(folder_ / "both.npz", {{"image.npy", npy_preamble("<f4", {2, 3, 4}), bytes_of(image)},
                                   {"label.npy", npy_preamble("|u1", {2, 3, 4}), bytes_of(label)}});
  EXPECT_EQ(Scan::open(folder_ / "both.npz")->read().voxels, image);
  EXPECT_EQ(Scan::open(folder_ / "both.npz")->read_label().voxels, label);
  EXPECT_TRUE(Scan::open(folder_ / "both.npz")->holds_label());
  write_zip(folder_ / "one.npz", {{"arr_0.npy", npy_preamble("|u1", {2, 3, 4}), bytes_of(label)}});
  EXPECT_EQ(Scan::open(folder_ / "one.npz")->read_label().voxels, label);
  EXPECT_FALSE(Scan::open(folder_ / "one.npz")->holds_label());
  write_zip(folder_ / "other.npz", {{"a.npy", npy_preamble("|u1", {2, 3, 4}), bytes_of(label)},
                                    {"b.npy", npy_preamble("|u1", {2, 3, 4}), bytes_of(label)}});
  EXPECT_THAT(error("other.npz"), HasSubstr("holds a, b; expected an array 'image', or a single array"));
  testing::truncate_copy(folder_ / "both.npz", folder_ / "cut.npz", 30);
  EXPECT_THAT(error("cut.npz"), HasSubstr("cut.npz: has no zip directory"));
}

TEST_F(ScanTest, DamagedArraysAreNamed) {
  npy("short.npy", "<f4", {2, 3, 5}, counting<float>(24));
  EXPECT_THAT(error("short.npy"), HasSubstr("short.npy: is truncated"));
  npy("object.npy", "|O", {2, 3, 4}, counting<double>(24));
  EXPECT_THAT(error("object.npy"), HasSubstr("Python objects (a pickle), which are never read"));
  npy("complex.npy", "<c8", {2, 3, 4}, counting<double>(24));
  EXPECT_THAT(error("complex.npy"), HasSubstr("has the type '<c8'"));
  npy("labels.npy", "<f4", {1, 1, 2}, std::vector<float>{1, 1.5F});
  EXPECT_THAT(input_error_of([&] { Scan::open(folder_ / "labels.npy")->read_label(); }), HasSubstr("has the label value 1.5"));
}

TEST_F(ScanTest, Hdf5WithChannels) {
  Image image = Scan::open(npy("x.npy", "<f4", {2, 3, 4}, counting<float>(24)))->read();
  write_hdf5_case(folder_ / "a.h5", image, nullptr);
  EXPECT_EQ(Scan::open(folder_ / "a.h5")->read().voxels, image.voxels);
  EXPECT_EQ(Scan::open(folder_ / "a.h5")->channel_count(), 1);
  EXPECT_FALSE(Scan::open(folder_ / "a.h5")->has_geometry());
  write_image(folder_ / "a.nii", image);
  EXPECT_TRUE(Scan::open(folder_ / "a.nii")->has_geometry());
}

// MetaImage is the one format whose header is quickly written by hand for both kinds of channels.
TEST_F(ScanTest, VectorImagesAndFourDimensionsGiveChannels) {
  const auto values = counting<float>(48);
  write_text_file(folder_ / "vector.mha",
                  "ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementSpacing = 1 2 3\nElementNumberOfChannels = 2\n"
                  "ElementType = MET_FLOAT\nElementDataFile = LOCAL\n" +
                      std::string(bytes_of(values)));
  auto channels = Scan::open(folder_ / "vector.mha")->read_channels();
  ASSERT_EQ(channels.size(), 2u);
  EXPECT_EQ(channels[0](3, 2, 1), 46);
  EXPECT_EQ(channels[1](3, 2, 1), 47);
  EXPECT_EQ(channels[1](1, 0, 0), 3);
  EXPECT_EQ(channels[1].geometry.spacing, (Vector3{1, 2, 3}));
  EXPECT_THAT(error("vector.mha"), HasSubstr("vector.mha: has 2 channels; expected one"));
  EXPECT_THAT(input_error_of([&] { Scan::open(folder_ / "vector.mha")->read_label(); }),
              HasSubstr("2 values per voxel (layers of segments"));
  write_text_file(folder_ / "four.mha",
                  "ObjectType = Image\nNDims = 4\nDimSize = 4 3 2 2\nElementSpacing = 1 2 3 1\nElementType = MET_FLOAT\n"
                  "ElementDataFile = LOCAL\n" +
                      std::string(bytes_of(values)));
  channels = Scan::open(folder_ / "four.mha")->read_channels();
  ASSERT_EQ(channels.size(), 2u);
  EXPECT_EQ(channels[0](3, 2, 1), 23);
  EXPECT_EQ(channels[1](0, 0, 0), 24);
}

// ITK reads them as four dimensions: what lies behind would be whatever the memory held.
TEST_F(ScanTest, MoreThanFourDimensionsAreRefused) {
  const auto values = counting<float>(4 * 3 * 2 * 2 * 8);
  write_text_file(folder_ / "five.mha",
                  "ObjectType = Image\nNDims = 5\nDimSize = 4 3 2 2 8\nElementSpacing = 1 2 3 1 1\nElementType = MET_FLOAT\n"
                  "ElementDataFile = LOCAL\n" +
                      std::string(bytes_of(values)));
  write_text_file(
      folder_ / "five.nrrd",
      "NRRD0004\ntype: float\ndimension: 5\nsizes: 4 3 2 2 8\nencoding: raw\nendian: little\n\n" + std::string(bytes_of(values)));
  for (const char* name : {"five.mha", "five.nrrd"}) {
    EXPECT_THAT(input_error_of([&] { Scan::open(folder_ / name)->read_channels(); }),
                HasSubstr("has 5 dimensions; expected a 3D image, or channels along a fourth one"));
    EXPECT_THAT(input_error_of([&] { Scan::open(folder_ / name)->channel_count(); }), HasSubstr("has 5 dimensions"));
  }
}

TEST_F(ScanTest, OtherThingsAreNamed) {
  EXPECT_THAT(error("none.nii.gz"), HasSubstr("none.nii.gz: does not exist"));
  write_text_file(folder_ / "notes.txt", "text");
  EXPECT_THAT(error("notes.txt"), HasSubstr("notes.txt: is not named like a scan; expected a name ending in .nii.gz, .nii"));
  fs::create_directories(folder_ / "empty");
  EXPECT_THAT(error("empty"), HasSubstr("empty: is a folder without DICOM files"));
  EXPECT_FALSE(is_scan(folder_ / "empty"));
  EXPECT_EQ(scan_stem(folder_ / "a.b.nii.gz"), "a.b");
  EXPECT_EQ(scan_stem(folder_ / "empty/"), "empty");
}

TEST(ScanFormats, EveryEndingIsOfOneFormatAndAScansName) {
  std::set<std::string> endings, names;
  ASSERT_GE(scan_formats().size(), 4u);
  for (const ScanFormat& format : scan_formats()) {
    EXPECT_TRUE(names.insert(format.name).second) << format.name;
    EXPECT_NE(format.open, nullptr) << format.name;
    EXPECT_EQ(format.endings.empty(), format.holds != nullptr) << format.name << ": known by its ending, or as a folder";
    for (const std::string& ending : format.endings) {
      EXPECT_TRUE(endings.insert(ending).second) << ending;
      EXPECT_TRUE(is_scan("x" + ending)) << ending;
      EXPECT_EQ(scan_stem("folder/x.y" + ending), "x.y") << ending;
    }
  }
}

// A scan of one voxel, whatever the file holds.
class SevenScan : public Scan {
 public:
  using Scan::Scan;
  Geometry geometry() const final { return {{1, 1, 1}, {7, 7, 7}, {}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}}; }
  int64_t channel_count() const final { return 1; }
  std::vector<Image> read_channels() const final { return {Image(geometry(), 7)}; }
  StoredLabel read_stored_label() const final { return single_layer(Volume<int32_t>(geometry(), 7)); }
};

TEST(ScanFormats, ANewOneIsALineOfTheTable) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "a.seven", "");
  EXPECT_FALSE(is_scan(folder / "a.seven"));
  add_scan_format({.name = "seven", .endings = {".seven"}, .open = [](const fs::path& path) -> ScanPtr {
                     return std::make_shared<SevenScan>(path);
                   }});
  const ScanPtr scan = Scan::open(folder / "a.seven");
  EXPECT_EQ(scan->read().voxels, std::vector<float>{7});
  EXPECT_EQ(scan->files(), std::vector<fs::path>{folder / "a.seven"});
  EXPECT_FALSE(scan->is_series());
  EXPECT_THAT(input_error_of([&] { scan->series(); }), HasSubstr("a.seven: is no DICOM series"));
  EXPECT_EQ(scan_stem("b.seven"), "b");
  EXPECT_THAT(scan_extensions(), ::testing::Contains(".seven"));
}

}  // namespace tss::scan_test
