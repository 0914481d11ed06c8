#include "textsemiseg/weights/restricted_pickle.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/pickle_calls.h"

namespace tss {
namespace {

constexpr size_t kDeepestStack = 4'000'000;

// Opcodes that honest checkpoints do not have, by name.
const char* refused_opcode(unsigned char opcode) {
  switch (opcode) {
    case 'P':
      return "PERSID";
    case 'i':
      return "INST";
    case 'o':
      return "OBJ";
    case 0x82:
      return "EXT1";
    case 0x83:
      return "EXT2";
    case 0x84:
      return "EXT4";
    case 0x97:
      return "NEXT_BUFFER";
    case 0x98:
      return "READONLY_BUFFER";
    default:
      return nullptr;
  }
}

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& subject, bool script_classes)
      : bytes_(bytes), subject_(subject), calls_(pickle_, subject, script_classes) {}

  Pickle run() {
    while (step(number<uint8_t>())) {
    }
    pickle_.bytes = at_;
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void fail(const std::string& found) const {
    throw InputError(subject_, concat("its pickle ", found, " at byte ", at_), "a complete file of torch.save");
  }

  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_) fail("is truncated");
    const std::string_view out = bytes_.substr(at_, count);
    at_ += count;
    return out;
  }
  template <class T>
  T number() {
    T value{};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("is truncated");
    const std::string_view out = take(end - at_);
    take(1);
    return out;
  }

  // The stack.
  void push(PickleId id) {
    if (stack_.size() >= kDeepestStack) fail("has a stack of absurd depth");
    stack_.push_back(id);
  }
  void push_value(PickleKind kind, int64_t integer = 0) {
    PickleValue value;
    value.kind = kind;
    value.integer = integer;
    push(calls_.add(std::move(value)));
  }
  void push_text(PickleKind kind, std::string_view text) {
    PickleValue value;
    value.kind = kind;
    value.text = text;
    push(calls_.add(std::move(value)));
  }
  void push_real(double real) {
    push_value(PickleKind::kReal);
    pickle_.values.back().real = real;
  }
  // Values under a mark belong to whoever set the mark.
  PickleId pop() {
    if (stack_.size() <= floor()) fail("takes from an empty stack");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  PickleId top() const {
    if (stack_.size() <= floor()) fail("takes from an empty stack");
    return stack_.back();
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) fail("looks for a mark that is not there");
    const size_t begin = marks_.back();
    std::vector<PickleId> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin);
    marks_.pop_back();
    return items;
  }
  void push_items(PickleKind kind, std::vector<PickleId> items) {
    PickleValue value;
    value.kind = kind;
    value.items = std::move(items);
    push(calls_.add(std::move(value)));
  }
  std::vector<PickleId> pop_count(size_t count) {
    std::vector<PickleId> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  void extend(PickleKind kind, const std::vector<PickleId>& items) {
    PickleValue& value = pickle_.values[top()];
    if (value.kind == PickleKind::kOpaque) {  // an object of a class made after list or dict
      value.kind = kind;
      value.items.clear();
    }
    if (value.kind != kind) fail(std::string("adds items to ") + pickle_kind_name(value.kind));
    if (kind == PickleKind::kDict && items.size() % 2 != 0) fail("has a key without a value");
    value.items.insert(value.items.end(), items.begin(), items.end());
  }

  // The memo.
  void memorise(uint64_t key) {
    if (memo_.size() >= kMostPickleValues) fail("remembers too many values");
    memo_[key] = top();
  }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("recalls a value that it never stored");
    push(found->second);
  }
  uint64_t decimal(std::string_view text) {
    const std::string digits = trim(text);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) fail("has a number that is none");
    return value;
  }

  void push_decimal(std::string_view text) {
    std::string digits = trim(text);
    if (digits == "00" || digits == "01") return push_value(PickleKind::kBool, digits == "01");
    if (digits.ends_with('L')) digits.pop_back();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) fail("has a number that is none");
    if (error == std::errc()) return push_value(PickleKind::kInteger, value);
    push_text(PickleKind::kBigInteger, digits);
  }
  // Two's complement, little-endian.
  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) return push_text(PickleKind::kBigInteger, bytes);
    int64_t value = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 128) != 0 ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    push_value(PickleKind::kInteger, value);
  }
  void push_quoted(std::string_view text) {
    if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"'))
      fail("has a text without quotes");
    if (text.find('\\') != std::string_view::npos) fail("has a text with escapes");
    push_text(PickleKind::kText, text.substr(1, text.size() - 2));
  }

  void call() {
    const PickleId arguments = pop(), function = pop();
    push(calls_.call(function, arguments));
  }
  void make_object() {
    const PickleId arguments = pop(), type = pop();
    push(calls_.object(type, arguments));
  }
  void make_object_with_names() {
    pop();  // arguments by name
    make_object();
  }
  void build() {
    const PickleId state = pop();
    PickleValue& value = pickle_.values[top()];
    if (value.kind == PickleKind::kOpaque) {
      value.items.push_back(state);
    } else if (value.kind == PickleKind::kObject) {
      value.items = {state};
    } else if (value.kind != PickleKind::kDict && value.kind != PickleKind::kList) {
      // Of a state dictionary it is its _metadata, which names versions of modules; of others the attributes of a class made after dict or list.
      fail(std::string("gives a state to ") + pickle_kind_name(value.kind));
    }
  }
  void global_from_stack() {
    const PickleValue& name = pickle_.at(pop());
    const PickleValue& module = pickle_.at(pop());
    if (name.kind != PickleKind::kText || module.kind != PickleKind::kText) fail("names a class without text");
    push(calls_.global(module.text, name.text));
  }

  // False at STOP.
  bool step(unsigned char opcode);

  std::string_view bytes_;
  const std::string& subject_;
  size_t at_ = 0;
  Pickle pickle_;
  PickleCalls calls_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleId> memo_;
};

bool Machine::step(unsigned char opcode) {
  using enum PickleKind;
  switch (opcode) {
    case 0x80:  // PROTO
      if (const auto version = number<uint8_t>(); version > 5) fail(concat("has the protocol ", int{version}));
      return true;
    case 0x95:
      take(8);
      return true;  // FRAME: a hint
    case '.':
      pickle_.root = pop();
      if (!stack_.empty() || !marks_.empty()) fail("leaves values on its stack");
      return false;
    case '(':
      if (marks_.size() >= kDeepestStack) fail("has marks of absurd depth");
      marks_.push_back(stack_.size());
      return true;
    case '0':
      if (stack_.size() == floor() && !marks_.empty()) {
        marks_.pop_back();
      } else {
        pop();
      }
      return true;
    case '1':
      pop_to_mark();
      return true;
    case '2':
      push(top());
      return true;
    case 'N':
      push_value(kNone);
      return true;
    case 0x88:
      push_value(kBool, 1);
      return true;
    case 0x89:
      push_value(kBool, 0);
      return true;
    case 'I':
      push_decimal(line());
      return true;
    case 'L':
      push_decimal(line());
      return true;
    case 'J':
      push_value(kInteger, number<int32_t>());
      return true;
    case 'K':
      push_value(kInteger, number<uint8_t>());
      return true;
    case 'M':
      push_value(kInteger, number<uint16_t>());
      return true;
    case 0x8a:
      push_long(take(number<uint8_t>()));
      return true;
    case 0x8b:
      push_long(take(number<uint32_t>()));
      return true;
    case 'F':
      push_real(parse_number(subject_, std::string(line())));
      return true;
    case 'G': {
      uint64_t bits = __builtin_bswap64(number<uint64_t>());
      push_real(std::bit_cast<double>(bits));
      return true;
    }
    case 'S':
      push_quoted(line());
      return true;
    case 'T':
      push_text(kText, take(number<uint32_t>()));
      return true;
    case 'U':
      push_text(kText, take(number<uint8_t>()));
      return true;
    case 'V':
      push_text(kText, line());
      return true;
    case 'X':
      push_text(kText, take(number<uint32_t>()));
      return true;
    case 0x8c:
      push_text(kText, take(number<uint8_t>()));
      return true;
    case 0x8d:
      push_text(kText, take(number<uint64_t>()));
      return true;
    case 'B':
      push_text(kBytes, take(number<uint32_t>()));
      return true;
    case 'C':
      push_text(kBytes, take(number<uint8_t>()));
      return true;
    case 0x8e:
    case 0x96:
      push_text(kBytes, take(number<uint64_t>()));
      return true;
    case ']':
      push_value(kList);
      return true;
    case 'l':
      push_items(kList, pop_to_mark());
      return true;
    case 'a': {
      const PickleId item = pop();
      extend(kList, {item});
      return true;
    }
    case 'e':
      extend(kList, pop_to_mark());
      return true;
    case ')':
      push_value(kTuple);
      return true;
    case 't':
      push_items(kTuple, pop_to_mark());
      return true;
    case 0x85:
      push_items(kTuple, pop_count(1));
      return true;
    case 0x86:
      push_items(kTuple, pop_count(2));
      return true;
    case 0x87:
      push_items(kTuple, pop_count(3));
      return true;
    case '}':
      push_value(kDict);
      return true;
    case 'd': {
      std::vector<PickleId> items = pop_to_mark();
      push_value(kDict);
      extend(kDict, items);
      return true;
    }
    case 's':
      extend(kDict, pop_count(2));
      return true;
    case 'u':
      extend(kDict, pop_to_mark());
      return true;
    case 0x8f:
      push_value(kSet);
      return true;
    case 0x90:
      extend(kSet, pop_to_mark());
      return true;
    case 0x91:
      push_items(kSet, pop_to_mark());
      return true;
    case 'g':
      recall(decimal(line()));
      return true;
    case 'h':
      recall(number<uint8_t>());
      return true;
    case 'j':
      recall(number<uint32_t>());
      return true;
    case 'p':
      memorise(decimal(line()));
      return true;
    case 'q':
      memorise(number<uint8_t>());
      return true;
    case 'r':
      memorise(number<uint32_t>());
      return true;
    case 0x94:
      memorise(memo_.size());
      return true;
    case 'c': {
      const std::string_view module = line(), name = line();
      push(calls_.global(module, name));
      return true;
    }
    case 0x93:
      global_from_stack();
      return true;
    case 'R':
      call();
      return true;
    case 0x81:
      make_object();
      return true;
    case 0x92:
      make_object_with_names();
      return true;
    case 'b':
      build();
      return true;
    case 'Q':
      push(calls_.storage(pop()));
      return true;
    default:
      break;
  }
  const char* name = refused_opcode(opcode);
  const std::string code = "0x" + hex(opcode).substr(14);
  fail("has the opcode " + (name ? std::string(name) : code) +
       (name ? ", which no checkpoint needs," : ", which does not exist,"));
}

}  // namespace

const char* pickle_kind_name(PickleKind kind) {
  switch (kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return "True or False";
    case PickleKind::kInteger:
      return "a whole number";
    case PickleKind::kBigInteger:
      return "a whole number of more than 64 bits";
    case PickleKind::kReal:
      return "a number";
    case PickleKind::kText:
      return "text";
    case PickleKind::kBytes:
      return "bytes";
    case PickleKind::kList:
      return "a list";
    case PickleKind::kTuple:
      return "a tuple";
    case PickleKind::kSet:
      return "a set";
    case PickleKind::kDict:
      return "a dictionary";
    case PickleKind::kGlobal:
      return "a class or function";
    case PickleKind::kObject:
      return "an object";
    case PickleKind::kStorage:
      return "a storage";
    case PickleKind::kTensor:
      return "a tensor";
    case PickleKind::kOther:
      return "a type or device";
    case PickleKind::kOpaque:
      return "an object";
  }
  return "";
}

std::string printable_name(const std::string& name) {
  constexpr size_t kLongest = 80;
  return "'" + name.substr(0, kLongest) + "'";
}

const PickleValue* Pickle::entry(const PickleValue& dict, std::string_view key) const {
  const PickleValue* found = nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& name = at(dict.items[i]);
    if (name.kind == PickleKind::kText && name.text == key) found = &at(dict.items[i + 1]);  // the last one counts, as in Python
  }
  return found;
}

Pickle read_pickle(std::string_view bytes, const std::string& subject, bool script_classes) {
  if (bytes.size() > kLongestPickle) bytes = bytes.substr(0, kLongestPickle);
  return Machine(bytes, subject, script_classes).run();
}

}  // namespace tss
