#include "textsemiseg/weights/weights_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/testing.h"
#include "support/torch_files.h"
#include "textsemiseg/base/random.h"

namespace tss::weights_file_test {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TorchSave;
using std::string_literals::operator""s;

TensorMap small_state() {
  return {{"conv.weight", torch::arange(24.0).reshape({2, 3, 4}).to(torch::kFloat32)},
          {"conv.bias", torch::tensor({-1.5f, 2.5f})},
          {"norm.num_batches_tracked", torch::tensor(7, torch::kInt64)}};
}

void expect_equal(const TensorMap& got, const TensorMap& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_EQ(got.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(got.at(name), tensor)) << name;
  }
}

class WeightsFileTest : public ::testing::Test {
 protected:
  fs::path path(const std::string& name = "x.pth") const { return folder_ / name; }
  std::string error(const std::string& key = "") const {
    return testing::input_error_of([&] { read_weights(path(), key); });
  }
  // The bytes of a whole checkpoint, as archive or in the legacy format.
  std::string checkpoint(bool legacy = false) const {
    TorchSave file;
    const std::string value =
        TorchSave::dict({{TorchSave::text("net"), file.state(small_state())}, {TorchSave::text("opt"), TorchSave::sgd_state()}});
    legacy ? file.write_legacy(path(), value) : file.write(path(), value);
    return read_text_file(path());
  }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(WeightsFileTest, EveryFormatGivesTheSameTensors) {
  TorchSave file;
  const std::string state = file.state(small_state());
  file.write(path("zip"), state);
  file.write_legacy(path("legacy"), state);
  write_safetensors(path("safetensors"), {small_state(), {}});
  for (const auto& [name, format] : {std::pair{"zip", "torch zip"}, {"legacy", "torch legacy"}, {"safetensors", "safetensors"}}) {
    const WeightsFile read = read_weights(path(name));
    EXPECT_EQ(read.format, format);
    EXPECT_EQ(read.where, "");
    expect_equal(read.tensors, small_state());
  }
}

TEST_F(WeightsFileTest, TypesStayAndCudaComesToTheCpu) {
  TensorMap state;
  for (const auto type :
       {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64, torch::kUInt8, torch::kBool})
    state[std::string(torch::toString(type)) + ".weight"] = torch::arange(5).to(type);
  TorchSave file;
  TorchSave::Items items;
  for (const auto& [name, tensor] : state) items.emplace_back(TorchSave::text(name), file.tensor(tensor, "cuda:3"));
  file.write(path(), TorchSave::ordered(items));
  expect_equal(read_weights(path()).tensors, state);
}

TEST_F(WeightsFileTest, AnObjectThatTorchScriptWrote) {
  auto net = std::make_shared<torch::nn::Module>(), inner = std::make_shared<torch::nn::Module>();
  net->register_module("first", torch::nn::Linear(4, 2));
  net->register_module("inner", inner);
  inner->register_module("0", torch::nn::Linear(2, 3));
  inner->register_module("1", torch::nn::BatchNorm1d(3));
  torch::save(net, path().string());
  const WeightsFile read = read_weights(path());
  EXPECT_EQ(read.format, "TorchScript");
  TensorMap expected;
  for (const auto& item : net->named_parameters()) expected[item.key()] = item.value().detach();
  for (const auto& item : net->named_buffers()) expected[item.key()] = item.value();
  expect_equal(read.tensors, expected);
}

TEST_F(WeightsFileTest, NestedDictionariesAreSearched) {
  checkpoint();
  EXPECT_EQ(read_weights(path()).where, "net");
  expect_equal(read_weights(path()).tensors, small_state());
  checkpoint(true);
  expect_equal(read_weights(path()).tensors, small_state());

  // Text-SemiSeg: prompt vectors beside the network; a scalar at the top; numbers.
  TorchSave file;
  const TensorMap prompts = {{"ctx", torch::ones({2, 4})}, {"logit_scale", torch::tensor(2.0f)}};
  const std::string network = file.state(small_state());
  file.write(path(), TorchSave::dict(
                         {{TorchSave::text("epoch"), TorchSave::integer(3)},
                          {TorchSave::text("loss"), file.tensor(torch::tensor(0.5f))},
                          {TorchSave::text("prompt_dict"), file.state(prompts)},
                          {TorchSave::text("runs"), TorchSave::list({TorchSave::dict({{TorchSave::text("model"), network}})})}}));
  EXPECT_EQ(read_weights(path()).where, "runs.0.model");
  expect_equal(read_weights(path(), "prompt_dict").tensors, prompts);
}

TEST_F(WeightsFileTest, SeveralCandidatesAreListedAndAKeyChooses) {
  TorchSave file;
  TensorMap teacher = small_state();
  teacher["conv.bias"] = torch::tensor({9.0f, 9.0f});
  file.write(path(), TorchSave::dict({{TorchSave::text("model.student"), file.state(small_state())},
                                      {TorchSave::text("ema"), file.state(teacher)}}));
  EXPECT_EQ(
      error(),
      path().string() +
          ": holds several sets of weights: 'model.student' (3 tensors), 'ema' (3 tensors); expected the key of one (--key)");
  expect_equal(read_weights(path(), "ema").tensors, teacher);
  expect_equal(read_weights(path(), "model.student").tensors, small_state());
  EXPECT_THAT(error("net"), HasSubstr("has no 'net' in it; expected one of 'model.student', 'ema'"));
  EXPECT_THAT(error("ema.conv.bias"), HasSubstr("holds no weights but a tensor"));
}

TEST_F(WeightsFileTest, WrappersAreTakenOff) {
  TensorMap wrapped;
  add_with_prefix(wrapped, small_state(), "module.");
  TorchSave file;
  file.write(path(), file.state(wrapped));
  expect_equal(read_weights(path()).tensors, small_state());
  // Not when only some have it.
  wrapped["head.weight"] = torch::ones({1});
  TorchSave mixed;
  mixed.write(path(), mixed.state(wrapped));
  EXPECT_TRUE(read_weights(path()).tensors.contains("module.conv.weight"));
}

// What training programs put beside the weights: classes of other libraries, which are read as names and never looked into.
TEST_F(WeightsFileTest, ObjectsOfOtherClassesArePassedOver) {
  const std::vector<std::string> others = {
      // numpy.float64, argparse.Namespace with a state, pathlib.PosixPath, defaultdict(list) with an item, a dtype, an enumeration
      "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\2\0\0\0f8\x89\x88tR(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbC\10\0\0\0\0\0\0\0\0tR"s,
      "cargparse\nNamespace\n)\x81}X\2\0\0\0lrK\1sb"s,
      "cpathlib\nPosixPath\n(X\1\0\0\0/X\4\0\0\0datatR"s,
      "ccollections\ndefaultdict\ncbuiltins\nlist\n\x85RX\1\0\0\0a]s"s,
      "ctorch\nfloat8_e4m3fn\n"s,
      "cmy.package\nStage\nK\2\x85R"s,
      "cmy.package\nListOfThings\n)\x81(K\1K\2e}b"s};
  for (const std::string& other : others) {
    TorchSave file;
    const std::string network = file.state(small_state());
    file.write(path(), TorchSave::dict({{TorchSave::text("args"), other}, {TorchSave::text("state_dict"), network}}));
    ASSERT_EQ(error(), "no error") << other;
    EXPECT_EQ(read_weights(path()).where, "state_dict");
    expect_equal(read_weights(path()).tensors, small_state());
  }
  // A dictionary of a class of one's own is a dictionary.
  TorchSave file;
  std::string state = file.state(small_state());
  state.replace(0, std::string("ccollections\nOrderedDict\n)R").size(), "ceasydict\nEasyDict\n)\x81");
  file.write(path(), state);
  expect_equal(read_weights(path()).tensors, small_state());
}

TEST_F(WeightsFileTest, AnObjectMattersWhereATensorDependsOnIt) {
  TorchSave file;
  const std::string inner = file.tensor(torch::ones({3}));
  file.write(path(), TorchSave::dict({{TorchSave::text("a.weight"), file.tensor(torch::ones({2}))},
                                      {TorchSave::text("b.weight"), "ctorch._utils\n_rebuild_qtensor\n" + inner + "\x85R"}}));
  EXPECT_THAT(error(), HasSubstr("its tensor 'b.weight' is made by 'torch._utils._rebuild_qtensor'"));
  // A tensor of another class than torch.Tensor.
  TorchSave typed;
  std::string tensor = typed.tensor(torch::ones({2}));
  const std::string function = "ctorch._utils\n_rebuild_tensor_v2\n";
  tensor = "ctorch._tensor\n_rebuild_from_type_v2\n(" + function + "cmonai.data\nMetaTensor\n" +
           tensor.substr(function.size(), tensor.size() - function.size() - 1) + "}tR";
  typed.write(path(), TorchSave::dict({{TorchSave::text("a.weight"), tensor}}));
  ASSERT_EQ(error(), "no error");
  EXPECT_TRUE(torch::equal(read_weights(path()).tensors.at("a.weight"), torch::ones({2})));
  // A network saved whole.
  TorchSave whole;
  const std::string parameters = TorchSave::dict({{TorchSave::text("_parameters"), whole.state(small_state())}});
  whole.write(path(), TorchSave::dict({{TorchSave::text("model"), "cnetworks.vnet\nVNet\n)\x81" + parameters + "b"}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("holds no weights but 'model', an object of the Python class 'networks.vnet.VNet'"),
                             HasSubstr("network.state_dict()")));
}

TEST_F(WeightsFileTest, PrefixesOfWrappersAndCountersOfAveraging) {
  for (const std::string prefix :
       {"model.", "net.", "network.", "_orig_mod.", "ema_model.", "module.module.", "model._orig_mod."}) {
    TensorMap wrapped;
    add_with_prefix(wrapped, small_state(), prefix);
    if (prefix == "module.module." || prefix == "ema_model.") wrapped["n_averaged"] = torch::tensor(4);
    TorchSave file;
    file.write(path(), file.state(wrapped));
    expect_equal(read_weights(path()).tensors, small_state());
  }
  // Two networks in one dictionary: the key is the beginning of their names.
  TensorMap both, teacher = small_state();
  teacher["conv.bias"] = torch::tensor({9.0f, 9.0f});
  add_with_prefix(both, small_state(), "student.");
  add_with_prefix(both, teacher, "teacher.");
  TorchSave file;
  file.write(path(), TorchSave::dict({{TorchSave::text("state_dict"), file.state(both)}}));
  expect_equal(read_weights(path(), "teacher").tensors, teacher);
}

TEST_F(WeightsFileTest, WhatAFileIsInstead) {
  write_text_file(path(), "<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head></html>");
  EXPECT_THAT(error(), HasSubstr("is an HTML page, perhaps the server's answer instead of the file"));
  write_text_file(path(), "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n");
  EXPECT_THAT(error(), HasSubstr("is a pointer of Git LFS (git lfs pull fetches the file)"));
}

TEST_F(WeightsFileTest, RefusesWithOneLine) {
  EXPECT_THAT(error(), HasSubstr("cannot be opened"));
  write_text_file(path(), "");
  EXPECT_THAT(error(), HasSubstr("is empty"));
  write_text_file(path(), "hello, this is text");
  EXPECT_THAT(error(), HasSubstr("is none of the formats known"));
  write_text_file(path(), testing::pickle("K\1"));
  EXPECT_THAT(error(), HasSubstr("is a pickle of something else"));
  const TorchSave nothing;
  nothing.write(path(), TorchSave::dict({{TorchSave::text("epoch"), TorchSave::integer(3)}}));
  EXPECT_THAT(error(), HasSubstr("holds no weights but a dictionary"));
  nothing.write(path(), "cposix\nsystem\n" + TorchSave::text("touch " + (path().parent_path() / "hacked").string()) + "\x85R");
  EXPECT_THAT(error(), AllOf(HasSubstr("its pickle names 'posix.system'"), HasSubstr("nothing of the file was run")));
  EXPECT_FALSE(fs::exists(path().parent_path() / "hacked"));
  write_zip(path(), {{"archive/data.txt", "hello", {}}});
  EXPECT_THAT(error(), HasSubstr("is a zip archive without data.pkl"));
}

TEST_F(WeightsFileTest, StoragesMustHaveTheSizeTheyClaim) {
  // 2^40 floats in a file of a few bytes; a shorter record; none at all.
  const auto file_with = [&](int64_t elements, const std::string& record, const std::string& bytes) {
    const std::string id = TorchSave::tuple({TorchSave::text("storage"), "ctorch\nFloatStorage\n", TorchSave::text("0"),
                                             TorchSave::text("cpu"), TorchSave::integer(elements)});
    const std::string size = TorchSave::tuple({TorchSave::integer(elements)}), stride = TorchSave::tuple({TorchSave::integer(1)});
    const std::string tensor =
        "ctorch._utils\n_rebuild_tensor_v2\n(" + id + "Q" + TorchSave::integer(0) + size + stride + "\x89}tR";
    write_zip(path(), {{"archive/data.pkl", testing::pickle(TorchSave::dict({{TorchSave::text("weight"), tensor}})), {}},
                       {record, bytes, {}}});
    return error();
  };
  EXPECT_THAT(file_with(int64_t{1} << 40, "archive/data/0", "abcd"),
              HasSubstr("claims 1099511627776 elements of 4 bytes for storage '0' and has 4 bytes"));
  EXPECT_THAT(file_with(2, "archive/data/0", "abcdefg"), HasSubstr("claims 2 elements"));
  EXPECT_THAT(file_with(1, "archive/data/1", "abcd"), HasSubstr("has no record 'archive/data/0'"));
  EXPECT_EQ(file_with(1, "archive/data/0", "abcd"), "no error");
}

TEST_F(WeightsFileTest, AFewBytesDoNotBecomeGigabytes) {
  // One float, expanded to 2^40 elements by a stride of zero: a view costs nothing, writing it would fill the disk.
  const std::string id = TorchSave::tuple({TorchSave::text("storage"), "ctorch\nFloatStorage\n", TorchSave::text("0"),
                                           TorchSave::text("cpu"), TorchSave::integer(1)});
  const std::string tensor = "ctorch._utils\n_rebuild_tensor_v2\n(" + id + "QK" + std::string(1, '\0') +
                             TorchSave::tuple({TorchSave::integer(int64_t{1} << 40)}) +
                             TorchSave::tuple({TorchSave::integer(0)}) + "\x89}tR";
  write_zip(path(), {{"archive/data.pkl", testing::pickle(TorchSave::dict({{TorchSave::text("weight"), tensor}})), {}},
                     {"archive/data/0", "abcd", {}}});
  EXPECT_THAT(error(), HasSubstr("has tensors of 4398046511104 bytes in"));
}

TEST_F(WeightsFileTest, DamageInARecordThatIsNotNeededIsFoundToo) {
  TorchSave file;
  const std::string network = file.state(small_state());
  const std::string other = TorchSave::dict(
      {{TorchSave::text("state"), TorchSave::dict({{TorchSave::integer(0), file.tensor(torch::full({64}, 3.0f))}})},
       {TorchSave::text("param_groups"), TorchSave::list({})}});
  file.write(path(), TorchSave::dict({{TorchSave::text("net"), network}, {TorchSave::text("opt"), other}}));
  EXPECT_EQ(error(), "no error");
  std::string bytes = read_text_file(path());
  const torch::Tensor three = torch::full({64}, 3.0f);
  const size_t at = bytes.find(std::string(static_cast<const char*>(three.data_ptr()), 256));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 100] = static_cast<char>(bytes[at + 100] ^ 1);
  write_text_file(path(), bytes);
  EXPECT_THAT(error(), HasSubstr("record 'archive/data/3' has a wrong checksum"));
}

// Any cut or flipped file is read or refused in one line; there is no third way out.
TEST_F(WeightsFileTest, TwoThousandMutations) {
  int refused = 0;
  for (const bool legacy : {false, true}) {
    const std::string good = checkpoint(legacy);
    for (uint32_t i = 0; i < 1000; ++i) {
      std::string bytes = good;
      Random random(i, Stream::kBootstrap, legacy ? 1 : 0);
      const auto place = [&] { return static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size()))); };
      if (i % 4 == 0) bytes.resize(place());
      for (uint32_t k = 0; k < i % 4; ++k) bytes[place()] = static_cast<char>(random.next());
      std::ofstream(path(), std::ios::binary) << bytes;  // without waiting for the disk 2,000 times
      const std::string message = error();
      if (message == "no error") continue;
      ASSERT_THAT(message, HasSubstr("x.pth")) << "mutation " << i;
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace tss::weights_file_test
