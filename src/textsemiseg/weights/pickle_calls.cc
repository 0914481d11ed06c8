#include "textsemiseg/weights/pickle_calls.h"

#include <algorithm>
#include <array>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr std::array<std::string_view, 10> kStorageTypes = {"Double", "Float", "Half", "BFloat16", "Long",
                                                            "Int",    "Short", "Char", "Byte",     "Bool"};
const std::set<std::string> kFunctions = {"collections.OrderedDict",
                                          "collections.Counter",
                                          "collections.defaultdict",
                                          "builtins.set",
                                          "builtins.frozenset",
                                          "__builtin__.set",
                                          "__builtin__.frozenset",
                                          "torch._utils._rebuild_tensor",
                                          "torch._utils._rebuild_tensor_v2",
                                          "torch._utils._rebuild_parameter",
                                          "torch._utils._rebuild_parameter_with_state",
                                          "torch._tensor._rebuild_from_type_v2",
                                          "torch.Size",
                                          "torch.device",
                                          "torch.jit._pickle.build_intlist",
                                          "torch.jit._pickle.build_tensorlist",
                                          "torch.jit._pickle.build_doublelist",
                                          "torch.jit._pickle.build_boollist",
                                          "torch.jit._pickle.restore_type_tag"};
const std::set<std::string> kTorchTypes = {"torch.float64", "torch.float32", "torch.float16", "torch.bfloat16",
                                           "torch.int64",   "torch.int32",   "torch.int16",   "torch.int8",
                                           "torch.uint8",   "torch.bool",    "torch.float",   "torch.double",
                                           "torch.half",    "torch.long",    "torch.int",     "torch.strided"};

// "torch.FloatStorage" -> "Float"; empty for other names.
std::string storage_type(const std::string& name) {
  for (const std::string_view prefix : {"torch.cuda.", "torch."}) {
    if (!starts_with(name, prefix) || !ends_with(name, "Storage")) continue;
    const std::string type = name.substr(prefix.size(), name.size() - prefix.size() - 7);
    if (std::find(kStorageTypes.begin(), kStorageTypes.end(), type) != kStorageTypes.end()) return type;
  }
  return "";
}

// What no checkpoint needs, and attacks do: modules that reach out of Python, with everything below them.
const std::set<std::string> kRefusedModules = {"os",     "posix",  "nt",      "subprocess", "popen2", "pty",      "sys",
                                               "shutil", "socket", "runpy",   "ctypes",     "codeop", "marshal",  "importlib",
                                               "pickle", "pdb",    "_pickle", "cPickle",    "bdb",    "builtins", "__builtin__"};
// Plain types among them, as defaultdict(list) or a class attribute names them.
const std::set<std::string> kPlainTypes = {"object", "type",   "int",       "float",   "complex", "bool",
                                           "str",    "bytes",  "bytearray", "list",    "tuple",   "dict",
                                           "slice",  "range",  "Ellipsis",  "unicode", "long",    "NotImplemented",
                                           "set",    "xrange", "frozenset", "NoneType"};

bool is_refused(std::string_view module, std::string_view name) {
  const std::string top(module.substr(0, module.find('.')));
  if (top == "builtins" || top == "__builtin__") return !kPlainTypes.contains(std::string(name));
  if (top == "torch") {
    // What loads or compiles; and numbers of a kind that cannot be read.
    static const std::set<std::string> kRefused = {"load", "_load_from_bytes"};
    return kRefused.contains(std::string(name)) || starts_with(module, "torch.hub") || ends_with(name, "Storage");
  }
  if (top == "__torch__") return true;  // TorchScript's, in a file that is none
  static const std::set<std::string> kRunners = {"exec", "eval", "system", "popen", "Popen", "runstring", "exec_command"};
  return kRefusedModules.contains(top) || kRunners.contains(std::string(name));
}

bool is_sequence(const PickleValue& value) { return value.kind == PickleKind::kTuple || value.kind == PickleKind::kList; }

constexpr size_t kLongestName = 250;
constexpr size_t kMostSpent = 8'000'000;  // numbers of 8 bytes

}  // namespace

void PickleCalls::fail(const std::string& found) const {
  throw InputError(subject_, found, "tensors and plain containers only (nothing of the file was run)");
}

void PickleCalls::spend(size_t numbers) {
  spent_ += numbers;
  if (spent_ > kMostSpent) fail("its pickle makes absurdly many copies");
}

PickleId PickleCalls::add(PickleValue value) {
  if (pickle_.values.size() >= kMostPickleValues) fail(concat("its pickle has more than ", kMostPickleValues, " values"));
  pickle_.values.push_back(std::move(value));
  return static_cast<PickleId>(pickle_.values.size() - 1);
}

PickleId PickleCalls::global(std::string_view module, std::string_view name) {
  PickleValue value;
  value.text = std::string(module.substr(0, kLongestName)) + "." + std::string(name.substr(0, kLongestName));
  const bool script = script_classes_ && starts_with(value.text, "__torch__.") && module.size() + name.size() < kLongestName;
  value.kind = kTorchTypes.contains(value.text) ? PickleKind::kOther : PickleKind::kGlobal;
  const bool known =
      kTorchTypes.contains(value.text) || kFunctions.contains(value.text) || script || !storage_type(value.text).empty();
  if (!known && is_refused(module, name)) fail("its pickle names " + printable_name(value.text));
  return add(std::move(value));
}

const PickleValue& PickleCalls::argument(const PickleValue& arguments, size_t number, PickleKind kind,
                                         const std::string& function) const {
  if (number >= arguments.items.size())
    fail(concat("its pickle calls ", function, " with ", arguments.items.size(), " arguments"));
  const PickleValue& value = pickle_.at(arguments.items[number]);
  if (value.kind != kind)
    fail(concat("its pickle calls ", function, " with ", pickle_kind_name(value.kind), " for ", pickle_kind_name(kind)));
  return value;
}

int64_t PickleCalls::integer(const PickleValue& arguments, size_t number, const std::string& function) const {
  return argument(arguments, number, PickleKind::kInteger, function).integer;
}

// Keys and values of a list of pairs, as Python 2 writes a dictionary with an order.
std::vector<PickleId> PickleCalls::pairs(const PickleValue& list, const std::string& function) const {
  std::vector<PickleId> out;
  for (const PickleId id : list.items) {
    const PickleValue& pair = pickle_.at(id);
    if (!is_sequence(pair) || pair.items.size() != 2) fail("its pickle calls " + function + " without pairs");
    out.insert(out.end(), pair.items.begin(), pair.items.end());
  }
  return out;
}

PickleId PickleCalls::container(PickleKind kind, const PickleValue& arguments, const std::string& function) {
  PickleValue value;
  value.kind = kind;
  if (!arguments.items.empty()) {
    const PickleValue& items = pickle_.at(arguments.items[0]);
    spend(2 * items.items.size());
    if (kind == PickleKind::kDict && is_sequence(items)) {
      value.items = pairs(items, function);
    } else if (kind == PickleKind::kDict ? items.kind == kind : is_sequence(items)) {
      value.items = items.items;
    } else {
      fail("its pickle calls " + function + " with " + pickle_kind_name(items.kind));
    }
  }
  return add(std::move(value));
}

PickleId PickleCalls::opaque(const std::string& name, PickleId arguments) {
  PickleValue value;
  value.kind = PickleKind::kOpaque;
  value.text = name;
  value.items = {arguments};
  return add(std::move(value));
}

PickleId PickleCalls::call(PickleId function_id, PickleId arguments_id) {
  const PickleValue& function = pickle_.at(function_id);
  const PickleValue& arguments = pickle_.at(arguments_id);
  if (function.kind != PickleKind::kGlobal) fail(std::string("its pickle calls ") + pickle_kind_name(function.kind));
  if (arguments.kind != PickleKind::kTuple)
    fail("its pickle calls " + printable_name(function.text) + " without a tuple of arguments");
  const std::string name = function.text;
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") return tensor(arguments, name);
  if (starts_with(name, "torch._utils._rebuild_parameter")) {
    argument(arguments, 0, PickleKind::kTensor, name);
    return arguments.items[0];
  }
  if (name == "torch.device") {
    PickleValue value;
    value.kind = PickleKind::kOther;
    return add(std::move(value));
  }
  if (name == "torch.jit._pickle.restore_type_tag" && arguments.items.size() == 2) return arguments.items[0];
  if (starts_with(name, "torch.jit._pickle.build_")) {
    argument(arguments, 0, PickleKind::kList, name);
    return arguments.items[0];
  }
  if (name == "torch._tensor._rebuild_from_type_v2") {
    // (function, class, its arguments, state)
    argument(arguments, 0, PickleKind::kGlobal, name);
    argument(arguments, 2, PickleKind::kTuple, name);
    const PickleId inner = arguments.items[0], inner_arguments = arguments.items[2];
    if (pickle_.at(inner).text == name) fail("its pickle calls " + name + " for itself");
    return call(inner, inner_arguments);
  }
  if (name == "collections.defaultdict") {
    PickleValue value;
    value.kind = PickleKind::kDict;
    return add(std::move(value));
  }
  if (starts_with(name, "collections.") && kFunctions.contains(name)) return container(PickleKind::kDict, arguments, name);
  if (kFunctions.contains(name) && ends_with(name, "set")) return container(PickleKind::kSet, arguments, name);
  if (name == "torch.Size") return container(PickleKind::kTuple, arguments, name);
  if (!storage_type(name).empty() || starts_with(name, "__torch__.")) fail("its pickle calls " + printable_name(name));
  return opaque(name, arguments_id);
}

PickleId PickleCalls::object(PickleId type_id, PickleId arguments_id) {
  const PickleValue& type = pickle_.at(type_id);
  const PickleValue& arguments = pickle_.at(arguments_id);
  const bool script = type.kind == PickleKind::kGlobal && starts_with(type.text, "__torch__.");
  if (type.kind != PickleKind::kGlobal || arguments.kind != PickleKind::kTuple || (script && !arguments.items.empty()) ||
      !storage_type(type.text).empty())
    fail("its pickle makes an object of " + (type.text.empty() ? pickle_kind_name(type.kind) : printable_name(type.text)));
  if (starts_with(type.text, "collections.") && kFunctions.contains(type.text)) return call(type_id, arguments_id);
  if (!script) return opaque(type.text, arguments_id);
  PickleValue value;
  value.kind = PickleKind::kObject;
  value.integer = type_id;
  return add(std::move(value));
}

PickleId PickleCalls::storage(PickleId number) {
  const PickleValue& id = pickle_.at(number);
  const std::string what = "a persistent id";
  if (id.kind != PickleKind::kTuple) fail("its pickle has a persistent id that is " + std::string(pickle_kind_name(id.kind)));
  const std::string& kind = argument(id, 0, PickleKind::kText, what).text;
  if (kind != "storage") fail("its pickle has a persistent id of the kind " + printable_name(kind));
  PickleStorage out;
  const std::string& class_name = argument(id, 1, PickleKind::kGlobal, what).text;
  out.type = storage_type(class_name);
  if (out.type.empty()) fail("its pickle has a storage of type " + printable_name(class_name));
  out.key = argument(id, 2, PickleKind::kText, what).text;
  argument(id, 3, PickleKind::kText, what);  // where it was saved; it is read to the CPU
  out.elements = integer(id, 4, what);
  if (out.key.empty() || out.key.size() > 64 || out.key.find('/') != std::string::npos)
    fail("its pickle has a storage with the key " + printable_name(out.key));
  if (out.elements < 0) fail(concat("its pickle has a storage of ", out.elements, " elements"));
  out.length = out.elements;
  if (id.items.size() > 5 && pickle_.at(id.items[5]).kind != PickleKind::kNone) {
    const PickleValue& part = argument(id, 5, PickleKind::kTuple, what);
    out.begin = integer(part, 1, what);
    out.length = integer(part, 2, what);
    if (out.begin < 0 || out.length < 0 || out.begin > out.elements || out.length > out.elements - out.begin)
      fail("its pickle has a part outside storage " + printable_name(out.key));
  }
  const auto [whole, first] = whole_.emplace(out.key, std::pair(out.type, out.elements));
  if (!first && whole->second != std::pair(out.type, out.elements))
    fail("its pickle gives storage " + printable_name(out.key) + " two types or sizes");
  PickleValue value;
  value.kind = PickleKind::kStorage;
  const std::tuple place(out.key, out.begin, out.length);
  const auto [known, is_new] = storages_.emplace(place, static_cast<uint32_t>(pickle_.storages.size()));
  if (is_new) {
    spend(32);  // what the tables take for it
    pickle_.storages.push_back(out);
  }
  value.integer = known->second;
  return add(std::move(value));
}

PickleId PickleCalls::tensor(const PickleValue& arguments, const std::string& name) {
  PickleTensor out;
  out.storage = static_cast<uint32_t>(argument(arguments, 0, PickleKind::kStorage, name).integer);
  out.offset = integer(arguments, 1, name);
  constexpr size_t kMostDimensions = 64;  // LibTorch's own limit
  for (const auto& [number, to] : {std::pair<size_t, std::vector<int64_t>*>{2, &out.sizes}, {3, &out.strides}}) {
    const PickleValue& numbers = argument(arguments, number, PickleKind::kTuple, name);
    if (numbers.items.size() > kMostDimensions)
      fail(concat("its pickle has a tensor with ", numbers.items.size(), " dimensions"));
    for (const PickleId id : numbers.items) {
      if (pickle_.at(id).kind != PickleKind::kInteger) fail("its pickle has a tensor whose shape is not of whole numbers");
      to->push_back(pickle_.at(id).integer);
    }
  }
  if (out.sizes.size() != out.strides.size())
    fail(concat("its pickle has a tensor with ", out.sizes.size(), " sizes and ", out.strides.size(), " strides"));
  spend(8 + 2 * out.sizes.size());
  const PickleStorage& storage = pickle_.storages[out.storage];
  // The last element's place; 64 products of 63-bit numbers fit into the signed 128 bits.
  __extension__ using Wide = __int128;
  Wide last = out.offset;
  bool empty = false, negative = out.offset < 0;
  for (size_t i = 0; i < out.sizes.size(); ++i) {
    negative = negative || out.sizes[i] < 0 || out.strides[i] < 0;
    empty = empty || out.sizes[i] == 0;
    if (!negative && !empty) last += Wide{out.sizes[i] - 1} * out.strides[i];
    if (last > Wide{INT64_MAX}) break;
  }
  Wide elements = 1;
  constexpr int64_t kMostElements = int64_t{1} << 48;
  for (const int64_t size : out.sizes) elements = elements > kMostElements ? elements : elements * (size < 0 ? 0 : size);
  if (elements > kMostElements) fail("its pickle has a tensor of shape [" + join(out.sizes, ", ") + "]");
  if (negative || (empty ? out.offset > storage.length : last >= storage.length))
    fail(concat("its pickle has a tensor of shape [", join(out.sizes, ", "), "] that reaches outside its storage of ",
                storage.length, " elements"));
  PickleValue value;
  value.kind = PickleKind::kTensor;
  value.integer = static_cast<int64_t>(pickle_.tensors.size());
  pickle_.tensors.push_back(std::move(out));
  return add(std::move(value));
}

}  // namespace tss
