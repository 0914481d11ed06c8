#include "textsemiseg/archive/npy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "support/testing.h"

namespace tss::npy_file_test {

using ::testing::HasSubstr;
using testing::input_error_of;

// A version 1 file around any header text.
std::string npy(std::string header, const std::string& data) {
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() & 255) + static_cast<char>(header.size() >> 8) +
         header + data;
}

class NpyFile : public ::testing::Test {
 protected:
  std::string error(const std::string& bytes) {
    write_text_file(file, bytes);
    return input_error_of([&] { MappedNpy map(file); });
  }
  testing::TemporaryFolder folder;
  std::filesystem::path file = folder / "a.npy";
};

TEST_F(NpyFile, RoundTripOfEveryTypeWithAlignedData) {
  const std::vector<unsigned char> bytes(2 * 3 * 8, 7);
  for (const NpyType type : {NpyType::kFloat32, NpyType::kFloat64, NpyType::kFloat16, NpyType::kUint8, NpyType::kInt16,
                             NpyType::kInt32, NpyType::kInt64}) {
    write_npy(file, type, {2, 3}, bytes.data());
    const MappedNpy map(file);
    EXPECT_EQ(map.type(), type);
    EXPECT_EQ(map.shape(), (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(map.elements(), 6);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(map.data<void>()) % 64, 0u);
    EXPECT_EQ(static_cast<const unsigned char*>(map.data<void>())[0], 7);
  }
  const std::vector<float> values{1.5f, -2, 3e30f};
  write_npy(file, NpyType::kFloat32, {3}, values.data());
  const MappedNpy map(file);
  EXPECT_EQ(std::vector<float>(map.data<float>(), map.data<float>() + 3), values);
  EXPECT_THROW(map.data<uint8_t>(), Error);
}

TEST_F(NpyFile, HeaderIsWhatNumpyWrites) {
  const float value = 1;
  write_npy(file, NpyType::kFloat32, {1}, &value);
  const std::string bytes = read_text_file(file);
  EXPECT_EQ(bytes.size(), 128u + 4u);
  EXPECT_EQ(bytes.substr(10, 57), "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }");
  EXPECT_EQ(bytes[127], '\n');
  write_npy(file, NpyType::kFloat32, {}, &value);
  EXPECT_THAT(read_text_file(file), HasSubstr("'shape': (), }"));
  EXPECT_EQ(MappedNpy(file).elements(), 1);
}

TEST_F(NpyFile, OtherVersionsAndStyles) {
  // Version 2: four bytes of header length; other order of keys, double quotes.
  const std::string header = R"({"shape": (2, 2), "fortran_order": False, "descr": "|u1"})"
                             "\n";
  std::string bytes("\x93NUMPY\x02\x00", 8);
  const auto length = static_cast<uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char*>(&length), 4);
  write_text_file(file, bytes + header + "abcd");
  const MappedNpy map(file);
  EXPECT_EQ(map.shape(), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(map.data<uint8_t>()[3], 'd');
}

TEST_F(NpyFile, EmptyArrays) {
  write_npy(file, NpyType::kInt64, {0, 5}, nullptr);
  EXPECT_EQ(MappedNpy(file).elements(), 0);
}

TEST_F(NpyFile, ClearWordsForWhatCannotBeRead) {
  EXPECT_THAT(input_error_of([&] { MappedNpy map(folder / "none.npy"); }), HasSubstr("cannot be opened"));
  EXPECT_THAT(error(""), HasSubstr("a.npy: is not an NPY file"));
  EXPECT_THAT(error("hello, this is no array"), HasSubstr("is not an NPY file"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", "abcd")), HasSubstr("Fortran order"));
  EXPECT_THAT(error(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "abcd")), HasSubstr("has the type '>f4'"));
  EXPECT_THAT(error(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "abcd")), HasSubstr("has the type '|O'"));
  EXPECT_THAT(error(npy("{'descr': '|u1', 'shape': (1,)}", "abcd")), HasSubstr("no 'fortran_order'"));
  EXPECT_THAT(error(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (x,)}", "abcd")), HasSubstr("shape: found 'x'"));
  EXPECT_THAT(error(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}", "abcd")), HasSubstr("no negative sizes"));
  EXPECT_THAT(error(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}", "abcd")), HasSubstr("is truncated"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "abcd")), HasSubstr("unaligned"));
  // 2^33 x 2^33 x 2^33: the product overflows.
  EXPECT_THAT(error(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8589934592, 8589934592, 8589934592)}", "abcd")),
              HasSubstr("is truncated"));
}

// A header that grew by two bytes shifts every element; NumPy's own reader takes what is left over without a word.
TEST_F(NpyFile, AsManyBytesAsTheShapeNeeds) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}";
  EXPECT_EQ(error(npy(header, "abcde")), "no error");
  EXPECT_THAT(error(npy(header, "abcdef")),
              HasSubstr("a.npy: holds 6 bytes behind its header; expected 5 for the shape 5 and the type |u1"));
  EXPECT_THAT(error(npy(header, "abcd")), HasSubstr("a.npy: is truncated"));
  std::string grown = npy(header, "abcde");
  grown.insert(10 + header.size(), "\n ");
  EXPECT_THAT(error(grown), HasSubstr("a.npy: "));
  grown = npy(header, "abcde");
  grown.insert(10 + header.size() + 1, " \n");
  EXPECT_THAT(error(grown), HasSubstr("holds 7 bytes behind its header"));
  write_npy(file, NpyType::kInt64, {0, 5}, nullptr);
  EXPECT_THAT(error(read_text_file(file) + "x"), HasSubstr("holds 1 bytes behind its header; expected 0"));
}

TEST_F(NpyFile, TheHeaderEndsAsTheFormatAsks) {
  std::string bytes = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}", "abcde");
  bytes[8] = static_cast<char>(bytes[8] - 1);  // the length that is said
  EXPECT_THAT(error(bytes), HasSubstr("a.npy: has a damaged header"));
  EXPECT_THAT(error(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5,)} 1", "abcde")),
              HasSubstr("has a damaged header"));
  std::string long_header("\x93NUMPY\x02\x00\xff\xff\xff\x00", 12);
  EXPECT_THAT(error(long_header + std::string(100, ' ')), HasSubstr("has a header of 16777215 bytes; expected at most 65536"));
}

TEST_F(NpyFile, TruncationAnywhereIsFound) {
  const std::vector<int16_t> values(50, 3);
  write_npy(file, NpyType::kInt16, {50}, values.data());
  const auto cut = folder / "cut.npy";
  for (size_t missing = 1; missing <= 228; ++missing) {
    testing::truncate_copy(file, cut, missing);
    ASSERT_THAT(input_error_of([&] { MappedNpy map(cut); }), HasSubstr("cut.npy")) << missing;
  }
}

TEST_F(NpyFile, MovesKeepTheMap) {
  const uint8_t value = 9;
  write_npy(file, NpyType::kUint8, {1}, &value);
  MappedNpy a(file);
  MappedNpy b = std::move(a);
  EXPECT_FALSE(a.valid());
  EXPECT_EQ(b.data<uint8_t>()[0], 9);
  a = std::move(b);
  EXPECT_EQ(a.data<uint8_t>()[0], 9);
}

}  // namespace tss::npy_file_test
