#include "textsemiseg/recipe/recipe.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// What `recipe.spacing = ...` stands for: the main value of one step.
struct MainValue {
  const char* key;
  const char* step;
  const char* field;
};
constexpr MainValue kMainValues[] = {{"spacing", "resample", "spacing"},
                                     {"window", "window", "range"},
                                     {"reduce", "reduce", "factor"},
                                     {"normalise", "normalise", "method"},
                                     {"crop", "crop", "around"}};

std::vector<std::string> known_keys() {
  std::vector<std::string> keys = {"name", "steps"};
  for (const MainValue& main : kMainValues) keys.emplace_back(main.key);
  for (const std::string& kind : step_kinds()) {
    if (std::find(keys.begin(), keys.end(), kind) == keys.end()) keys.push_back(kind);
  }
  return keys;
}

// "none", [] and false take a step away.
bool means_none(const Json& value) {
  return value == Json("none") || value == Json(false) || (value.is_array() && value.empty());
}

// Sets the fields that the section names.
void read_step(Step& step, const Json& section, const std::string& subject, const std::string& source) {
  std::visit(
      [&](auto& one) {
        FieldReader reader(section, subject, source);
        one.visit(reader);
        reader.check_unknown();
      },
      step);
}

Step step_from(const Json& entry, const std::string& subject, const std::string& source) {
  if (!entry.is_object() || !entry.contains("step") || !entry.at("step").is_string())
    throw InputError(source + ": " + subject, "found " + entry.dump(), R"({step = "name of a step", ...})");
  Step step = default_step(entry.at("step").get<std::string>(), source + ": " + subject);
  Json fields = entry;
  fields.erase("step");
  read_step(step, fields, subject, source);
  return step;
}

Json step_json(const Step& step) {
  Json out = {{"step", step_kind(step)}};
  std::visit(
      [&](auto one) {
        FieldWriter writer;
        one.visit(writer);
        out.update(writer.tree);
      },
      step);
  return out;
}

size_t rank_of(const std::string& kind) {
  const auto& kinds = step_kinds();
  return static_cast<size_t>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
}

}  // namespace

size_t Recipe::place_of(const std::string& kind) {
  const auto of_kind = [&](const Step& step) { return kind == step_kind(step); };
  if (const auto found = std::find_if(steps.begin(), steps.end(), of_kind); found != steps.end())
    return static_cast<size_t>(found - steps.begin());
  const auto later = [&](const Step& step) { return rank_of(step_kind(step)) > rank_of(kind); };
  const auto place = std::find_if(steps.begin(), steps.end(), later) - steps.begin();
  steps.insert(steps.begin() + place, default_step(kind, "recipe"));
  return static_cast<size_t>(place);
}

void Recipe::remove(const std::string& kind) {
  std::erase_if(steps, [&](const Step& step) { return kind == step_kind(step); });
}

bool Recipe::crops_around_label() const {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    const Crop* crop = std::get_if<Crop>(&step);
    return crop != nullptr && crop->around == "label";
  });
}

void Recipe::check() const {
  for (size_t i = 0; i < steps.size(); ++i) {
    std::visit([](const auto& step) { step.check(concat("recipe.", step.kStep)); }, steps[i]);
    if (i > 0 && std::holds_alternative<Reorient>(steps[i]))
      throw InputError("recipe.steps", concat("reorient is step ", i + 1), "reorient as the first step, or not at all");
  }
}

void Recipe::apply_value(const std::string& key, const Json& value, const std::string& subject, const std::string& source) {
  const auto main =
      std::find_if(std::begin(kMainValues), std::end(kMainValues), [&](const MainValue& one) { return key == one.key; });
  const std::string kind = main != std::end(kMainValues) ? main->step : key;
  const auto of_kind = [&](const Step& step) { return kind == step_kind(step); };
  const std::string field = subject + "." + key;
  if (means_none(value)) return remove(kind);
  if (std::count_if(steps.begin(), steps.end(), of_kind) > 1)
    throw InputError(source + ": " + field, "there are several " + kind + " steps", "recipe.steps as a whole, in a .toml file");
  Json section = value;
  if (value == Json(true)) {
    section = Json::object();
  } else if (!value.is_object()) {
    if (main == std::end(kMainValues))
      throw InputError(source + ": " + field, "found " + value.dump(), "a section, true or false");
    section = Json{{main->field, value}};
  }
  read_step(steps[place_of(kind)], section, field, source);
}

void Recipe::read_config(const Json& config, const std::string& subject, const std::string& source) {
  if (!config.is_object()) config_detail::throw_wrong_type(source, subject, config, "a section");
  const auto keys = known_keys();
  for (const auto& [key, value] : config.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw InputError(source + ": " + subject + "." + key, "is not a known key" + did_you_mean(key, keys),
                       "one of " + join(keys, ", "));
  }
  *this = Recipe{};
  if (config.contains("name") && !config_detail::convert(config.at("name"), name))
    config_detail::throw_wrong_type(source, subject + ".name", config.at("name"), "text");
  if (config.contains("steps")) {
    const Json& list = config.at("steps");
    if (!list.is_array()) config_detail::throw_wrong_type(source, subject + ".steps", list, "a list of steps");
    steps.clear();
    for (size_t i = 0; i < list.size(); ++i) steps.push_back(step_from(list[i], concat(subject, ".steps[", i + 1, "]"), source));
  }
  for (const auto& [key, value] : config.items()) {
    if (key != "name" && key != "steps") apply_value(key, value, subject, source);
  }
}

Json Recipe::write_config() const {
  Json out = {{"name", name}, {"steps", Json::array()}};
  for (const Step& step : steps) out["steps"].push_back(step_json(step));
  return out;
}

CaseArrays apply_recipe(const Recipe& recipe, CaseArrays one, const StepObserver& after) {
  for (const Step& step : recipe.steps) {
    std::visit([&](const auto& s) { s.apply(one); }, step);
    if (after) after(step, one);
  }
  return one;
}

Image apply_recipe(const Recipe& recipe, const Image& raw) {
  CaseArrays one;
  one.channels.push_back(raw);
  return std::move(apply_recipe(recipe, std::move(one)).channels.front());
}

Json earlier_form(const Recipe& recipe) {
  // The steps of earlier versions, always in this order and with these parameters.
  Recipe same;
  same.name = recipe.name;
  same.steps = {Reorient{}};
  Json out = {{"normalise", "none"}, {"spacing", Json::array()}, {"window", Json::array()}, {"reduce", Json::array()}};
  if (const auto* step = recipe.find<Resample>()) out["spacing"] = same.at<Resample>().spacing = step->spacing;
  if (const auto* step = recipe.find<Reduce>()) out["reduce"] = same.at<Reduce>().factor = step->factor;
  if (const auto* step = recipe.find<Window>()) out["window"] = same.at<Window>().range = step->range;
  if (const auto* step = recipe.find<Normalise>()) out["normalise"] = same.at<Normalise>().method = step->method;
  return same.write_config() == recipe.write_config() ? out : Json();
}

}  // namespace tss
