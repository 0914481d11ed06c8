// TOML configuration with overrides. A configuration is a JSON tree of sections; options structs are filled from it by visiting
// their fields, so the known keys and their defaults stand in one place: the struct.
//
//   struct OptimiserOptions {
//     double learning_rate = 0.01;
//     template <class V> void visit(V& v) { v("learning_rate", learning_rate, "at the start, above 0"); }
//   };
//
// The third word says what may stand there and what it is for, in one line; lists of options show it.
#pragma once

#include <concepts>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tss {

using Json = nlohmann::ordered_json;

// Throw InputError with file, line and column on a syntax error. Dates of TOML become text.
Json read_toml(const std::filesystem::path& path);
// source: what to call the text in messages.
Json parse_toml(const std::string& text, const std::string& source);
Json read_json(const std::filesystem::path& path);
// Scalars of a section first, then its sub-sections; read_toml gives the tree back. Throws Error on a null, which TOML lacks.
std::string to_toml(const Json& config);
// Atomic. NaN and infinities are written as null.
void write_json(const std::filesystem::path& path, const Json& value);

// Values of `over` replace those of `base`, section by section.
void merge(Json& base, const Json& over);
// Applies "section.key=value"; the value is read as TOML (true, 3, 0.1, [96, 96, 96], "text"), anything else as text.
// source names the option in messages.
void apply_override(Json& config, const std::string& assignment, const std::string& source = "--set");

// "an integer", "text", "a list", ... for messages.
std::string type_name_of(const Json& value);

// Options that are no flat list of fields read and write themselves: a list of different things, say. Both get the full name of their
// section and the file's name, for messages.
template <class T>
concept ReadsItself =
    requires(T& options, const Json& config, const std::string& text) { options.read_config(config, text, text); };
template <class T>
concept WritesItself = requires(const T& options) {
  { options.write_config() } -> std::convertible_to<Json>;
};

namespace config_detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
std::string expected_type() {
  if constexpr (std::same_as<T, bool>)
    return "true or false";
  else if constexpr (std::unsigned_integral<T>)
    return "an integer from 0";
  else if constexpr (std::integral<T>)
    return "an integer";
  else if constexpr (std::floating_point<T>)
    return "a number";
  else if constexpr (std::same_as<T, std::string>)
    return "text";
  else if constexpr (IsVector<T>::value)
    return "a list, each item " + expected_type<typename T::value_type>();
  else
    return "another type";
}

// Strict where nlohmann is lenient: no bool for a number, no number cut to an integer. False when the type does not fit.
template <class T>
bool convert(const Json& value, T& out) {
  if constexpr (std::same_as<T, bool>) {
    if (!value.is_boolean()) return false;
    out = value.get<bool>();
  } else if constexpr (std::integral<T>) {
    if (value.is_number_unsigned()) {
      const auto whole = value.get<uint64_t>();
      if (!std::in_range<T>(whole)) return false;
      out = static_cast<T>(whole);
    } else {
      if (!value.is_number_integer() || !std::in_range<T>(value.get<int64_t>())) return false;
      out = static_cast<T>(value.get<int64_t>());
    }
  } else if constexpr (std::floating_point<T>) {
    if (!value.is_number()) return false;
    out = value.get<T>();
  } else if constexpr (IsVector<T>::value) {
    if (!value.is_array()) return false;
    T items(value.size());
    for (size_t i = 0; i < items.size(); ++i) {
      typename T::value_type item{};
      if (!convert(value[i], item)) return false;
      items[i] = std::move(item);
    }
    out = std::move(items);
  } else if constexpr (std::same_as<T, std::string>) {
    if (!value.is_string()) return false;
    out = value.get<std::string>();
  } else {
    static_assert(std::same_as<T, Json>, "options hold bool, numbers, text, lists of these, and structs with visit()");
    out = value;
  }
  return true;
}

[[noreturn]] void throw_wrong_type(const std::string& source, const std::string& field, const Json& found,
                                   const std::string& expected);

}  // namespace config_detail

// Fills fields from a section; remembers the known keys so that check_unknown() can name a mistyped one.
class FieldReader {
 public:
  // section must outlive the reader. subject: what to call the section in messages ("tmr", or "" for the root);
  // source: file name or "--set". Throws InputError when it is not a section.
  FieldReader(const Json& section, std::string subject, std::string source);

  // Leaves the field as it is where the section lacks the key; throws InputError naming source and field on a wrong type.
  template <class T>
  void operator()(const char* key, T& field, const char* = "") {
    known_.push_back(key);
    const auto found = section_.find(key);
    if (found == section_.end()) return;
    if constexpr (ReadsItself<T>) {
      field.read_config(*found, full_name(key), source_);
    } else if constexpr (requires { field.visit(*this); }) {
      FieldReader inner(*found, full_name(key), source_);
      field.visit(inner);
      inner.check_unknown();
    } else if (!config_detail::convert(*found, field)) {
      config_detail::throw_wrong_type(source_, full_name(key), *found, config_detail::expected_type<T>());
    }
  }

  // Throws InputError on a key no field asked for, with the nearest known one.
  void check_unknown() const;

 private:
  std::string full_name(const std::string& key) const { return subject_.empty() ? key : subject_ + "." + key; }

  const Json& section_;
  std::string subject_;
  std::string source_;
  std::vector<std::string> known_;
};

// Writes fields into a tree.
class FieldWriter {
 public:
  template <class T>
  void operator()(const char* key, T& field, const char* = "") {
    if constexpr (WritesItself<T>) {
      tree[key] = field.write_config();
    } else if constexpr (requires { field.visit(*this); }) {
      FieldWriter inner;
      field.visit(inner);
      tree[key] = inner.tree;
    } else {
      tree[key] = field;
    }
  }
  Json tree = Json::object();
};

// One key of a configuration, for lists of them.
struct OptionField {
  std::string key;  // dotted: "optimiser.schedule"
  Json value;       // as it stands in the options that were asked
  std::string help;
};

// Collects the fields of options, section by section.
class FieldLister {
 public:
  explicit FieldLister(std::string prefix = "") : prefix_(std::move(prefix)) {}
  template <class T>
  void operator()(const char* key, T& field, const char* help = "") {
    if constexpr (requires { field.visit(*this); }) {
      FieldLister inner(prefix_ + key + ".");
      field.visit(inner);
      fields.insert(fields.end(), inner.fields.begin(), inner.fields.end());
    } else {
      fields.push_back({prefix_ + key, Json(field), help});
    }
  }
  std::vector<OptionField> fields;

 private:
  std::string prefix_;
};

template <class Options>
std::vector<OptionField> list_fields(Options options, const std::string& prefix = "") {
  FieldLister lister(prefix);
  options.visit(lister);
  return lister.fields;
}

template <class Options>
void read_options(const Json& config, const std::string& source, Options& options) {
  FieldReader reader(config, "", source);
  options.visit(reader);
  reader.check_unknown();
}

template <class Options>
Json write_options(Options options) {
  if constexpr (WritesItself<Options>) {
    return options.write_config();
  } else {
    FieldWriter writer;
    options.visit(writer);
    return writer.tree;
  }
}

}  // namespace tss
