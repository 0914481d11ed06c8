// NIfTI files written byte by byte, as other programs write them.
#include "textsemiseg/io/nifti_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <itkImageFileReader.h>
#include <itkNiftiImageIO.h>
#include <nifti1.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "support/sample_volumes.h"
#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"

namespace tss::nifti_image_test {

using ::testing::HasSubstr;
using testing::input_error_of;

constexpr Size3 kSize{4, 3, 5};

template <class T>
void reverse_bytes(T& value) {
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  std::reverse(bytes, bytes + sizeof value);
}

nifti_1_header plain_header(short datatype, short bits) {
  nifti_1_header h{};
  h.sizeof_hdr = 348;
  h.dim[0] = 3;
  for (size_t i = 0; i < 3; ++i) h.dim[i + 1] = static_cast<short>(kSize[i]);
  for (size_t i = 4; i < 8; ++i) h.dim[i] = 1;
  h.datatype = datatype;
  h.bitpix = bits;
  for (float& p : h.pixdim) p = 1;
  h.vox_offset = 352;
  h.xyzt_units = NIFTI_UNITS_MM;
  std::memcpy(h.magic, "n+1", 4);
  return h;
}

void set_sform(nifti_1_header& h, const Geometry& g) {
  h.sform_code = NIFTI_XFORM_SCANNER_ANAT;
  float* rows[3] = {h.srow_x, h.srow_y, h.srow_z};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t axis = 0; axis < 3; ++axis) rows[row][axis] = static_cast<float>(g.direction[row][axis] * g.spacing[axis]);
    rows[row][3] = static_cast<float>(g.origin[row]);
    h.pixdim[row + 1] = static_cast<float>(g.spacing[row]);
  }
}

std::string as_bytes(const nifti_1_header& h) {
  return std::string(reinterpret_cast<const char*>(&h), sizeof h) + std::string(4, '\0');
}

// Voxel (x, y, z) has the value 1 + x + 4 y + 12 z: file order.
template <class T>
std::string counting(bool swapped = false) {
  std::string bytes;
  for (int i = 1; i <= 60; ++i) {
    T value = static_cast<T>(i);
    if (swapped) reverse_bytes(value);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

void expect_counting(const Image& image, float slope = 1, float intercept = 0) {
  ASSERT_EQ(image.size(), kSize);
  for (int64_t x = 0; x < 4; ++x)
    for (int64_t y = 0; y < 3; ++y)
      for (int64_t z = 0; z < 5; ++z)
        ASSERT_FLOAT_EQ(image(x, y, z), static_cast<float>(1 + x + 4 * y + 12 * z) * slope + intercept);
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<unsigned>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The fields that say where the voxels are, in the byte order of other machines.
void swap_header(nifti_1_header& h) {
  for (short& d : h.dim) reverse_bytes(d);
  for (float& p : h.pixdim) reverse_bytes(p);
  for (short* s : {&h.datatype, &h.bitpix, &h.qform_code, &h.sform_code}) reverse_bytes(*s);
  reverse_bytes(h.sizeof_hdr);
  reverse_bytes(h.vox_offset);
  for (float* f : {&h.quatern_b, &h.quatern_c, &h.quatern_d, &h.qoffset_x, &h.qoffset_y, &h.qoffset_z}) reverse_bytes(*f);
  for (float* row : {h.srow_x, h.srow_y, h.srow_z})
    for (int i = 0; i < 4; ++i) reverse_bytes(row[i]);
}

class NiftiImage : public ::testing::Test {
 protected:
  Image read(const std::string& bytes, const std::string& name = "a.nii") {
    write_text_file(folder / name, bytes);
    return read_image(folder / name);
  }
  std::string error(const std::string& bytes, const std::string& name = "a.nii") {
    return input_error_of([&] { read(bytes, name); });
  }
  testing::TemporaryFolder folder;
};

TEST_F(NiftiImage, EveryNumberType) {
  expect_counting(read(as_bytes(plain_header(DT_UINT8, 8)) + counting<uint8_t>()));
  expect_counting(read(as_bytes(plain_header(DT_INT8, 8)) + counting<int8_t>()));
  expect_counting(read(as_bytes(plain_header(DT_INT16, 16)) + counting<int16_t>()));
  expect_counting(read(as_bytes(plain_header(DT_UINT16, 16)) + counting<uint16_t>()));
  expect_counting(read(as_bytes(plain_header(DT_INT32, 32)) + counting<int32_t>()));
  expect_counting(read(as_bytes(plain_header(DT_UINT32, 32)) + counting<uint32_t>()));
  expect_counting(read(as_bytes(plain_header(DT_INT64, 64)) + counting<int64_t>()));
  expect_counting(read(as_bytes(plain_header(DT_UINT64, 64)) + counting<uint64_t>()));
  expect_counting(read(as_bytes(plain_header(DT_FLOAT32, 32)) + counting<float>()));
  expect_counting(read(as_bytes(plain_header(DT_FLOAT64, 64)) + counting<double>()));
}

TEST_F(NiftiImage, ScalingIsAppliedWhereSet) {
  nifti_1_header h = plain_header(DT_INT16, 16);
  h.scl_slope = 0.5f;
  h.scl_inter = -1024;
  expect_counting(read(as_bytes(h) + counting<int16_t>()), 0.5f, -1024);
  h.scl_slope = 0;  // unset: the intercept does not count either
  expect_counting(read(as_bytes(h) + counting<int16_t>()));
  h.scl_slope = std::numeric_limits<float>::quiet_NaN();
  expect_counting(read(as_bytes(h) + counting<int16_t>()));
}

TEST_F(NiftiImage, BigEndian) {
  nifti_1_header h = plain_header(DT_INT16, 16);
  h.scl_slope = 2;
  set_sform(h, sample::oblique());
  reverse_bytes(h.sizeof_hdr);
  for (short& d : h.dim) reverse_bytes(d);
  for (float& p : h.pixdim) reverse_bytes(p);
  for (float* row : {h.srow_x, h.srow_y, h.srow_z})
    for (size_t i = 0; i < 4; ++i) reverse_bytes(row[i]);
  for (short* field : {&h.datatype, &h.bitpix, &h.sform_code, &h.qform_code}) reverse_bytes(*field);
  for (float* field : {&h.vox_offset, &h.scl_slope, &h.scl_inter}) reverse_bytes(*field);
  const Image image = read(as_bytes(h) + counting<int16_t>(true));
  expect_counting(image, 2);
  Geometry expected = sample::oblique();
  expected.size = kSize;
  EXPECT_EQ(grid_difference(image.geometry, expected, 2e-5), "");
}

TEST_F(NiftiImage, ExtensionsAndTrailingSingletonAxes) {
  nifti_1_header h = plain_header(DT_UINT8, 8);
  h.vox_offset = 352 + 64;
  h.dim[0] = 5;
  std::string start = as_bytes(h);
  start[348] = 1;
  std::string extension(64, 'x');
  const int32_t size = 64, code = 6;
  std::memcpy(extension.data(), &size, 4);
  std::memcpy(extension.data() + 4, &code, 4);
  expect_counting(read(start + extension + counting<uint8_t>()));
}

TEST_F(NiftiImage, PlainBytesUnderAGzName) {
  expect_counting(read(as_bytes(plain_header(DT_UINT8, 8)) + counting<uint8_t>(), "plain.nii.gz"));
}

TEST_F(NiftiImage, SeveralGzipMembersAndPaddingAtTheEnd) {
  const std::string bytes = as_bytes(plain_header(DT_INT32, 32)) + counting<int32_t>();
  expect_counting(read(gzip(bytes.substr(0, 400)) + gzip(bytes.substr(400)), "members.nii.gz"));
  expect_counting(read(gzip(bytes) + std::string(512, '\0'), "padded.nii.gz"));
  EXPECT_THAT(error(gzip(bytes.substr(0, 400)), "short.nii.gz"), HasSubstr("is truncated: 400 bytes; expected 592"));
}

TEST_F(NiftiImage, ChecksumAndLengthOfTheStreamCount) {
  std::string bytes = gzip(as_bytes(plain_header(DT_INT32, 32)) + counting<int32_t>());
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // in the CRC
  EXPECT_THAT(error(bytes, "crc.nii.gz"), HasSubstr("damaged"));
}

TEST_F(NiftiImage, AbsurdSizesAskForNoMemory) {
  nifti_1_header h = plain_header(DT_FLOAT64, 64);
  for (size_t i = 1; i <= 3; ++i) h.dim[i] = 32767;
  const auto refused = HasSubstr("has a size of 32767 x 32767 x 32767; expected a volume that fits into memory");
  EXPECT_THAT(error(as_bytes(h) + counting<double>()), refused);
  EXPECT_THAT(error(gzip(as_bytes(h) + counting<double>()), "absurd.nii.gz"), refused);
}

TEST_F(NiftiImage, SeveralImagesOrChannelsAreRefused) {
  nifti_1_header h = plain_header(DT_UINT8, 8);
  h.dim[0] = 4;
  h.dim[4] = 2;
  EXPECT_THAT(error(as_bytes(h) + counting<uint8_t>() + counting<uint8_t>()), HasSubstr("has 2 channels; expected one 3D image"));
  h = plain_header(DT_RGB24, 24);
  EXPECT_THAT(error(as_bytes(h) + std::string(180, 'x')), HasSubstr("holds rgb voxels; expected plain numbers"));
  h = plain_header(DT_UINT8, 8);
  h.dim[0] = 2;
  EXPECT_THAT(error(as_bytes(h) + counting<uint8_t>()), HasSubstr("has 2 dimensions"));
}

TEST_F(NiftiImage, VolumesAlongTheFourthAxisAndVectorsAreChannels) {
  nifti_1_header h = plain_header(DT_INT16, 16);
  h.dim[0] = 4;
  h.dim[4] = 2;
  h.scl_slope = 2;
  std::string second = counting<int16_t>();
  std::reverse(second.begin(), second.end());  // some other values
  write_text_file(folder / "four.nii.gz", gzip(as_bytes(h) + counting<int16_t>() + second));
  auto channels = read_image_channels(folder / "four.nii.gz");
  ASSERT_EQ(channels.size(), 2u);
  expect_counting(channels[0], 2);
  EXPECT_EQ(channels[1](0, 0, 0), 60 * 256 * 2);
  EXPECT_EQ(count_image_channels(folder / "four.nii.gz"), 2);
  // A vector image has its components along the fifth axis.
  h.dim[0] = 5;
  h.dim[4] = 1;
  h.dim[5] = 2;
  h.intent_code = NIFTI_INTENT_VECTOR;
  write_text_file(folder / "five.nii.gz", gzip(as_bytes(h) + counting<int16_t>() + second));
  channels = read_image_channels(folder / "five.nii.gz");
  ASSERT_EQ(channels.size(), 2u);
  expect_counting(channels[0], 2);
  testing::truncate_copy(folder / "five.nii.gz", folder / "cut.nii.gz", 20);
  EXPECT_THAT(input_error_of([&] { read_image_channels(folder / "cut.nii.gz"); }), HasSubstr("truncated"));
}

TEST_F(NiftiImage, OrientationFromQformSformOrNeither) {
  Geometry expected = sample::oblique();
  expected.size = kSize;
  nifti_1_header h = plain_header(DT_UINT8, 8);
  set_sform(h, expected);
  EXPECT_EQ(grid_difference(read(as_bytes(h) + counting<uint8_t>()).geometry, expected, 2e-5), "");

  // A quarter turn about z as a quaternion, left-handed (qfac = -1).
  h = plain_header(DT_UINT8, 8);
  h.qform_code = NIFTI_XFORM_SCANNER_ANAT;
  h.quatern_d = static_cast<float>(std::sqrt(0.5));
  h.pixdim[0] = -1;
  h.pixdim[3] = 2;
  h.qoffset_x = 7;
  EXPECT_EQ(grid_difference(read(as_bytes(h) + counting<uint8_t>()).geometry,
                            sample::geometry(kSize, {1, 1, 2}, {7, 0, 0}, {{{0, -1, 0}, {1, 0, 0}, {0, 0, -1}}}), 1e-5),
            "");

  // Neither: the array axes are taken as L, P, S, as ITK does.
  h = plain_header(DT_UINT8, 8);
  EXPECT_EQ(read(as_bytes(h) + counting<uint8_t>()).geometry.direction, (Matrix3{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}));

  h = plain_header(DT_UINT8, 8);
  Geometry sheared = expected;
  sheared.direction[0][1] += 0.3;
  set_sform(h, sheared);
  EXPECT_THAT(error(as_bytes(h) + counting<uint8_t>()), HasSubstr("right angles"));
}

TEST_F(NiftiImage, AWarningWhereQformAndSformDiffer) {
  nifti_1_header h = plain_header(DT_UINT8, 8);
  Geometry g;
  g.size = kSize;
  g.origin = {4, 5, 6};
  set_sform(h, g);
  h.qform_code = NIFTI_XFORM_SCANNER_ANAT;
  h.qoffset_x = 4;
  h.qoffset_y = 5;
  h.qoffset_z = 6;
  const auto read_with_messages = [&] {
    ::testing::internal::CaptureStderr();
    const Image image = read(as_bytes(h) + counting<uint8_t>());
    return std::pair(image.geometry, ::testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(read_with_messages().second, "");
  h.quatern_d = 1;  // half a turn about z; the sform counts as long as it is the scanner's
  EXPECT_EQ(read_with_messages().first.direction, g.direction);
  h.sform_code = NIFTI_XFORM_ALIGNED_ANAT;
  const auto [geometry, message] = read_with_messages();
  EXPECT_EQ(grid_difference(geometry, sample::geometry(kSize, {1, 1, 1}, {4, 5, 6}, {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}), 1e-6),
            "");
  EXPECT_THAT(message, HasSubstr("a.nii: its qform and its sform differ; the qform is used"));
}

TEST_F(NiftiImage, MetresAndMicrometres) {
  nifti_1_header h = plain_header(DT_UINT8, 8);
  Geometry g;
  g.size = kSize;
  g.origin = {10, 20, 30};
  g.spacing = {2, 2, 4};
  set_sform(h, g);
  h.xyzt_units = NIFTI_UNITS_MICRON;
  const Geometry small = read(as_bytes(h) + counting<uint8_t>()).geometry;
  EXPECT_EQ(grid_difference(small, sample::geometry(kSize, {0.002, 0.002, 0.004}, {0.01, 0.02, 0.03}, g.direction), 1e-9), "");
}

TEST_F(NiftiImage, AffineOutEqualsAffineInAsOtherReadersSeeIt) {
  // Slicer and nibabel read the sform: check the bytes that write_image puts there, and that it says it is set.
  const Geometry g = sample::oblique();
  write_image(folder / "out.nii", sample::filled<float>(g));
  const std::string bytes = read_text_file(folder / "out.nii");
  nifti_1_header h{};
  std::memcpy(&h, bytes.data(), sizeof h);
  EXPECT_GT(h.sform_code, 0);
  EXPECT_GT(h.qform_code, 0);
  EXPECT_EQ(h.xyzt_units & 7, NIFTI_UNITS_MM);
  const float* rows[3] = {h.srow_x, h.srow_y, h.srow_z};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(rows[row][axis], g.direction[row][axis] * g.spacing[axis], 1e-6);
    EXPECT_NEAR(rows[row][3], g.origin[row], 1e-5);
  }
}

TEST_F(NiftiImage, SameValuesAsItk) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const auto file = *data / "abdomen_ct/example_ct.nii.gz";
  const Image image = read_image(file);
  auto reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
  reader->SetImageIO(itk::NiftiImageIO::New());
  reader->SetFileName(file.string());
  reader->Update();
  const float* itk_order = reader->GetOutput()->GetBufferPointer();
  const auto& [nx, ny, nz] = image.size();
  for (int64_t z = 0; z < nz; ++z)
    for (int64_t y = 0; y < ny; ++y)
      for (int64_t x = 0; x < nx; ++x) ASSERT_EQ(image(x, y, z), *itk_order++);
}

// VNL aborts the program on them.
TEST_F(NiftiImage, NumbersOfTheAffineThatAreNone) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  const std::string voxels = counting<int16_t>();
  const auto with = [&](const auto& change, bool swap = false) {
    nifti_1_header h = plain_header(DT_INT16, 16);
    set_sform(h, sample::geometry(kSize, {1, 1.5, 2}, {3, 4, 5}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}));
    h.qform_code = NIFTI_XFORM_SCANNER_ANAT;
    change(h);
    if (swap) swap_header(h);
    return error(as_bytes(h) + voxels);
  };
  EXPECT_EQ(with([](auto&) {}), "no error");
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (int i = 0; i < 4; ++i) {
      EXPECT_THAT(with([&](auto& h) { h.srow_x[i] = bad; }),
                  HasSubstr(concat("a.nii: srow_x[", i, "]: found ", bad, "; expected")));
      EXPECT_THAT(with([&](auto& h) { h.srow_y[i] = bad; }), HasSubstr(concat("srow_y[", i, "]: found")));
      EXPECT_THAT(with([&](auto& h) { h.srow_z[i] = bad; }), HasSubstr(concat("srow_z[", i, "]: found")));
      // Beside a sound sform nobody needs it.
      EXPECT_EQ(with([&](auto& h) { h.pixdim[i] = bad; }), "no error");
    }
    EXPECT_THAT(with([&](auto& h) { h.quatern_b = bad; }), HasSubstr("quatern_b: found"));
    EXPECT_THAT(with([&](auto& h) { h.quatern_c = bad; }), HasSubstr("quatern_c: found"));
    EXPECT_THAT(with([&](auto& h) { h.quatern_d = bad; }), HasSubstr("quatern_d: found"));
    EXPECT_THAT(with([&](auto& h) { h.qoffset_x = bad; }), HasSubstr("qoffset_x: found"));
    EXPECT_THAT(with([&](auto& h) { h.qoffset_y = bad; }), HasSubstr("qoffset_y: found"));
    EXPECT_THAT(with([&](auto& h) { h.qoffset_z = bad; }), HasSubstr("qoffset_z: found"));
    EXPECT_THAT(with([&](auto& h) { h.srow_y[1] = bad; }, true), HasSubstr("srow_y[1]: found"));
    // What is not in use does no harm.
    EXPECT_EQ(with([&](auto& h) { h.sform_code = 0, h.srow_x[1] = bad; }), "no error");
    EXPECT_EQ(with([&](auto& h) { h.qform_code = 0, h.quatern_b = h.qoffset_x = bad; }), "no error");
  }
}

TEST_F(NiftiImage, AnOffsetBeyondAllFilesIsTruncation) {
  nifti_1_header h = plain_header(DT_UINT8, 8);
  for (const float far : {1e9F, 1e20F, 3e38F}) {
    h.vox_offset = far;
    EXPECT_THAT(error(as_bytes(h) + counting<uint8_t>()), HasSubstr("a.nii: is truncated"));
  }
}

}  // namespace tss::nifti_image_test
