#include "textsemiseg/weights/restricted_pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "support/torch_files.h"

namespace tss::restricted_pickle_test {
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::pickle;
using testing::raw;
using testing::TorchSave;
using std::string_literals::operator""s;

std::string error(const std::string& bytes) {
  return testing::input_error_of([&] { read_pickle(bytes, "x.pth"); });
}
Pickle read(const std::string& bytes) { return read_pickle(bytes, "x.pth"); }
PickleValue value(const std::string& bytes) {
  const Pickle out = read(pickle(bytes));
  return out.at(out.root);
}

TEST(RestrictedPickle, PlainValues) {
  EXPECT_EQ(value("N").kind, PickleKind::kNone);
  EXPECT_EQ(value("\x88").integer, 1);
  EXPECT_EQ(value("I01\n").kind, PickleKind::kBool);
  EXPECT_EQ(value("I-17\n").integer, -17);
  EXPECT_EQ(value("L-17L\n").integer, -17);
  EXPECT_EQ(value(std::string("J\xff\xff\xff\xff", 5)).integer, -1);
  EXPECT_EQ(value("K\xff").integer, 255);
  EXPECT_EQ(value(std::string("M\x00\x01", 3)).integer, 256);
  EXPECT_EQ(value(std::string("\x8a\x00", 2)).integer, 0);
  EXPECT_EQ(value(std::string("\x8a\x02\x00\xff", 4)).integer, -256);
  EXPECT_EQ(value(std::string("\x8a\x0a", 2) + std::string(10, '\1')).kind, PickleKind::kBigInteger);
  EXPECT_EQ(value(std::string("G\x3f\xf8\0\0\0\0\0\0", 9)).real, 1.5);
  EXPECT_EQ(value("F-2.5\n").real, -2.5);
  EXPECT_EQ(value("U\x03yes").text, "yes");
  EXPECT_EQ(value("S'yes'\n").text, "yes");
  EXPECT_EQ(value("\x8c\x03yes").text, "yes");
  EXPECT_EQ(value(std::string("B\x02\0\0\0ab", 7)).kind, PickleKind::kBytes);
}

TEST(RestrictedPickle, ContainersMemoAndPythonTwo) {
  EXPECT_EQ(value("(K\1K\2t").items.size(), 2u);
  EXPECT_EQ(value("K\1K\2K\3\x87").items.size(), 3u);
  EXPECT_EQ(value("](K\1K\2e").items.size(), 2u);
  EXPECT_EQ(value("]K\1a").items.size(), 1u);
  EXPECT_EQ(value("(K\1K\2l").kind, PickleKind::kList);
  EXPECT_EQ(value("(K\1K\2d").kind, PickleKind::kDict);
  EXPECT_EQ(value("c__builtin__\nset\n](K\1K\1e\x85R").kind, PickleKind::kSet);
  // The same object three times through the memo, by each of its opcodes.
  const Pickle same = read(pickle("](K\7q\1h\1p9\ng9\ne"));
  EXPECT_EQ(same.at(same.root).items, std::vector<PickleId>(3, same.at(same.root).items[0]));
  // Protocol 4: frames, MEMOIZE, STACK_GLOBAL.
  const Pickle four = read("\x80\x04\x95" + raw(uint64_t{100}) +
                           "\x8c\x0b"
                           "collections\x94\x8c\x0bOrderedDict\x94\x93)R.");
  EXPECT_EQ(four.at(four.root).kind, PickleKind::kDict);
  // Python 2 makes an ordered dictionary of pairs.
  const Pickle two = read(pickle("ccollections\nOrderedDict\n(](](U\1aK\5eet\x52"));
  EXPECT_EQ(two.entry(two.at(two.root), "a")->integer, 5);
  // A list that holds itself ends.
  const Pickle self = read(pickle("]q\0h\0a"s));
  EXPECT_EQ(self.at(self.root).items[0], self.root);
}

TEST(RestrictedPickle, TensorsParametersAndTheirViews) {
  TorchSave file;
  const Pickle out = read(pickle(TorchSave::parameter(file.tensor(torch::zeros({2, 3})))));
  ASSERT_EQ(out.at(out.root).kind, PickleKind::kTensor);
  EXPECT_EQ(out.tensors[0].sizes, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(out.storages[0].type, "Float");
  EXPECT_EQ(out.storages[0].elements, 6);
  const auto view = [](int64_t elements, const std::string& offset, const std::string& sizes, const std::string& strides) {
    return pickle(
        "ctorch._utils\n_rebuild_tensor_v2\n((U\7storagectorch\nFloatStorage\nU\1"
        "0U\3"
        "cpu" +
        TorchSave::integer(elements) + "tQ" + offset + sizes + strides + "\x89}tR");
  };
  const auto numbers = [](const std::vector<int64_t>& values) {
    std::vector<std::string> items;
    for (const int64_t v : values) items.push_back(TorchSave::integer(v));
    return TorchSave::tuple(items);
  };
  EXPECT_EQ(read(view(6, "K\1", numbers({5}), numbers({1}))).tensors.size(), 1u);
  EXPECT_EQ(read(view(6, "K\0"s, numbers({2, 2}), numbers({4, 1}))).tensors.size(), 1u);
  for (const std::string& bytes :
       {view(6, "K\2", numbers({5}), numbers({1})), view(6, "K\1", numbers({2, 3}), numbers({3, 1})),
        view(6, "K\7", numbers({0}), numbers({1})), view(6, TorchSave::integer(-1), numbers({1}), numbers({1})),
        view(6, "K\1", numbers({-1}), numbers({1})), view(6, "K\1", numbers({2}), numbers({-1})),
        // Products that overflow 64 bits back into the storage.
        view(6, "K\1", numbers({int64_t{1} << 32, int64_t{1} << 32}), numbers({int64_t{1} << 32, int64_t{1} << 32})),
        view(6, "K\1", numbers({INT64_MAX}), numbers({INT64_MAX})), view(0, "K\1", numbers({}), numbers({})),
        view(1, "K\1", numbers({int64_t{1} << 60}), numbers({0}))})
    EXPECT_THAT(error(bytes), AllOf(HasSubstr("x.pth: its pickle has a tensor"), HasSubstr("nothing of the file was run")));
  EXPECT_THAT(error(view(-6, "K\1", numbers({}), numbers({}))), HasSubstr("a storage of -6 elements"));
}

TEST(RestrictedPickle, NamesWhatItRefuses) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cposix\nsystem\nU\x0atouch HACKED\x85R", "names 'posix.system'"},
      {"c__builtin__\neval\nU\1"
       "1\x85R",
       "names '__builtin__.eval'"},
      {"cbuiltins\ngetattr\n", "names 'builtins.getattr'"},
      {"ctorch.storage\n_load_from_bytes\n", "names 'torch.storage._load_from_bytes'"},
      {"ctorch\nload\n", "names 'torch.load'"},
      {"ctorch\nComplexFloatStorage\n", "names 'torch.ComplexFloatStorage'"},
      {"c__torch__\nNet\n)\x81", "names '__torch__.Net'"},
      {"(U\1"
       "aiposix\nsystem\n",
       "has the opcode INST"},
      {"(cposix\nsystem\no", "names 'posix.system'"},
      {"(No", "has the opcode OBJ"},
      {"\x82\x01", "has the opcode EXT1"},
      {"N)}\x92", "makes an object of None"},
      {"P1\n", "has the opcode PERSID"},
      {"\xff", "has the opcode 0xff"},
      {"ctorch\nFloatStorage\n)\x81", "makes an object of 'torch.FloatStorage'"},
      {"ctorch\nFloatStorage\n)R", "calls 'torch.FloatStorage'"},
      {"N)R", "calls None"},
      {"ccollections\nOrderedDict\nNR", "without a tuple"},
      {"NQ", "a persistent id that is None"},
      {"(U\6moduleNNNK\1tQ", "a persistent id of the kind 'module'"},
      {"(U\7storagectorch\nFloatStorage\nU\5"
       "../.."
       "U\3"
       "cpuK\1tQ",
       "a storage with the key '../..'"},
  };
  for (const auto& [bytes, expected] : cases) EXPECT_THAT(error(pickle(bytes)), HasSubstr(expected)) << bytes;
}

// Names of classes that are not known stand for themselves: nothing is made of them, and they matter only where a tensor needs them.
TEST(RestrictedPickle, UnknownNamesAreInert) {
  for (const std::string bytes :
       {"cnumpy.core.multiarray\n_reconstruct\n", "cnetworks.vnet\nVNet\n)\x81", "c\x1b[31m\nevil\n", "]Nb"})
    EXPECT_EQ(error(pickle(bytes)), "no error") << bytes;
}

TEST(RestrictedPickle, SenselessProgramsEnd) {
  for (const std::string bytes : {"",
                                  ".",
                                  "a",
                                  "t",
                                  "e",
                                  "u",
                                  "R",
                                  "b",
                                  "0",
                                  "1",
                                  "2",
                                  "h\1",
                                  "q\1",
                                  "(",
                                  "N",
                                  "NN.",
                                  "(N.",
                                  "]K\1u.",
                                  "}(K\1u.",
                                  "}K\1a.",
                                  "\x85",
                                  "\x87",
                                  "X\xff\xff\xff\xff",
                                  "\x8d",
                                  "I12x\n.",
                                  "F1.0.0\n.",
                                  "\x80\x09.",
                                  "K",
                                  "c",
                                  "cposix\n",
                                  "Snoquotes\n."})
    EXPECT_THAT(error(bytes), HasSubstr("x.pth: ")) << ::testing::PrintToString(bytes);
  EXPECT_THAT(error("(a."), HasSubstr("takes from an empty stack"));
  EXPECT_THAT(error(pickle("h\5")), HasSubstr("recalls a value that it never stored"));
  EXPECT_THAT(error(std::string("\x8e", 1) + raw(uint64_t{1} << 60)), HasSubstr("is truncated"));
}

TEST(RestrictedPickle, DepthAndCopiesAreBounded) {
  // 200,000 lists in one another: no recursion, so no stack to overflow.
  std::string deep(200'000, ']');
  deep += std::string(199'999, 'a');
  EXPECT_EQ(read(pickle(deep)).values.size(), 200'000u);
  EXPECT_THAT(error(pickle(std::string(kMostPickleValues + 10, ']'))), HasSubstr("more than 2000000 values"));
  // Each list holds the one before it twice: 2^1000 leaves on paper.
  std::string laughs =
      "]q\1"
      "0";
  for (int i = 0; i < 1000; ++i)
    laughs +=
        "](h\1h\1eq\1"
        "0";
  EXPECT_EQ(read(pickle(laughs + "h\1")).values.size(), 1001u);
  // A long list copied into a set again and again.
  std::string copies = "](" + std::string(100'000, 'N') + "e\x85q\1";
  for (int i = 0; i < 1000; ++i) copies += "cbuiltins\nset\nh\1R0";
  EXPECT_THAT(error(pickle(copies)), HasSubstr("absurdly many copies"));
}

}  // namespace tss::restricted_pickle_test
