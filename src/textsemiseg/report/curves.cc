#include "textsemiseg/report/curves.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

void collect(const nlohmann::json& value, const std::string& name, double iteration, Curves& curves) {
  if (value.is_number()) {
    curves[name].emplace_back(iteration, value.get<double>());
  } else if (value.is_null()) {
    curves[name].emplace_back(iteration, std::numeric_limits<double>::quiet_NaN());
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) collect(inner, name.empty() ? key : name + "." + key, iteration, curves);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) collect(value[i], concat(name, ".", i), iteration, curves);
  }
}

}  // namespace

Curves read_curves(const std::filesystem::path& log) {
  const std::string text = read_text_file(log, kMostLogBytes);
  const bool whole = text.empty() || text.back() == '\n';
  std::vector<std::string> lines = split(text, '\n');
  Curves curves;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) continue;
    auto record = nlohmann::json::parse(lines[i], nullptr, false);
    if (record.is_discarded() || !record.is_object()) {
      if (i + 1 == lines.size() && !whole) break;
      throw InputError(concat(log.string(), ": line ", i + 1), "not a JSON object", "one object a line");
    }
    if (!record.contains("iteration") || !record["iteration"].is_number()) continue;
    const double iteration = record["iteration"].get<double>();
    record.erase("iteration");
    collect(record, "", iteration, curves);
  }
  return curves;
}

}  // namespace tss
