#include "textsemiseg/weights/single_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/weights/npz.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss::single_tensor_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SingleTensorTest : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_ / name; }
  static void save(const fs::path& path, const c10::IValue& value) {
    const std::vector<char> bytes = torch::pickle_save(value);
    write_text_file(path, {bytes.data(), bytes.size()});
  }
  static std::string error(const fs::path& path) {
    const std::string message = testing::input_error_of([&] { read_tensor(path); });
    if (message != "no error") {
      EXPECT_THAT(message, HasSubstr(path.filename().string()));
    }
    return message;
  }
  const torch::Tensor table_ = torch::arange(12.0).reshape({3, 4});

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(SingleTensorTest, ReadsEveryFormat) {
  save(path("a.pth"), table_);
  EXPECT_TRUE(torch::equal(read_tensor(path("a.pth")), table_));
  c10::Dict<std::string, at::Tensor> one;
  one.insert("embedding", table_);
  save(path("b.PT"), one);
  EXPECT_TRUE(torch::equal(read_tensor(path("b.PT")), table_));
  write_npy(path("c.npy"), NpyType::kFloat32, {3, 4}, table_.data_ptr());
  EXPECT_TRUE(torch::equal(read_tensor(path("c.npy")), table_));
  write_safetensors(path("d.safetensors"), {{{"x", table_}}, {}});
  EXPECT_TRUE(torch::equal(read_tensor(path("d.safetensors")), table_));
  write_npz(path("e.npz"), TensorMap{{"x", table_}});
  EXPECT_TRUE(torch::equal(read_tensor(path("e.npz")), table_));
}

TEST_F(SingleTensorTest, RefusesWithOneLine) {
  EXPECT_THAT(error(path("none.pth")), HasSubstr("cannot be opened"));
  EXPECT_THAT(error(path("none.bin")), HasSubstr("expected .pth, .pt, .npy, .npz or .safetensors"));
  write_text_file(path("old.pth"), "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.");
  EXPECT_THAT(error(path("old.pth")), HasSubstr("its pickle is truncated"));
  save(path("number.pth"), 3.0);
  EXPECT_THAT(error(path("number.pth")), HasSubstr("holds no weights but a number"));
  c10::Dict<std::string, at::Tensor> two;
  two.insert("a", table_);
  two.insert("b", table_);
  save(path("two.pth"), two);
  EXPECT_THAT(error(path("two.pth")), HasSubstr("expected one tensor"));
  save(path("cut.pth"), table_);
  const std::string whole = read_text_file(path("cut.pth"));
  for (const size_t length : {size_t{0}, size_t{3}, whole.size() / 2, whole.size() - 1}) {
    write_text_file(path("cut.pth"), whole.substr(0, length));
    EXPECT_NE(error(path("cut.pth")), "no error") << length;
  }
  write_safetensors(path("two.safetensors"), {{{"x", table_}, {"y", table_}}, {}});
  EXPECT_THAT(error(path("two.safetensors")), HasSubstr("holds 2 tensors; expected one"));
}

TEST_F(SingleTensorTest, PublishedTablesSavedOnAnotherDevice) {
  const auto data = testing::test_data();
  if (!data || !std::filesystem::exists(*data / "text")) GTEST_SKIP() << "skipped: no data";
  const fs::path text = *data / "text";
  for (const auto& [name, rows, norm] :
       {std::tuple{"clip_vitb32_organs_32x512.pth", 32, 8.8561}, std::tuple{"clip_vitb32_organs_35x512.pth", 35, 8.8562},
        std::tuple{"clip_vitb32_left_atrium_1x512.pth", 1, 9.2635}, std::tuple{"clip_vitb32_jina_1x512.npy", 1, 8.8314}}) {
    const torch::Tensor table = read_tensor(text / name);
    EXPECT_EQ(table.sizes(), (std::vector<int64_t>{rows, 512}));
    EXPECT_TRUE(table.device().is_cpu());
    EXPECT_NEAR(table[0].to(torch::kFloat64).norm().item<double>(), norm, 1e-3) << name;
  }
}

}  // namespace tss::single_tensor_test
