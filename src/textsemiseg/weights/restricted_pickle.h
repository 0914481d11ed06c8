// Python's pickle format, read without running anything: a pickle is a program for a stack machine that may name any function of
// Python. Here a name is a name: what tensors and plain containers need is understood (pickle_calls.h has the list), any other class or
// function gives an opaque value, which nothing looks into and which matters only where a tensor depends on it. Names that only an attack
// has (os.system, eval, ...) are an error that says what it was. Values lie in one array and refer to each other by number, so that
// neither a cycle nor a nesting of any depth costs more than its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tss {

using PickleId = uint32_t;

enum class PickleKind {
  kNone,
  kBool,
  kInteger,
  kBigInteger,  // above 64 bits; text holds its bytes
  kReal,
  kText,
  kBytes,
  kList,
  kTuple,
  kSet,
  kDict,     // items: key, value, key, value, ...
  kGlobal,   // a class or function by name
  kObject,   // of a TorchScript class (integer: value that names it); items: its state
  kStorage,  // integer: number in storages
  kTensor,   // integer: number in tensors
  kOther,    // a type or a device: read and not needed
  kOpaque,   // made by a class or function that is not understood: text names it; items: arguments and state
};
const char* pickle_kind_name(PickleKind kind);  // "a list", for messages
// A name out of a file in quotes, no novels.
std::string printable_name(const std::string& name);

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t integer = 0;
  double real = 0;
  std::string text;  // of texts and bytes; the name of a global
  std::vector<PickleId> items;
};

// A flat array of numbers that lies outside the pickle.
struct PickleStorage {
  std::string key;       // where it lies
  std::string type;      // "Float", "Half", ...
  int64_t elements = 0;  // of the whole storage
  int64_t begin = 0;     // this part of it (files of PyTorch 0.x share storages that way)
  int64_t length = 0;
};

// A view of a storage; its bounds are checked.
struct PickleTensor {
  uint32_t storage = 0;
  int64_t offset = 0;  // elements from the storage's part
  std::vector<int64_t> sizes, strides;
};

struct Pickle {
  std::vector<PickleValue> values;
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  PickleId root = 0;
  size_t bytes = 0;  // that the pickle took: another may follow

  const PickleValue& at(PickleId id) const { return values[id]; }
  // The value under a text key of a dictionary; nullptr where there is none.
  const PickleValue* entry(const PickleValue& dict, std::string_view key) const;
};

// The longest pickle and the most values: several times what the largest checkpoints have. What a pickle can make out of its bytes
// is bounded by them: below 1 GB whatever it says.
constexpr uint64_t kLongestPickle = uint64_t{32} << 20;
constexpr size_t kMostPickleValues = 2'000'000;

// script_classes: objects of classes named "__torch__...." (TorchScript) are read as their attributes.
// Throws InputError(subject, ...): an opcode or a name that no honest file has, a cut or senseless program, a tensor outside its storage.
Pickle read_pickle(std::string_view bytes, const std::string& subject, bool script_classes = false);

}  // namespace tss
