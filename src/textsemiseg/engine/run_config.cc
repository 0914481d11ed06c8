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
  if (threads < 0) throw InputError("train.threads", concat("found ", threads), "0 or more");
  if (log_every < 1) throw InputError("train.log_every", concat("found ", log_every), "at least 1");
  if (checkpoint_every < 1) throw InputError("train.checkpoint_every", concat("found ", checkpoint_every), "at least 1");
  if (validate_every < 0) throw InputError("train.validate_every", concat("found ", validate_every), "0 or more");
  if (protocol != "honest" && protocol != "published")
    throw InputError("train.protocol", "found '" + protocol + "'", "honest or published");
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

}  // namespace

RunConfig make_run_config(const Json& given, const std::string& source) {
  RunConfig config;
  if (given.contains("method")) {
    if (!given.at("method").is_string()) throw InputError(source + ": method", "found " + given.at("method").dump(), "text");
    config.method = given.at("method").get<std::string>();
  }
  const MethodInfo& info = method_info(config.method);
  Json tree = method_defaults(info, given);
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
