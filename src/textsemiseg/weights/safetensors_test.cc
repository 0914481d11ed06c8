#include "textsemiseg/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/testing.h"

namespace tss::safetensors_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SafetensorsTest : public ::testing::Test {
 protected:
  fs::path path() const { return folder_ / "x.safetensors"; }

  // A file from a header and raw data; length: what its first eight bytes say, the header's own length if 0.
  void put(const std::string& header, size_t data, uint64_t length = 0) const {
    if (length == 0) length = header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    write_text_file(path(), bytes + header + std::string(data, '\1'));
  }
  std::string error() const {
    const std::string message = testing::input_error_of([&] { read_safetensors(path()); });
    if (message != "no error") {
      EXPECT_THAT(message, HasSubstr("x.safetensors: "));
    }
    return message;
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(SafetensorsTest, EveryTypeComesBackBitForBit) {
  TensorFile file;
  file.metadata = {{"format", "pt"}, {"klasse", "Bauchspeicheldrüse \"x\"\n"}};
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64, torch::kInt32,
                          torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    file.tensors[torch::toString(type)] = torch::arange(30).reshape({2, 3, 5}).sub(7).to(type);
  }
  file.tensors["scalar"] = torch::tensor(3.5);
  file.tensors["empty"] = torch::empty({0, 4});
  file.tensors["view"] = torch::arange(6.0).reshape({2, 3}).t();
  file.tensors["gradient"] = torch::ones({2}, torch::requires_grad());
  write_safetensors(path(), file);
  const TensorFile back = read_safetensors(path());
  EXPECT_EQ(back.metadata, file.metadata);
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(back.tensors.at(name), tensor.detach())) << name;
  }
}

TEST_F(SafetensorsTest, HeaderIsSortedPaddedAndDataIsAligned) {
  write_safetensors(path(), {{{"b", torch::ones({3}, torch::kUInt8)}, {"a", torch::ones({2}, torch::kFloat64)}}, {}});
  const std::string bytes = read_text_file(path());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  const std::string header = bytes.substr(8, length);
  EXPECT_LT(header.find("\"a\""), header.find("\"b\""));
  EXPECT_THAT(header, HasSubstr("\"data_offsets\":[0,16]"));
  EXPECT_THAT(header, HasSubstr("\"data_offsets\":[16,19]"));
  EXPECT_EQ(bytes.size(), 8 + length + 19);
}

TEST_F(SafetensorsTest, CutFilesAreRefusedAtEveryLength) {
  write_safetensors(path(), {{{"a", torch::ones({4})}, {"b", torch::ones({2, 2})}}, {{"k", "v"}}});
  const std::string whole = read_text_file(path());
  for (size_t length = 0; length < whole.size(); ++length) {
    write_text_file(path(), whole.substr(0, length));
    EXPECT_NE(error(), "no error") << length;
  }
  write_text_file(path(), whole + "x");
  EXPECT_THAT(error(), HasSubstr("bytes of data; expected"));
}

TEST_F(SafetensorsTest, BadFilesAreRefusedWithOneLine) {
  EXPECT_THAT(error(), HasSubstr("cannot be opened"));
  put("{}", 0, uint64_t{1} << 62);
  EXPECT_THAT(error(), HasSubstr("says that its header has 4611686018427387904 bytes"));
  put("{\"a\":", 0);
  EXPECT_THAT(error(), HasSubstr("not JSON"));
  put("[]", 0);
  EXPECT_THAT(error(), HasSubstr("not a JSON object"));
  put(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}})", 12);
  EXPECT_THAT(error(), HasSubstr("tensor 'a' has 12 bytes; expected 8 bytes for F32 of shape [2]"));
  put(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4);
  EXPECT_THAT(error(), HasSubstr("cut"));
  put(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 6);
  EXPECT_THAT(error(), HasSubstr("overlap"));
  put(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12);
  EXPECT_THAT(error(), HasSubstr("gap"));
  put(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  EXPECT_THAT(error(), HasSubstr("side of 4294967296"));
  put(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4);
  EXPECT_THAT(error(), HasSubstr("shape holds -1"));
  put(R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", 8);
  EXPECT_THAT(error(), HasSubstr("dtype 'C64'"));
  put(R"({"a":{"shape":[1],"data_offsets":[0,8]}})", 8);
  EXPECT_THAT(error(), HasSubstr("dtype ''"));
  put(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8);
  EXPECT_THAT(error(), HasSubstr("has no shape"));
  put(R"({"a":3})", 0);
  EXPECT_THAT(error(), HasSubstr("has no shape"));
  put(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}})", 4);
  EXPECT_THAT(error(), HasSubstr("1 data_offsets"));
  put(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0);
  EXPECT_THAT(error(), HasSubstr("'a' twice"));
  put(R"({"__metadata__":{"k":3}})", 0);
  EXPECT_THAT(error(), HasSubstr("not a string"));
  fs::remove(path());
  fs::create_directory(path());
  EXPECT_THAT(error(), HasSubstr("is a folder"));
}

TEST_F(SafetensorsTest, FailedWriteLeavesTheOldFile) {
  write_safetensors(path(), {{{"a", torch::ones({4})}}, {}});
  EXPECT_THROW(write_safetensors(path(), {{{"a", torch::ones({4}, torch::kComplexFloat)}}, {}}), Error);
  EXPECT_THROW(write_safetensors(path(), {{{"\xff", torch::ones({4})}}, {}}), Error);
  EXPECT_TRUE(torch::equal(read_safetensors(path()).tensors.at("a"), torch::ones({4})));
  EXPECT_EQ(std::distance(fs::directory_iterator(path().parent_path()), {}), 1);
}

TEST(TensorMap, PrefixesAndHash) {
  const TensorMap one = {{"m.a", torch::ones({2})}, {"n.a", torch::zeros({2})}};
  const TensorMap inner = with_prefix(one, "m.");
  ASSERT_EQ(inner.size(), 1u);
  TensorMap again;
  add_with_prefix(again, inner, "m.");
  add_with_prefix(again, with_prefix(one, "n."), "n.");
  EXPECT_EQ(hash_of(again), hash_of(one));
  again["m.a"] = torch::ones({1, 2});
  EXPECT_NE(hash_of(again), hash_of(one));
  again["m.a"] = torch::tensor({1.0f, 1.0000001f});
  EXPECT_NE(hash_of(again), hash_of(one));
}

}  // namespace tss::safetensors_test
