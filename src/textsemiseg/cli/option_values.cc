#include "textsemiseg/cli/option_values.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/comparison.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/study/table_plan.h"
#include "textsemiseg/workflows/window_preset.h"

namespace tss {
namespace {

std::vector<std::string> roles() {
  std::vector<std::string> out;
  for (const Role role : kRoles) out.emplace_back(role_name(role));
  return out;
}

std::vector<std::string> metrics_and_all() {
  std::vector<std::string> out = compared_metric_names();
  out.emplace_back("all");
  return out;
}

// "optimiser.momentum=", of every method.
std::vector<std::string> keys_of_runs() {
  std::vector<std::string> out;
  for (const OptionField& field : common_run_options()) out.push_back(field.key + "=");
  for (const MethodInfo& method : methods()) {
    for (const OptionField& field : method.fields ? method.fields() : std::vector<OptionField>{}) out.push_back(field.key + "=");
  }
  return out;
}

// Words of a label "a|b|c".
OptionValues one_of(const std::vector<std::string>& words) { return {ValueKind::kWords, join(words, "|"), words}; }

// What a value of each type can be. Whatever is not here is typed freely.
const std::map<std::string, OptionValues>& types() {
  static const std::map<std::string, OptionValues> values = {
      {"FILE", {ValueKind::kFile, "FILE", {}}},
      {"FOLDER", {ValueKind::kFolder, "FOLDER", {}}},
      {"RUN", {ValueKind::kFolder, "RUN", {}}},
      {"PATH", {ValueKind::kPath, "PATH", {}}},
      {"AXES", {ValueKind::kWords, "AXES", {"all", "none", "x", "x,y", "x,y,z"}}},
      {"DEVICE", {ValueKind::kWords, "DEVICE", {"auto", "cpu", "cuda:0"}}},
      {"METHOD", {ValueKind::kWords, "METHOD", method_names()}},
      {"RECIPE", {ValueKind::kFile, "RECIPE", recipe_names()}},
      {"PLAN", {ValueKind::kFile, "PLAN", plan_names()}},
      {"PRESET", {ValueKind::kWords, "PRESET", window_preset_names()}},
      {"METRICS", {ValueKind::kWords, "METRICS", metrics_and_all()}},
      {"ROLE", one_of(roles())},
      {"SECTION.KEY=VALUE", {ValueKind::kWords, "SECTION.KEY=VALUE", keys_of_runs()}},
  };
  return values;
}

// "POSITIVE" and ranges beside a type say in code what the description says in words.
std::string plain_type(const std::string& type) {
  const std::string name = type.substr(0, type.find(':'));
  return name == "UINT" ? "INT" : name;
}

// What stands behind the option's name in help: "FOLDER (required)", "auto|cpu (auto)".
std::string option_text(const CLI::Option& option, const OptionValues& values) {
  std::string text = values.label;
  if (option.get_expected_max() > 1 && !option.get_positional()) text += " ...";
  if (!option.get_default_str().empty()) text += " (" + option.get_default_str() + ")";
  if (option.get_required()) text += " (required)";
  return text;
}

}  // namespace

OptionValues values_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {ValueKind::kNone, "", {}};
  // CLI11 appends checks; of one against a list, "{a,b}".
  const std::string type = option.get_type_name(), name = plain_type(type);
  if (const auto known = types().find(name); known != types().end()) return known->second;
  if (name.find('|') != std::string::npos) return one_of(split(name, '|'));
  if (const size_t list = type.find(":{"); list != std::string::npos && type.back() == '}')
    return one_of(split(type.substr(list + 2, type.size() - list - 3), ','));
  return {ValueKind::kText, name, {}};
}

void label_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const OptionValues values = values_of(*option);
    if (values.kind != ValueKind::kNone) option->option_text(option_text(*option, values));
  }
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) label_values(*sub);
}

}  // namespace tss
