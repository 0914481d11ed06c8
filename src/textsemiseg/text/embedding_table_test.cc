#include "textsemiseg/text/embedding_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss::embedding_table_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

TextTable small_table() {
  return {torch::tensor({{1.0F, 2.0F, 3.0F}, {0.5F, 0.25F, -1.0F}}), {"spleen", "left atrium, ångström"}};
}

TEST(TextTable, EveryFormatComesBackAsItWas) {
  const testing::TemporaryFolder folder;
  const TextTable table = small_table();
  for (const char* name : {"a.safetensors", "b.npz", "c.npy"}) {
    write_text_table(folder / name, table, "an encoder");
    const TextTable back = read_text_table(folder / name);
    ASSERT_EQ(back.prompts.size(), 2u) << name;
    for (size_t row = 0; row < 2; ++row) {  // formats by name come back sorted
      const auto found = std::find(table.prompts.begin(), table.prompts.end(), back.prompts[row]) - table.prompts.begin();
      ASSERT_LT(found, 2) << name;
      EXPECT_TRUE(torch::equal(back.rows[static_cast<int64_t>(row)], table.rows[found])) << name;
    }
    EXPECT_TRUE(is_text_table(folder / name)) << name;
  }
  EXPECT_EQ(read_safetensors(folder / "a.safetensors").metadata.at("encoder"), "an encoder");
}

TEST(TextTable, NothingIsOverwrittenAndOddRequestsAreRefused) {
  const testing::TemporaryFolder folder;
  const auto error = [&](const fs::path& path, const TextTable& table) {
    return testing::input_error_of([&] { write_text_table(path, table, ""); });
  };
  write_text_file(folder / "a.safetensors", "mine");
  EXPECT_THAT(error(folder / "a.safetensors", small_table()), HasSubstr("a.safetensors: exists"));
  EXPECT_EQ(read_text_file(folder / "a.safetensors"), "mine");
  write_text_file(folder / "c.json", "mine");
  EXPECT_THAT(error(folder / "c.npy", small_table()), HasSubstr("c.json: exists"));
  EXPECT_FALSE(fs::exists(folder / "c.npy"));
  EXPECT_THAT(error(folder / "x.txt", small_table()), HasSubstr("ends in '.txt'; expected .safetensors, .npz or .npy"));
  EXPECT_THAT(error(folder / "y.npz", {torch::ones({2, 3}), {"a", "a"}}), HasSubstr("two rows would have the same prompt"));
}

TEST(TextTable, AnEncoderIsNoTable) {
  const testing::TemporaryFolder folder;
  write_safetensors(folder / "w.safetensors", {{{"a", torch::ones({4, 3})}, {"b", torch::ones({3})}}, {}});
  EXPECT_FALSE(is_text_table(folder / "w.safetensors"));
  EXPECT_FALSE(is_text_table(folder / "none.npz"));
  write_text_file(folder / "w.pth", "");
  EXPECT_FALSE(is_text_table(folder / "w.pth"));
  write_text_file(folder / "embedding_prompts.json", R"({"w.pth": ["a"]})");
  EXPECT_TRUE(is_text_table(folder / "w.pth"));
}

}  // namespace tss::embedding_table_test
