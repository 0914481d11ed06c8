#include "textsemiseg/io/hdf5_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <limits>
#include <numeric>
#include <thread>

#include "support/sample_volumes.h"
#include "support/testing.h"

namespace tss::hdf5_file_test {

using ::testing::HasSubstr;
using testing::input_error_of;

Geometry grid(const Size3& size) {
  Geometry g;
  g.size = size;
  return g;
}

// One data set of any type and rank, as other programs write it.
void add(const std::filesystem::path& path, const char* name, hid_t type, const std::vector<hsize_t>& size, const void* data) {
  const hid_t file = std::filesystem::exists(path) ? H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)
                                                   : H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
  H5Dclose(set);
  H5Sclose(space);
  H5Fclose(file);
}

class Hdf5File : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder;
  std::filesystem::path file = folder / "case.h5";
  const std::vector<hsize_t> size{2, 3, 4};
  std::vector<float> image = std::vector<float>(24, 0.5f);
};

TEST_F(Hdf5File, RoundTripKeepsOrderAndValues) {
  const Image original = sample::filled<float>(grid({6, 7, 40}));
  const LabelMap label = sample::filled<uint8_t>(grid({6, 7, 40}));
  write_hdf5_case(file, original, &label);
  const Hdf5Case back = read_hdf5_case(file);
  EXPECT_EQ(back.image.voxels, original.voxels);
  ASSERT_TRUE(back.label);
  EXPECT_EQ(back.label->voxels, label.voxels);
  EXPECT_TRUE(same_grid(back.image.geometry, original.geometry, 0));
  EXPECT_EQ(read_hdf5_layout(file).size, original.size());
  EXPECT_TRUE(hdf5_has_label(file));

  write_hdf5_case(file, original, nullptr);
  EXPECT_FALSE(hdf5_has_label(file));
  EXPECT_FALSE(read_hdf5_case(file).label);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST_F(Hdf5File, OtherNumberTypes) {
  std::vector<int16_t> shorts(24);
  std::iota(shorts.begin(), shorts.end(), int16_t{-5});
  add(file, "image", H5T_NATIVE_INT16, size, shorts.data());
  std::vector<double> label(24, 1.0);
  label[23] = 255;
  add(file, "label", H5T_NATIVE_DOUBLE, size, label.data());
  const Hdf5Case back = read_hdf5_case(file);
  EXPECT_EQ(back.image(1, 2, 3), 18);
  EXPECT_EQ(back.image(0, 1, 0), -1);
  EXPECT_EQ((*back.label)(1, 2, 3), 255);
}

TEST_F(Hdf5File, BigEndianAndBooleanLabels) {
  std::vector<unsigned char> big(48, 0);
  for (size_t i = 0; i < 24; ++i) big[2 * i + 1] = static_cast<unsigned char>(i);
  add(file, "image", H5T_STD_I16BE, size, big.data());
  const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t no = 0, yes = 1;
  H5Tenum_insert(boolean, "FALSE", &no);
  H5Tenum_insert(boolean, "TRUE", &yes);
  std::vector<int8_t> label(24, 0);
  label[5] = 1;
  add(file, "label", boolean, size, label.data());
  H5Tclose(boolean);
  const Hdf5Case back = read_hdf5_case(file);
  EXPECT_EQ(back.image(1, 0, 1), 13);
  EXPECT_EQ((*back.label)(0, 1, 1), 1);
  EXPECT_EQ((*back.label)(0, 1, 2), 0);
}

TEST_F(Hdf5File, WrongLabelsAreNamed) {
  add(file, "image", H5T_NATIVE_FLOAT, size, image.data());
  std::vector<double> label(24, 0.0);
  for (const double bad : {-1.0, 256.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    label[11] = bad;
    const auto other = folder / "other.h5";
    std::filesystem::copy_file(file, other, std::filesystem::copy_options::overwrite_existing);
    add(other, "label", H5T_NATIVE_DOUBLE, size, label.data());
    EXPECT_THAT(input_error_of([&] { read_hdf5_case(other); }), HasSubstr("other.h5: data set 'label': has the label value"))
        << bad;
  }
  label[11] = 1;
  add(file, "label", H5T_NATIVE_DOUBLE, {2, 3, 2}, label.data());
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }),
              HasSubstr("'label': is 2 x 3 x 2; expected the shape of 'image', 2 x 3 x 4"));
}

TEST_F(Hdf5File, MissingDataSetAndWrongRank) {
  add(file, "scan", H5T_NATIVE_FLOAT, size, image.data());
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("data set 'image': is missing; the file holds scan"));
  add(file, "image", H5T_NATIVE_FLOAT, {2, 2, 3, 2}, image.data());
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("'image': has 2 channels; expected one"));
}

TEST_F(Hdf5File, AbsurdSizesAskForNoMemory) {
  const hid_t made = H5Fcreate(file.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t absurd[3] = {hsize_t{1} << 20, hsize_t{1} << 20, hsize_t{1} << 20}, chunk[3] = {1, 1, 16};
  const hid_t space = H5Screate_simple(3, absurd, nullptr);
  const hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(layout, 3, chunk);
  H5Dclose(H5Dcreate2(made, "image", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, layout, H5P_DEFAULT));
  H5Pclose(layout);
  H5Sclose(space);
  H5Fclose(made);
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("'image': has more than 2^36 voxels"));
}

TEST_F(Hdf5File, TruncatedDamagedOrNoHdf5) {
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("does not exist"));
  write_text_file(file, "hello");
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("is not an HDF5 file"));
  write_hdf5_case(file, sample::filled<float>(grid({20, 20, 40})), nullptr);
  const size_t bytes = std::filesystem::file_size(file);
  const auto cut = folder / "cut.h5";
  for (const size_t missing : {size_t{1}, bytes / 4, bytes / 2, bytes - 100}) {
    testing::truncate_copy(file, cut, missing);
    EXPECT_THAT(input_error_of([&] { read_hdf5_case(cut); }), HasSubstr("cut.h5: is truncated")) << missing;
  }
  // Same length, data of zeros: only the inflating of the chunks can tell.
  std::string changed = read_text_file(file);
  std::fill(changed.begin() + static_cast<std::ptrdiff_t>(bytes / 2), changed.end() - 10, '\0');
  write_text_file(cut, changed);
  EXPECT_THAT(input_error_of([&] { read_hdf5_case(cut); }), HasSubstr("cut.h5"));
}

// A filter that this process does not have, as lzf of h5py or blosc.
TEST_F(Hdf5File, AMissingFilterIsNamedByEveryThreadWithoutTheLibrarysWords) {
  constexpr H5Z_filter_t kLzf = 32000;
  const H5Z_class2_t lzf{H5Z_CLASS_T_VERS,
                         kLzf,
                         1,
                         1,
                         "lzf",
                         nullptr,
                         nullptr,
                         [](unsigned, size_t, const unsigned*, size_t bytes, size_t*, void**) { return bytes; }};
  ASSERT_GE(H5Zregister(&lzf), 0);
  const hid_t out = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(3, size.data(), nullptr), how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(how, 3, size.data());
  H5Pset_filter(how, kLzf, H5Z_FLAG_MANDATORY, 0, nullptr);
  const hid_t set = H5Dcreate2(out, "image", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, how, H5P_DEFAULT);
  ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, image.data()), 0);
  H5Dclose(set);
  H5Pclose(how);
  H5Sclose(space);
  H5Fclose(out);
  H5Zunregister(kLzf);
  ::testing::internal::CaptureStderr();
  std::string message;
  std::thread([&] { message = input_error_of([&] { read_hdf5_case(file); }); }).join();
  EXPECT_THAT(message,
              HasSubstr("data set 'image': is packed with the HDF5 filter lzf (number 32000), which is not installed here"));
  write_text_file(file, "\x89HDF\r\n\x1a\n" + std::string(100, 'x'));
  std::thread([&] { message = input_error_of([&] { read_hdf5_case(file); }); }).join();
  EXPECT_THAT(message, HasSubstr("case.h5: is "));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// Headers of the old format have no checksum: bits elsewhere than all numbers have them would be read as other numbers.
TEST_F(Hdf5File, NumbersThatDoNotFillTheirBytesAreRefused) {
  const hid_t shifted = H5Tcopy(H5T_STD_I16LE), narrow = H5Tcopy(H5T_STD_U8LE), odd = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_precision(shifted, 12);
  H5Tset_offset(shifted, 4);
  H5Tset_precision(narrow, 5);
  H5Tset_ebias(odd, 120);
  for (const hid_t type : {shifted, narrow, odd}) {
    std::filesystem::remove(file);
    add(file, "image", type, size, image.data());
    EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("data set 'image': has a number type of"));
    std::filesystem::remove(file);
    add(file, "image", H5T_NATIVE_FLOAT, size, image.data());
    add(file, "label", type, size, image.data());
    EXPECT_THAT(input_error_of([&] { read_hdf5_case(file); }), HasSubstr("data set 'label': has a number type of"));
    H5Tclose(type);
  }
}

TEST_F(Hdf5File, WritingToAnImpossiblePlace) {
  write_text_file(folder / "plain", "x");
  const Image small = sample::filled<float>(grid({2, 2, 2}));
  EXPECT_THAT(input_error_of([&] { write_hdf5_case(folder / "plain/a.h5", small, nullptr); }), HasSubstr("cannot be written"));
  const LabelMap other = sample::filled<uint8_t>(grid({2, 2, 3}));
  EXPECT_THAT(input_error_of([&] { write_hdf5_case(file, small, &other); }), HasSubstr("is 2 x 2 x 3"));
}

TEST_F(Hdf5File, ManyThreadsMayRead) {
  const Image original = sample::filled<float>(grid({30, 30, 30}));
  write_hdf5_case(file, original, nullptr);
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (size_t t = 0; t < equal.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) equal[t] += read_hdf5_case(file).image.voxels == original.voxels;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 10));
}

// Numbers from h5py.
TEST(RealScans, LeftAtrium) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const Hdf5Case scan = read_hdf5_case(*data / "left_atrium/06SR5RBREL16DQ6M8LWS/mri_norm2.h5");
  EXPECT_EQ(scan.image.size(), (Size3{183, 140, 88}));
  EXPECT_FLOAT_EQ(scan.image(100, 70, 40), 3.826551f);
  EXPECT_FLOAT_EQ(scan.image(0, 1, 2), 2.2695065f);
  EXPECT_NEAR(std::accumulate(scan.image.voxels.begin(), scan.image.voxels.end(), 0.0), 3288043.449, 1e-2);
  EXPECT_EQ(std::accumulate(scan.label->voxels.begin(), scan.label->voxels.end(), 0), 154296);
}

}  // namespace tss::hdf5_file_test
