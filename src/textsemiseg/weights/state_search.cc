#include "textsemiseg/weights/state_search.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr size_t kLongestKey = 500, kMostTensors = 200'000, kMostModules = 1'000'000, kDeepest = 32;

struct Candidate {
  PickleId id;
  std::string where;
  size_t tensors = 0;
  bool has_weight = false;
};

class Search {
 public:
  Search(const Pickle& pickle, const std::string& subject) : pickle_(pickle), subject_(subject) {}

  FoundState find(const std::string& key) {
    PickleId start = pickle_.root;
    if (!key.empty() && !resolve(start, key, 0)) {
      if (const auto part = named_part(key)) return *part;
      throw InputError(subject_, "has no '" + key + "' in it", "one of " + keys_of(pickle_.root));
    }
    collect(start, key, 0);
    const bool any = std::any_of(candidates_.begin(), candidates_.end(), [](const Candidate& c) { return c.has_weight; });
    if (any) std::erase_if(candidates_, [](const Candidate& c) { return !c.has_weight; });
    if (candidates_.empty()) fail_empty(start);
    if (candidates_.size() > 1) fail_ambiguous();
    FoundState out;
    out.where = candidates_.front().where;
    flatten(candidates_.front().id, "", 0, out.tensors);
    return out;
  }

 private:
  // The tensors of a state dictionary whose names begin with "key."; nullopt where there are none.
  std::optional<FoundState> named_part(const std::string& key) {
    collect(pickle_.root, "", 0);
    for (const Candidate& candidate : candidates_) {
      FoundState out;
      out.where = key;
      std::map<std::string, PickleId> all;
      flatten(candidate.id, "", 0, all);
      for (const auto& [name, id] : all)
        if (starts_with(name, key + ".")) out.tensors.emplace(name.substr(key.size() + 1), id);
      if (!out.tensors.empty()) return out;
    }
    return std::nullopt;
  }

  [[noreturn]] void fail_empty(PickleId start) const {
    if (opaque_.empty())
      throw InputError(subject_, std::string("holds no weights but ") + pickle_kind_name(pickle_.at(start).kind),
                       "a state dictionary: names and tensors");
    const auto& [where, name] = opaque_.front();
    throw InputError(subject_,
                     concat("holds no weights but ", where.empty() ? "" : "'" + where + "', ", "an object of the Python class ",
                            printable_name(name), " (a network saved whole)"),
                     "a state dictionary: in Python torch.save(network.state_dict(), ...)");
  }

  // Whether a value that is not understood was made of a tensor.
  bool holds_tensor(PickleId id) const {
    constexpr size_t kMost = 1000;
    std::vector<PickleId> open{id};
    std::unordered_set<PickleId> seen;
    while (!open.empty() && seen.size() < kMost) {
      const PickleId at = open.back();
      open.pop_back();
      if (!seen.insert(at).second) continue;
      const PickleValue& value = pickle_.at(at);
      if (value.kind == PickleKind::kTensor || value.kind == PickleKind::kStorage) return true;
      open.insert(open.end(), value.items.begin(), value.items.end());
    }
    return false;
  }

  // The state of a TorchScript object is a dictionary too.
  const PickleValue& dictionary(PickleId id) const {
    const PickleValue& value = pickle_.at(id);
    return value.kind == PickleKind::kObject && !value.items.empty() ? pickle_.at(value.items[0]) : value;
  }
  bool is_object(PickleId id) const { return pickle_.at(id).kind == PickleKind::kObject; }

  static std::string joined(const std::string& where, const std::string& key) { return where.empty() ? key : where + "." + key; }

  // Visits every pair of a text key and its value.
  template <class Action>
  void each(const PickleValue& dict, const Action& action) const {
    if (dict.kind != PickleKind::kDict) return;
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& name = pickle_.at(dict.items[i]);
      if (name.kind == PickleKind::kText && name.text.size() <= kLongestKey) action(name.text, dict.items[i + 1]);
    }
  }

  // Keys may contain dots themselves: the longest match at each level first.
  bool resolve(PickleId& id, const std::string& key, size_t depth) const {
    if (depth > kDeepest) return false;
    std::vector<std::pair<std::string, PickleId>> ways;
    each(dictionary(id), [&](const std::string& name, PickleId value) {
      if (key == name || starts_with(key, name + ".")) ways.emplace_back(name, value);
    });
    std::stable_sort(ways.begin(), ways.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (const auto& [name, value] : ways) {
      PickleId next = value;
      if (name != key && !resolve(next, key.substr(name.size() + 1), depth + 1)) continue;
      id = next;
      return true;
    }
    return false;
  }

  std::string keys_of(PickleId id) const {
    std::vector<std::string> names;
    each(dictionary(id), [&](const std::string& name, PickleId value) {
      const PickleKind kind = pickle_.at(value).kind;
      if (kind == PickleKind::kDict || kind == PickleKind::kObject) names.push_back("'" + name + "'");
    });
    if (names.size() > 8) names.resize(8);
    return names.empty() ? "its keys, but none leads to a dictionary" : join(names, ", ");
  }

  void collect(PickleId id, const std::string& where, size_t depth) {
    if (depth > kDeepest || where.size() > kLongestKey || !visited_.insert(id).second) return;
    const PickleValue& value = pickle_.at(id);
    if (value.kind == PickleKind::kOpaque) {
      if (opaque_.empty() && holds_tensor(id)) opaque_.emplace_back(where, value.text);
      return;
    }
    if (value.kind == PickleKind::kList || value.kind == PickleKind::kTuple) {
      for (size_t i = 0; i < value.items.size(); ++i) collect(value.items[i], joined(where, concat(i)), depth + 1);
      return;
    }
    Candidate found{id, where};
    if (is_object(id)) {
      std::map<std::string, PickleId> tensors;
      flatten(id, "", 0, tensors);
      found.tensors = tensors.size();
      found.has_weight =
          std::any_of(tensors.begin(), tensors.end(), [](const auto& item) { return ends_with(item.first, "weight"); });
      if (found.tensors > 0) candidates_.push_back(std::move(found));
      return;
    }
    const PickleValue* state = pickle_.entry(value, "state");
    if (state && state->kind == PickleKind::kDict && pickle_.entry(value, "param_groups")) return;
    each(value, [&](const std::string& name, PickleId item) {
      if (pickle_.at(item).kind != PickleKind::kTensor) return;
      ++found.tensors;
      found.has_weight = found.has_weight || ends_with(name, "weight");
    });
    if (found.tensors > 0) candidates_.push_back(found);
    each(value, [&](const std::string& name, PickleId item) { collect(item, joined(where, name), depth + 1); });
  }

  // Tensors by name; attributes of TorchScript objects that are objects themselves go on with a dot.
  void flatten(PickleId id, const std::string& prefix, size_t depth, std::map<std::string, PickleId>& out) const {
    if (depth > kDeepest)
      throw InputError(subject_, concat("nests its modules more than ", kDeepest, " deep"), "a network's weights");
    if (++modules_ > kMostModules)
      throw InputError(subject_, concat("has more than ", kMostModules, " modules"), "a network's weights");
    if (is_object(id) && dictionary(id).kind != PickleKind::kDict)
      throw InputError(subject_, "holds an object with a state of its own (" + class_of(id) + ")",
                       "modules with plain attributes");
    const bool objects = is_object(id);
    each(dictionary(id), [&](const std::string& name, PickleId item) {
      const std::string full = joined(prefix, name);
      const PickleKind kind = pickle_.at(item).kind;
      if (kind == PickleKind::kTensor) {
        if (full.size() > kLongestKey || out.size() >= kMostTensors)
          throw InputError(subject_, concat("has ", out.size(), " tensors, or names above ", kLongestKey, " letters"),
                           "a network's weights");
        out[full] = item;
      } else if (kind == PickleKind::kOpaque && holds_tensor(item)) {
        throw InputError(
            subject_,
            concat("its tensor '", full, "' is made by ", printable_name(pickle_.at(item).text), ", which is not understood"),
            "plain tensors and parameters");
      } else if (objects && kind == PickleKind::kObject) {
        flatten(item, full, depth + 1, out);
      }
    });
  }
  std::string class_of(PickleId id) const { return pickle_.at(static_cast<PickleId>(pickle_.at(id).integer)).text; }

  [[noreturn]] void fail_ambiguous() const {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) {
      if (names.size() == 8) {
        names.push_back(concat("and ", candidates_.size() - 8, " more"));
        break;
      }
      names.push_back(concat("'", candidate.where, "' (", candidate.tensors, " tensors)"));
    }
    throw InputError(subject_, "holds several sets of weights: " + join(names, ", "), "the key of one (--key)");
  }

  const Pickle& pickle_;
  const std::string& subject_;
  std::vector<Candidate> candidates_;
  std::vector<std::pair<std::string, std::string>> opaque_;  // the first object that holds tensors: where, and its class
  std::unordered_set<PickleId> visited_;
  mutable size_t modules_ = 0;  // visited while flattening: shared ones count each time
};

}  // namespace

FoundState find_state(const Pickle& pickle, const std::string& key, const std::string& subject) {
  return Search(pickle, subject).find(key);
}

}  // namespace tss
