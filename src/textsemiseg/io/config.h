// TOML configuration with overrides. A configuration is a JSON tree of sections; options structs are filled from it by visiting
// their fields, so the known keys and their defaults stand in one place: the struct.
//
//   struct OptimiserOptions {
//     double learning_rate = 0.01;
//     template <class V> void visit(V& v) { v("learning_rate", learning_rate); }
//   };
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

using Json = nlohmann::ordered_json;

// Throws InputError with file, line and column on a syntax error.
Json read_toml(const std::filesystem::path& path);
Json read_json(const std::filesystem::path& path);
std::string to_toml(const Json& config);
void write_json(const std::filesystem::path& path, const Json& value);

// Values of `over` replace those of `base`, section by section.
void merge(Json& base, const Json& over);
// Applies "section.key=value"; the value is read as TOML (true, 3, 0.1, [96, 96, 96], "text"), a bare word as a string.
void apply_override(Json& config, const std::string& assignment);

// "int", "number", "text", ... for messages.
std::string type_name_of(const Json& value);

// Fills fields from a section; remembers the known keys so that check_unknown() can name a mistyped one.
class FieldReader {
 public:
  // subject: what to call the section in messages ("tmr", or "" for the root); source: file name or "--set".
  FieldReader(const Json& section, std::string subject, std::string source)
      : section_(section), subject_(std::move(subject)), source_(std::move(source)) {}

  template <class T>
  void operator()(const char* key, T& field) {
    known_.push_back(key);
    if (!section_.is_object() || !section_.contains(key)) return;
    const Json& value = section_.at(key);
    const std::string name = subject_.empty() ? key : subject_ + "." + key;
    if constexpr (requires { field.visit(*this); }) {
      FieldReader inner(value, name, source_);
      field.visit(inner);
      inner.check_unknown();
    } else {
      try {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          if (!value.is_number_integer()) throw std::runtime_error("not an integer");
        }
        if constexpr (std::is_same_v<T, bool>) {
          if (!value.is_boolean()) throw std::runtime_error("not a boolean");
        }
        value.get_to(field);
      } catch (const std::exception&) {
        throw InputError(source_ + ": " + name, "found " + value.dump() + " (" + type_name_of(value) + ")",
                         "the type of its default, " + Json(field).dump());
      }
    }
  }

  // Throws InputError on a key no field asked for, with the nearest known one.
  void check_unknown() const;

 private:
  const Json& section_;
  std::string subject_;
  std::string source_;
  std::vector<std::string> known_;
};

// Writes fields into a tree.
class FieldWriter {
 public:
  template <class T>
  void operator()(const char* key, T& field) {
    if constexpr (requires { field.visit(*this); }) {
      FieldWriter inner;
      field.visit(inner);
      tree[key] = inner.tree;
    } else {
      tree[key] = field;
    }
  }
  Json tree = Json::object();
};

template <class Options>
void read_options(const Json& config, const std::string& source, Options& options) {
  FieldReader reader(config, "", source);
  options.visit(reader);
  reader.check_unknown();
}

template <class Options>
Json write_options(Options options) {
  FieldWriter writer;
  options.visit(writer);
  return writer.tree;
}

}  // namespace tss
