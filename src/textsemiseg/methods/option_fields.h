// Options that would have no effect are refused: they would mislead.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

// A visitor that keeps every field's full name and printed value.
struct PrintedFields {
  template <class T>
  void operator()(const char* key, T& field, const char* = "") {
    if constexpr (requires { field.visit(*this); }) {
      PrintedFields inner{prefix + key + ".", {}};
      field.visit(inner);
      fields.insert(fields.end(), inner.fields.begin(), inner.fields.end());
    } else if constexpr (std::is_same_v<T, bool>) {
      fields.emplace_back(prefix + key, field ? "true" : "false");
    } else {
      fields.emplace_back(prefix + key, concat(field));
    }
  }
  std::string prefix;
  std::vector<std::pair<std::string, std::string>> fields;
};

// Throws InputError naming the first field of `given` that differs from `usable`: "ua_mt.csa.pool: found masked <where>; expected
// global, <why>".
template <class Options>
void require_fields(const std::string& section, Options given, Options usable, const std::string& where, const std::string& why) {
  PrintedFields found{section + ".", {}}, expected{section + ".", {}};
  given.visit(found);
  usable.visit(expected);
  for (size_t i = 0; i < found.fields.size(); ++i)
    if (found.fields[i] != expected.fields[i])
      throw InputError(found.fields[i].first, "found " + found.fields[i].second + " " + where,
                       expected.fields[i].second + ", " + why);
}

// With variant "reference": what the released code has no switch for.
template <class Options>
void require_released(const std::string& section, const Options& given, const Options& usable) {
  require_fields(section, given, usable, "with variant 'reference'",
                 "because the released code has no such switch (variant 'paper' has)");
}

// For a method whose options are variant, text (whether it takes class texts), tmr and csa among others. section: the method's
// name.
template <class Options>
void check_text_options(const std::string& section, const Options& given) {
  given.tmr.check(section + ".tmr");
  given.csa.check();
  Options usable = given;
  usable.tmr = {};
  usable.csa = {};
  if (!given.text) return require_fields(section, given, usable, "with text = false", "because without texts it has no effect");
  usable.tmr.dropout = given.tmr.dropout;
  if (given.variant == "reference") require_released(section, given, usable);
}

}  // namespace tss
