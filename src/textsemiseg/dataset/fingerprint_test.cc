#include "textsemiseg/dataset/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::fingerprint_test {

using ::testing::HasSubstr;

TEST(Fingerprint, AHeaderChangesWithTheDataItNames) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "a.mhd", "NDims = 3\nDimSize = 2 3 4\nElementType = MET_UCHAR\nElementDataFile = a.raw\n");
  write_text_file(folder / "b.nhdr", "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\ndata file: a.raw\n");
  write_text_file(folder / "c.nhdr",
                  "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\ndata file: LIST\nx.raw\na.raw\n");
  write_text_file(folder / "d.nhdr",
                  "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\ndata file: s%02d.raw 1 2 1\n");
  for (const char* name : {"x.raw", "s01.raw"}) write_text_file(folder / name, std::string(24, 'x'));
  for (const std::string header : {"a.mhd", "b.nhdr", "c.nhdr", "d.nhdr"}) {
    const std::string data = header == "d.nhdr" ? "s02.raw" : "a.raw";
    write_text_file(folder / data, std::string(24, 'a'));
    const std::string content = content_of(folder / header);
    Fingerprint before = fingerprint_of(folder / header);
    before.content = content;
    write_text_file(folder / data, std::string(24, 'b'));  // of the same size
    EXPECT_FALSE(same_content(fingerprint_of(folder / header), before)) << header;
    EXPECT_NE(content_of(folder / header), content) << header;
    write_text_file(folder / data, std::string(24, 'a'));
    EXPECT_TRUE(same_content(fingerprint_of(folder / header), before)) << header;
  }
  std::filesystem::remove(folder / "a.raw");
  EXPECT_THAT(testing::input_error_of([&] { fingerprint_of(folder / "a.mhd"); }), HasSubstr("a.raw: missing"));
}

}  // namespace tss::fingerprint_test
