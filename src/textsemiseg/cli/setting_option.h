// An option that stands for a key of the configuration: declared once, with the key that it writes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "textsemiseg/base/config.h"

namespace tss {

// The value goes to `given` under key ("train.iterations") when the option is given, and nothing is written when it is not. `given` must
// outlive the parsing.
template <class Value>
CLI::Option* add_setting(CLI::App& app, Json& given, const std::string& option, std::string key, const std::string& help) {
  const auto write = [&given, key = std::move(key)](const Value& value) {
    Json* place = &given;
    for (size_t from = 0; from < key.size();) {
      const size_t dot = std::min(key.find('.', from), key.size());
      place = &(*place)[key.substr(from, dot - from)];
      from = dot + 1;
    }
    *place = value;
  };
  return app.add_option_function<Value>(option, write, help);
}

}  // namespace tss
