#include "textsemiseg/weights/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/archive/zip_file.h"

namespace tss::npz_test {
using ::testing::HasSubstr;

class NpzTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "x.npz"; }
  std::string error() const {
    return testing::input_error_of([&] { read_npz_file(path()); });
  }
  void put(const std::string& name, const std::string& content) const { write_zip(path(), {{name, content, {}}}); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(NpzTest, RoundTripOfNumbersAndText) {
  NpzFile file;
  for (const auto type :
       {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kInt64, torch::kInt32, torch::kInt16, torch::kUInt8})
    file.tensors[torch::toString(type)] = torch::arange(6).reshape({2, 3}).to(type);
  file.tensors["scalar"] = torch::tensor(2.5f);
  file.tensors["empty"] = torch::empty({0, 4});
  file.tensors["view"] = torch::arange(6.0f).reshape({2, 3}).t();
  file.texts["names"] = {"left atrium", "", "Bauchspeicheldrüse", "心臓", "\xF0\x9F\xAB\x80"};
  write_npz(path(), file);
  const NpzFile back = read_npz_file(path());
  EXPECT_EQ(back.texts, file.texts);
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(back.tensors.at(name), tensor)) << name;
  }
}

TEST_F(NpzTest, TypesThatNumpyLacks) {
  write_npz(path(), TensorMap{{"b", torch::tensor({1.5f}).to(torch::kBFloat16)}, {"c", torch::tensor({true, false})}});
  const TensorMap back = read_npz(path());
  EXPECT_TRUE(torch::equal(back.at("b"), torch::tensor({1.5f})));
  EXPECT_TRUE(torch::equal(back.at("c"), torch::tensor({1, 0}, torch::kUInt8)));
  EXPECT_THROW(write_npz(path(), TensorMap{{"i", torch::ones({1}, torch::kInt8)}}), Error);
}

TEST_F(NpzTest, RefusesWithOneLine) {
  const auto npy = [](const std::string& descr, const std::string& data) { return npy_preamble(descr, {2}) + data; };
  put("a.npy", npy("|O", "\x80\x02N."));
  EXPECT_THAT(error(), HasSubstr("x.npz: array 'a': holds Python objects (a pickle), which are never read"));
  put("a.npy", npy(">f4", "01234567"));
  EXPECT_THAT(error(), HasSubstr("has the type '>f4'"));
  put("a.npy", npy("<f4", "0123456"));
  EXPECT_THAT(error(), HasSubstr("is truncated"));
  put("a.npy", npy("<U3", "0123456"));
  EXPECT_THAT(error(), HasSubstr("is truncated"));
  put("a.npy", npy("<U99999999999", ""));
  EXPECT_THAT(error(), HasSubstr("texts of 99999999999 letters"));
  put("a.npy", npy_preamble("<U3", {2, 2}) + std::string(48, 'x'));
  EXPECT_THAT(error(), HasSubstr("text with 2 dimensions"));
  put("a.npy", "hello");
  EXPECT_THAT(error(), HasSubstr("is not an NPY file"));
  write_zip(path(), {});
  EXPECT_THAT(error(), HasSubstr("holds no arrays"));
  write_text_file(path(), "hello");
  EXPECT_THAT(error(), HasSubstr("x.npz"));
}

}  // namespace tss::npz_test
