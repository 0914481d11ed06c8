#include "textsemiseg/archive/zip_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/archive/gzip.h"

namespace tss::zip_file_test {
using ::testing::HasSubstr;

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

class ZipFileTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "x.zip"; }
  void write() const {
    write_zip(path(), {{"a", "head ", "body"}, {"folder/b", "", std::string_view("\0\1\2", 3)}, {"empty", "", {}}});
  }
  std::string bytes() const { return read_text_file(path()); }
  // The file with some bytes replaced.
  void put(size_t at, const std::string& replacement) const {
    std::string all = bytes();
    all.replace(at, replacement.size(), replacement);
    write_text_file(path(), all);
  }
  std::string error() const {
    return testing::input_error_of([&] {
      const ZipFile zip(path());
      for (const ZipRecord& record : zip.records()) zip.text(record, 1000);
    });
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(ZipFileTest, RoundTrip) {
  write();
  const ZipFile zip(path());
  ASSERT_EQ(zip.records().size(), 3u);
  EXPECT_EQ(zip.text(*zip.find("a"), 100), "head body");
  EXPECT_EQ(zip.text(*zip.find("folder/b"), 100), std::string("\0\1\2", 3));
  EXPECT_EQ(zip.text(*zip.find("empty"), 100), "");
  EXPECT_EQ(zip.find("c"), nullptr);
  for (const ZipRecord& record : zip.records()) EXPECT_NO_THROW(zip.check(record));
}

TEST_F(ZipFileTest, AnArchiveCommentIsPassedOver) {
  write();
  std::string all = bytes();
  all.replace(all.size() - 2, 2, std::string("\5\0", 2));
  write_text_file(path(), all + "PK\5\6x");
  EXPECT_EQ(ZipFile(path()).records().size(), 3u);
}

TEST_F(ZipFileTest, AFlippedByteFailsTheChecksum) {
  write();
  put(bytes().find("body"), "bodY");
  EXPECT_THAT(error(), HasSubstr("x.zip: record 'a' has a wrong checksum"));
  const ZipFile zip(path());
  EXPECT_THROW(zip.check(*zip.find("a")), InputError);
}

TEST_F(ZipFileTest, ClaimsAreCheckedBeforeMemoryIsTaken) {
  write();
  const std::string all = bytes();
  const size_t entry = all.find("PK\1\2");
  const auto with = [&](size_t at, const std::string& replacement) {
    write_text_file(path(), all);
    put(at, replacement);
    return error();
  };
  // A stored record of 4 GB in a file of 300 bytes; a deflated one of 3 GB.
  EXPECT_THAT(with(entry + 24, raw(uint32_t{0xFFFFFFF0})), HasSubstr("claims 4294967280 bytes and stores 9"));
  EXPECT_THAT(with(entry + 20, raw(uint32_t{0xFFFFFFF0}) + raw(uint32_t{0xFFFFFFF0})),
              HasSubstr("record 'a' lies outside the file"));
  EXPECT_THAT(with(entry + 10,
                   raw(uint16_t{8}) + std::string(4, '\0') + raw(uint32_t{0}) + raw(uint32_t{9}) + raw(uint32_t{3'000'000'000})),
              HasSubstr("claims 3000000000 bytes, more than its 9 compressed ones can hold"));
  EXPECT_THAT(with(entry + 8, raw(uint16_t{1})), HasSubstr("is encrypted"));
  EXPECT_THAT(with(entry + 10, raw(uint16_t{12})), HasSubstr("compression method 12"));
  EXPECT_THAT(with(entry + 42, raw(uint32_t{0x7FFFFFFF})), HasSubstr("lies outside the file"));
  EXPECT_THAT(with(entry + 42, raw(uint32_t{1})), HasSubstr("has a damaged header"));
  EXPECT_THAT(with(all.size() - 12, raw(uint16_t{60000})), HasSubstr("claims 60000 records"));
  EXPECT_THAT(with(all.size() - 6, raw(uint32_t{0x7FFFFFFF})), HasSubstr("a directory outside the file"));
  EXPECT_THAT(with(30, "z"), HasSubstr("record 'a' has a damaged header"));
}

TEST_F(ZipFileTest, RecordsMayNotOverlapNorShareAName) {
  // Two entries for the same bytes: with a thousand of them a small file would claim to be a large one.
  write_zip(path(), {{"a", "", "the same bytes"}, {"b", "", "other bytes, 14"}});
  std::string all = bytes();
  const size_t second = all.find("PK\1\2", all.find("PK\1\2") + 1);
  all.replace(second + 46, 1, "a");
  write_text_file(path(), all);
  EXPECT_THAT(error(), HasSubstr("record 'a' is there twice"));

  write_zip(path(), {{"a", "",
                      std::string_view("PK\3\4"
                                       "0123456789012345678901\1\0\0\0b!",
                                       33)},
                     {"b", "", "!"}});
  all = bytes();
  const size_t entry = all.find("PK\1\2", all.find("PK\1\2") + 1);
  all.replace(entry + 42, 4, raw(uint32_t{31}));
  write_text_file(path(), all);
  EXPECT_THAT(error(), HasSubstr("has records that overlap"));
}

TEST_F(ZipFileTest, DeflatedRecordsAndTheirBeginnings) {
  // 2 MB of zeros behind a word, deflated: the stream between a gzip file's header and its checksum.
  const std::string content = "a word" + std::string(size_t{2} << 20, '\0');
  const std::string packed = gzip(content);
  const std::string stream = packed.substr(10, packed.size() - 18), crc = packed.substr(packed.size() - 8, 4);
  ASSERT_LT(stream.size(), 10'000u);
  write_zip(path(), {{"x", stream, {}}});
  std::string all = bytes();
  const size_t entry = all.find("PK\1\2");
  for (const size_t at : {size_t{8}, entry + 10}) {  // method, time, CRC, bytes stored, bytes of content
    all.replace(at, 2, raw(uint16_t{8}));
    all.replace(at + 6, 4, crc);
    all.replace(at + 14, 4, raw(static_cast<uint32_t>(content.size())));
  }
  write_text_file(path(), all);
  const ZipFile zip(path());
  const ZipRecord& record = *zip.find("x");
  EXPECT_EQ(zip.text(record, content.size()), content);
  EXPECT_EQ(zip.beginning(record, 6), "a word");
  EXPECT_EQ(zip.beginning(record, content.size() + 5).size(), content.size());
  // A claim that is wrong either way.
  for (const int wrong : {-1, 1}) {
    std::string other = all;
    other.replace(entry + 24, 4, raw(static_cast<uint32_t>(static_cast<int>(content.size()) + wrong)));
    write_text_file(path(), other);
    const ZipFile damaged(path());
    EXPECT_THAT(testing::input_error_of([&] { damaged.text(*damaged.find("x"), content.size() + 1); }),
                HasSubstr("does not inflate to the size it claims"));
  }
}

TEST_F(ZipFileTest, TruncationAnywhereIsFound) {
  write();
  const std::string all = bytes();
  for (size_t length = 0; length < all.size(); ++length) {
    write_text_file(path(), all.substr(0, length));
    ASSERT_THAT(error(), HasSubstr("x.zip")) << length;
  }
}

}  // namespace tss::zip_file_test
