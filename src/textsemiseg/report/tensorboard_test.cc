#include "textsemiseg/report/tensorboard.h"

#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::tensorboard_test {

namespace fs = std::filesystem;

// Sizes of the records of a file.
std::vector<uint64_t> records(const std::string& file) {
  std::vector<uint64_t> out;
  for (size_t at = 0; at + 16 <= file.size();) {
    uint64_t size = 0;
    for (size_t i = 0; i < 8; ++i) size |= static_cast<uint64_t>(static_cast<uint8_t>(file[at + i])) << (8 * i);
    out.push_back(size);
    at += 16 + size;
  }
  return out;
}

TEST(TensorBoard, ChecksumsOfThePublishedVectors) {
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  const uint32_t sum = crc32c("123456789");
  EXPECT_EQ(masked_crc32c("123456789"), ((sum >> 15) | (sum << 17)) + 0xa282ead8u);
}

TEST(TensorBoard, EncodesOneEvent) {
  const testing::TemporaryFolder folder;
  TensorBoardWriter writer(folder.path(), 0);
  const size_t head = fs::file_size(writer.path());
  writer.add(300, {{"loss", 0.5}});
  const std::string file = read_text_file(writer.path());
  const std::string event = file.substr(head + 12, file.size() - head - 16);
  ASSERT_EQ(event.size(), 9u + 3u + 2u + 2u + 11u);
  EXPECT_EQ(event[0], '\x09') << "wall_time: field 1, 64 bits";
  EXPECT_EQ(event.substr(9, 3), std::string("\x10\xac\x02")) << "step: field 2, 300";
  const std::string summary("\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f", 15);
  EXPECT_EQ(event.substr(12), summary);
}

TEST(TensorBoard, ResumingCutsOffWhatIsWrittenAgain) {
  const testing::TemporaryFolder folder;
  fs::path path;
  {
    TensorBoardWriter writer(folder.path(), 0);
    for (const int step : {10, 20, 30}) writer.add(step, {{"loss", 1.0 * step}});
    path = writer.path();
  }
  const size_t three = fs::file_size(path);
  {
    TensorBoardWriter writer(folder.path(), 20);
    EXPECT_EQ(writer.path(), path);
    EXPECT_EQ(records(read_text_file(path)).size(), 3u) << "version, 10, 20";
    writer.add(30, {{"loss", 31}});
  }
  EXPECT_EQ(fs::file_size(path), three);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(TensorBoard, ARecordCutShortIsCutOff) {
  const testing::TemporaryFolder folder;
  fs::path path;
  {
    TensorBoardWriter writer(folder.path(), 0);
    writer.add(10, {{"loss", 1}});
    path = writer.path();
  }
  const size_t whole = fs::file_size(path);
  {
    TensorBoardWriter(folder.path(), 100).add(20, {{"loss", 2}});
  }
  fs::resize_file(path, fs::file_size(path) - 3);
  TensorBoardWriter writer(folder.path(), 100);
  EXPECT_EQ(fs::file_size(path), whole);
}

}  // namespace tss::tensorboard_test
