#include "textsemiseg/io/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "support/sample_volumes.h"
#include "support/testing.h"
#include "textsemiseg/volume/finite.h"
#include "textsemiseg/volume/reorient.h"

// ITK's NRRD reader leaks its message when it refuses a file; read by the leak checker of the asan preset.
extern "C" const char* __lsan_default_suppressions() { return "leak:libITKNrrdIO\n"; }  // NOLINT(bugprone-reserved-identifier)

namespace tss::image_file_test {

using ::testing::HasSubstr;
using testing::input_error_of;

class ImageFile : public ::testing::TestWithParam<std::string> {
 protected:
  testing::TemporaryFolder folder;
  std::filesystem::path file = folder / ("case" + GetParam());
};

// NIfTI keeps its affine as float32.
void expect_same_grid(const Geometry& a, const Geometry& b) { EXPECT_EQ(grid_difference(a, b, 2e-5), ""); }

TEST_P(ImageFile, ImagesComeBackInEveryOrientation) {
  for (const AxisMap& map : sample::all_axis_maps()) {
    Image image = map.apply(sample::filled<float>(sample::oblique()));
    image.voxels[3] = -1234.56f;
    write_image(file, image);
    const Image back = read_image(file);
    ASSERT_EQ(back.voxels, image.voxels);
    ASSERT_EQ(grid_difference(back.geometry, image.geometry, 2e-5), "");
  }
}

TEST_P(ImageFile, LabelsAndHeaderComeBack) {
  LabelMap labels = sample::filled<uint8_t>(sample::oblique());
  labels(0, 0, 0) = 255;
  write_label_map(file, labels);
  EXPECT_EQ(read_label_map(file).voxels, labels.voxels);
  expect_same_grid(read_geometry(file), labels.geometry);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // nothing temporary left
}

TEST_P(ImageFile, TruncationIsFound) {
  Image image = sample::filled<float>(sample::oblique());
  for (size_t i = 0; i < image.voxels.size(); ++i) image.voxels[i] += 0.001f * static_cast<float>(i * i);
  write_image(file, image);
  const size_t bytes = std::filesystem::file_size(file);
  const auto cut = folder / ("cut" + GetParam());
  for (const size_t missing : {size_t{1}, size_t{8}, bytes / 4, bytes / 2, bytes - 300, bytes - 20, bytes}) {
    testing::truncate_copy(file, cut, missing);
    ::testing::internal::CaptureStderr();
    EXPECT_THAT(input_error_of([&] { read_image(cut); }), HasSubstr(cut.string())) << missing;
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // the error says it all
  }
}

TEST_P(ImageFile, DamageInCompressedDataIsFound) {
  if (GetParam() == ".nii") return;  // no checksum
  const Image image = sample::filled<float>(sample::oblique());
  write_image(file, image);
  const std::string bytes = read_text_file(file);
  const auto damaged = folder / ("damaged" + GetParam());
  int found = 0;
  for (size_t back = 1; back < 60; ++back) {
    std::string changed = bytes;
    changed[changed.size() - back] = static_cast<char>(changed[changed.size() - back] ^ 4);
    write_text_file(damaged, changed);
    std::vector<float> voxels = image.voxels;
    const std::string message = input_error_of([&] { voxels = read_image(damaged).voxels; });
    // A few bits of a deflate stream can change without changing what it inflates to.
    ASSERT_EQ(voxels, image.voxels) << back;
    found += message != "no error";
  }
  EXPECT_GT(found, 50);
}

TEST_P(ImageFile, LabelValuesMustBeSmallIntegers) {
  Image image = sample::filled<float>(sample::oblique());
  for (const float bad : {-1.0f, 256.0f, 0.5f, std::numeric_limits<float>::quiet_NaN()}) {
    image.voxels[7] = bad;
    write_image(file, image);
    EXPECT_THAT(input_error_of([&] { read_label_map(file); }), HasSubstr("has the label value")) << bad;
  }
  image.voxels[7] = 255;
  write_image(file, image);
  EXPECT_EQ(read_label_map(file).voxels[7], 255);
}

TEST_P(ImageFile, NanIsReadAsItIs) {
  Image image = sample::filled<float>(sample::oblique());
  image(1, 2, 3) = std::numeric_limits<float>::quiet_NaN();
  write_image(file, image);
  EXPECT_EQ(first_non_finite(read_image(file)), (Size3{1, 2, 3}));
}

INSTANTIATE_TEST_SUITE_P(Formats, ImageFile, ::testing::Values(".nii.gz", ".nii", ".nrrd", ".mha"),
                         [](const auto& format) { return format.param == ".nii.gz" ? "nii_gz" : format.param.substr(1); });

TEST(ImageFiles, Names) {
  EXPECT_TRUE(is_image_file("a/b.nii.gz"));
  EXPECT_TRUE(is_image_file("B.NRRD"));
  EXPECT_FALSE(is_image_file("b.h5"));
  EXPECT_FALSE(is_image_file(".nii.gz"));
  EXPECT_EQ(image_stem("x/la_003.nii.gz"), "la_003");
  EXPECT_EQ(image_stem("la.1.mha"), "la.1");
  EXPECT_THAT(input_error_of([] { image_stem("scan.txt"); }), HasSubstr("expected one of .nii.gz"));
}

TEST(ImageFiles, ClearWordsForWhatCannotBeRead) {
  testing::TemporaryFolder folder;
  EXPECT_THAT(input_error_of([&] { read_image(folder / "none.nii.gz"); }), HasSubstr("does not exist"));
  std::filesystem::create_directory(folder / "dir.nii");
  EXPECT_THAT(input_error_of([&] { read_geometry(folder / "dir.nii"); }), HasSubstr("is a folder"));
  for (const std::string name : {"text.nii", "text.nii.gz", "text.nrrd", "text.mha"}) {
    write_text_file(folder / name, "hello\n");
    EXPECT_THAT(input_error_of([&] { read_image(folder / name); }),
                HasSubstr(name.ends_with("mha") ? "has no field DimSize" : "no readable header"));
  }
  const Image image = sample::filled<float>(sample::oblique());
  EXPECT_THAT(input_error_of([&] { write_image(folder / "a.mhd", image); }), HasSubstr("two files"));
  EXPECT_THAT(input_error_of([&] { write_image(folder / "a.png", image); }), HasSubstr("expected one of"));
  write_text_file(folder / "plain", "x");
  EXPECT_THAT(input_error_of([&] { write_image(folder / "plain/a.nii.gz", image); }), HasSubstr("cannot be written"));
}

TEST(ImageFiles, DetachedMetaAndNrrdData) {
  testing::TemporaryFolder folder;
  std::string raw(24, '\0');
  for (size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<char>(i);
  write_text_file(folder / "data.raw", raw);
  write_text_file(folder / "a.mhd",
                  "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nOffset = 1 2 3\n"
                  "ElementSpacing = 1 2 3\nDimSize = 2 3 4\nElementType = MET_UCHAR\nElementDataFile = data.raw\n");
  write_text_file(folder / "a.nhdr",
                  "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 4\n"
                  "space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (1,2,3)\nencoding: raw\ndata file: data.raw\n");
  for (const std::string name : {"a.mhd", "a.nhdr"}) {
    const Image image = read_image(folder / name);
    EXPECT_EQ(image.size(), (Size3{2, 3, 4}));
    EXPECT_EQ(image(1, 2, 3), 23);
    EXPECT_EQ(image(1, 0, 2), 13);
    EXPECT_EQ(image.geometry.origin, (Vector3{-1, -2, 3}));  // the file counts in LPS
    EXPECT_EQ(image.geometry.direction, (Matrix3{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}));
  }
  std::filesystem::resize_file(folder / "data.raw", 23);
  EXPECT_THAT(input_error_of([&] { read_image(folder / "a.mhd"); }), HasSubstr("data.raw: is truncated: 23 bytes"));
  EXPECT_THAT(input_error_of([&] { read_image(folder / "a.nhdr"); }), HasSubstr("data.raw: is truncated"));
  std::filesystem::remove(folder / "data.raw");
  EXPECT_THAT(input_error_of([&] { read_image(folder / "a.mhd"); }), HasSubstr("ElementDataFile"));
}

// Numbers from nibabel.
TEST(RealScans, HippocampusAndCt) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const auto weighted = [](const auto& volume) {
    double sum = 0;
    for (int64_t x = 0; x < volume.size()[0]; ++x)
      for (int64_t y = 0; y < volume.size()[1]; ++y)
        for (int64_t z = 0; z < volume.size()[2]; ++z) sum += static_cast<double>(volume(x, y, z)) * static_cast<double>(y);
    return sum;
  };
  const Image mri = read_image(*data / "hippocampus/imagesTr/hippocampus_001.nii.gz");
  EXPECT_EQ(mri.size(), (Size3{35, 51, 35}));
  EXPECT_EQ(mri(3, 40, 7), 51);
  EXPECT_EQ(mri(34, 0, 12), 56);
  EXPECT_EQ(weighted(mri), 101447247);
  EXPECT_EQ(mri.geometry.origin, (Vector3{1, 1, 1}));
  EXPECT_EQ(mri.geometry.direction, Geometry{}.direction);
  EXPECT_EQ(weighted(read_label_map(*data / "hippocampus/labelsTr/hippocampus_001.nii.gz")), 110769);

  const Image lung = read_image(*data / "lung_ct/phantom_image.nii.gz");
  EXPECT_EQ(lung(100, 50, 20), -918);
  EXPECT_EQ(weighted(lung), -56066362509.0);
  expect_same_grid(lung.geometry, sample::geometry({204, 201, 60}, {0.977, 0.977, 3}, {174.3945, 79.6255, -100.4},
                                                   {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}));
  EXPECT_TRUE(same_grid(lung.geometry, read_label_map(*data / "lung_ct/phantom_mask.nii.gz").geometry));

  const Image torso = read_image(*data / "abdomen_ct/example_ct.nii.gz");  // int32
  EXPECT_EQ(torso(60, 40, 100), 37);
  EXPECT_EQ(weighted(torso), -29809594475.0);
  const LabelMap organs = read_label_map(*data / "abdomen_ct/example_seg_104_classes.nii.gz");  // float64
  EXPECT_EQ(organs(60, 40, 100), 22);
  EXPECT_EQ(std::count(organs.voxels.begin(), organs.voxels.end(), 10), 818);
  EXPECT_EQ(weighted(organs), 892276515);
}

TEST(ImageFiles, NumbersOfTheAffineThatAreNone) {
  testing::TemporaryFolder folder;
  const auto error = [&](const std::string& name, const std::string& text) {
    write_text_file(folder / name, text + std::string(24, '\1'));
    return input_error_of([&] { read_image(folder / name); }) + "\n" + input_error_of([&] { read_geometry(folder / name); });
  };
  const auto meta = [&](const std::string& fields) {
    return error("a.mha", "ObjectType = Image\nNDims = 3\n" + fields +
                              "DimSize = 2 3 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n");
  };
  const auto nrrd = [&](const std::string& directions, const std::string& origin) {
    return error("a.nrrd",
                 "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 4\nspace directions: " +
                     directions + "\nspace origin: " + origin + "\nencoding: raw\n\n");
  };
  EXPECT_EQ(meta(""), "no error\nno error");
  EXPECT_EQ(nrrd("(1,0,0) (0,2,0) (0,0,3)", "(1,2,3)"), "no error\nno error");
  for (const std::string bad : {"nan", "inf", "-inf"}) {
    const auto refused = [&](const std::string& file) {
      return ::testing::AllOf(::testing::Not(HasSubstr("no error")), HasSubstr(file + ": "));
    };
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const auto told = ::testing::AllOf(refused("a.mha"), HasSubstr("found '" + bad + "'; expected a finite number"));
    EXPECT_THAT(meta("Offset = 1 " + bad + " 3\n"), told);
    EXPECT_THAT(meta("ElementSpacing = 1 2 " + bad + "\n"), told);
    EXPECT_THAT(meta("TransformMatrix = 1 0 0 0 " + bad + " 0 0 0 1\n"), told);
    EXPECT_EQ(::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(nrrd("(1,0,0) (0,2,0) (0,0,3)", "(1," + bad + ",3)"), refused("a.nrrd"));
    EXPECT_THAT(nrrd("(1,0,0) (0," + bad + ",0) (0,0,3)", "(1,2,3)"), refused("a.nrrd"));
    EXPECT_THAT(nrrd("(1,0,0) (0,2,0) (" + bad + ",0,3)", "(1,2,3)"), refused("a.nrrd"));
  }
  EXPECT_THAT(meta("TransformMatrix = 0 0 0 0 0 0 0 0 0\n"), ::testing::Not(HasSubstr("no error")));
}

// Whole streams of too few voxels, in every encoding.
TEST(ImageFiles, NrrdDataShorterThanTheirHeaderSays) {
  testing::TemporaryFolder folder;
  const auto error = [&](const std::string& encoding, const std::string& data) {
    write_text_file(folder / "a.nrrd",
                    "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: " + encoding + "\n\n" + data);
    return input_error_of([&] { read_image(folder / "a.nrrd"); });
  };
  const auto repeated = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const auto gzip = [&](int count) {
    const testing::TemporaryFolder other;
    const gzFile file = gzopen((other / "x.gz").c_str(), "wb");
    const std::string bytes(static_cast<size_t>(count), '\7');
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return read_text_file(other / "x.gz");
  };
  EXPECT_EQ(error("raw", std::string(24, '\7')), "no error");
  EXPECT_EQ(error("gzip", gzip(24)), "no error");
  EXPECT_EQ(error("ascii", repeated("7 ", 24)), "no error");
  EXPECT_EQ(error("hex", repeated("07", 24)), "no error");
  EXPECT_THAT(error("raw", std::string(23, '\7')), HasSubstr("a.nrrd: "));
  EXPECT_THAT(error("gzip", gzip(23)), HasSubstr("a.nrrd: "));
  EXPECT_THAT(error("ascii", repeated("7 ", 23)), HasSubstr("a.nrrd: "));
  EXPECT_THAT(error("hex", repeated("07", 23)), HasSubstr("a.nrrd: "));
}

}  // namespace tss::image_file_test
