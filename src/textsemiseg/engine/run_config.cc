#include "textsemiseg/engine/run_config.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/config_files.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/result_keys.h"

namespace tss {

void TrainOptions::check() const {
  if (iterations < 1) throw InputError("train.iterations", concat("found ", iterations), "at least 1");
  if (time_budget < 0) throw InputError("train.time_budget", concat("found ", time_budget), "seconds, 0 or more");
  if (precision != "fp32" && precision != "bf16")
    throw InputError("train.precision", "found '" + precision + "'", "fp32 or bf16");
  if (!(average >= 0 && average < 1)) throw InputError("train.average", concat("found ", average), "0 <= average < 1");
  if (threads < 0) throw InputError("train.threads", concat("found ", threads), "0 or more");
  if (log_every < 1) throw InputError("train.log_every", concat("found ", log_every), "at least 1");
  if (checkpoint_every < 1) throw InputError("train.checkpoint_every", concat("found ", checkpoint_every), "at least 1");
  if (validate_every < 0) throw InputError("train.validate_every", concat("found ", validate_every), "0 or more");
  if (protocol != "honest" && protocol != "published")
    throw InputError("train.protocol", "found '" + protocol + "'", "honest or published");
  if (nonfinite != "stop" && nonfinite != "skip")
    throw InputError("train.nonfinite", "found '" + nonfinite + "'", "stop or skip");
  if (!(loss_spike == 0 || loss_spike > 1)) throw InputError("train.loss_spike", concat("found ", loss_spike), "above 1, or 0");
}

namespace {

// What the method brings or, of this program's methods, its file and over it that of the flavour or backbone asked for:
// configs/methods/bcp_pancreas.toml where bcp.flavour = "pancreas".
Json method_defaults(const MethodInfo& info, const Json& given) {
  if (!info.defaults.empty()) return parse_toml(info.defaults, "defaults of the method '" + info.name + "'");
  std::vector<std::string> names = {info.name};
  const Json section = given.value(info.name, Json());
  for (const char* option : {"flavour", "backbone"})
    if (section.is_object() && section.contains(option) && section.at(option).is_string())
      names.push_back(info.name + "_" + section.at(option).get<std::string>());
  Json tree = Json::object();
  for (const std::string& name : names) {
    const auto file = method_config_files().find(name);
    if (file != method_config_files().end()) merge(tree, parse_toml(file->second, "configs/methods/" + name + ".toml"));
  }
  return tree;
}

// The largest number of levels that leaves the patch's deepest sides at 4 voxels or more, as nnU-Net plans its networks: norms and
// convolutions of 3^3 have nothing to work on in fewer.
void fit_levels(RunConfig& config) {
  constexpr int64_t kLeastSide = 4;
  const int64_t least = *std::min_element(config.sampler.patch.begin(), config.sampler.patch.end());
  while (config.network.levels() > 2 && least < kLeastSide * config.network.side_multiple()) {
    config.network.widths.pop_back();
    config.network.depths.pop_back();
  }
}

bool gives(const Json& tree, const char* section, const char* key) {
  return tree.contains(section) && tree.at(section).is_object() && tree.at(section).contains(key);
}

// A preset's file without what the method, or who asks, decides.
Json preset_settings(const std::string& name, const Json& method, const Json& given, const std::string& source) {
  if (name == "published") return Json::object();
  const auto file = preset_config_files().find(name);
  if (file == preset_config_files().end()) throw InputError(source + ": preset", "found '" + name + "'", "published or strong");
  Json tree = parse_toml(file->second, "configs/presets/" + name + ".toml");
  const Json& decides = gives(given, "optimiser", "kind") ? given : method;
  if (gives(decides, "optimiser", "kind") && decides.at("optimiser").at("kind") != "sgd") tree.erase("optimiser");
  if (gives(method, "train", "average")) tree.at("train").erase("average");
  return tree;
}

std::string preset_name(const Json& defaults, const Json& given, const std::string& source) {
  const Json& tree = given.contains("preset") ? given : defaults;
  if (!tree.contains("preset")) return RunConfig{}.preset;
  if (!tree.at("preset").is_string()) throw InputError(source + ": preset", "found " + tree.at("preset").dump(), "text");
  return tree.at("preset").get<std::string>();
}

}  // namespace

RunConfig make_run_config(const Json& given, const std::string& source) {
  RunConfig config;
  if (given.contains("method")) {
    if (!given.at("method").is_string()) throw InputError(source + ": method", "found " + given.at("method").dump(), "text");
    config.method = given.at("method").get<std::string>();
  }
  const MethodInfo& info = method_info(config.method);
  Json tree = method_defaults(info, given);
  const std::string preset = preset_name(tree, given, source);
  merge(tree, preset_settings(preset, tree, given, source));
  merge(tree, given);
  // A configuration file may hold sections of several methods; only the chosen one's counts.
  for (const auto& other : method_names())
    if (other != config.method) tree.erase(other);
  FieldReader reader(tree, "", source);
  config.visit(reader);
  reader.check_unknown();
  config.method_options = info.resolve(config.method_options, source);
  if (!tree.contains("inference") || !tree.at("inference").contains("patch")) config.inference.patch = config.sampler.patch;
  config.train.check();
  config.optimiser.check();
  config.sampler.check();
  if (preset == "strong" && !gives(tree, "network", "widths") && !gives(tree, "network", "depths")) fit_levels(config);
  config.network.check();
  config.text.check();
  config.inference.check();
  if (info.uses_unlabelled && config.sampler.unlabelled < 1)
    throw InputError(source + ": sampler.unlabelled", concat("found ", config.sampler.unlabelled),
                     "at least 1 for " + config.method);
  if (config.seed < 0) throw InputError(source + ": seed", concat("found ", config.seed), "0 or more");
  return config;
}

Json resolved(const RunConfig& config) { return write_options(config); }

std::vector<OptionField> common_run_options() {
  const RunConfig config;
  std::vector<OptionField> out = list_fields(config);
  std::erase_if(out, [&](const OptionField& field) { return field.key == config.method; });
  return out;
}

std::vector<OptionField> run_options(const std::string& method) {
  const MethodInfo& info = method_info(method);
  std::vector<OptionField> out = common_run_options();
  if (info.fields) {
    for (OptionField& field : info.fields()) out.push_back(std::move(field));
  }
  const Json tree = resolved(make_run_config({{"method", method}}, method));
  for (OptionField& field : out) {
    std::string pointer = "/" + field.key;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    field.value = tree.at(Json::json_pointer(pointer));
  }
  return out;
}

namespace {

std::string first_difference(const Json& stored, const Json& given, const std::string& path) {
  if (stored.is_object() && given.is_object()) {
    for (const auto& [key, value] : stored.items()) {
      const std::string name = path.empty() ? key : path + "." + key;
      if (!given.contains(key)) return name;
      const std::string inner = first_difference(value, given.at(key), name);
      if (!inner.empty()) return inner;
    }
    return "";
  }
  return stored == given ? "" : path;
}

}  // namespace

std::string resume_difference(const RunConfig& stored, RunConfig given) {
  given.dataset = stored.dataset;  // may have moved; require_unchanged looks at what is in it
  if (stored.train.time_budget > 0) given.train.iterations = stored.train.iterations;
  return first_difference(deciding_settings(resolved(stored)), deciding_settings(resolved(given)), "");
}

}  // namespace tss
