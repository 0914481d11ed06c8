#include "textsemiseg/exchange/import_run.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/new_folder.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/exchange/method_network.h"
#include "textsemiseg/exchange/published_networks.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/text/text_factory.h"
#include "textsemiseg/weights/module_state.h"
#include "textsemiseg/weights/weights_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

struct CheckedFile {
  WeightsFile weights;
  ImportedNetwork network;
  std::string path;
};

bool contains(const std::vector<const PublishedNetwork*>& list, const PublishedNetwork* network) {
  return std::find(list.begin(), list.end(), network) != list.end();
}

const NetworkUse* use_of(const PublishedNetwork& network, const std::string& method) {
  for (const NetworkUse& use : network.uses)
    if (method.empty() || use.method == method) return &use;
  return nullptr;
}

// The network that the file shall be: the one named, else the one it bears the signature of, those of the method first.
const PublishedNetwork& choose_network(const ImportOptions& options, const WeightsFile& weights) {
  const std::string path = options.file.string();
  const auto fitting = recognise(weights.tensors);
  if (!options.network.empty()) {
    const PublishedNetwork& wanted = published_network(options.network);
    if (!contains(fitting, &wanted)) refuse_network(wanted, weights.tensors, path);
    return wanted;
  }
  for (const PublishedNetwork* network : fitting)
    if (!options.method.empty() && use_of(*network, options.method)) return *network;
  if (!options.method.empty()) {
    for (const PublishedNetwork& network : published_networks())
      if (use_of(network, options.method)) refuse_network(network, weights.tensors, path);
    throw InputError("--method", "no published network is known for '" + options.method + "'",
                     "no --method, to see what the file holds");
  }
  if (!fitting.empty()) return *fitting.front();
  std::vector<std::string> names, known;
  for (const auto& [name, tensor] : weights.tensors)
    if (names.size() < 3) names.push_back("'" + name + "'");
  for (const PublishedNetwork& network : published_networks()) known.push_back(network.name);
  throw InputError(path,
                   concat("holds ", weights.tensors.size(), " tensors (", join(names, ", "), ", ...) of no network known here"),
                   "one of " + join(known, ", "));
}

CheckedFile read_source(const ImportOptions& options) {
  CheckedFile source;
  source.path = options.file.string();
  source.weights = read_weights(options.file, options.key);
  source.network = import_network(choose_network(options, source.weights), source.weights.tensors, source.path);
  if (!source.network.left_out.empty())
    log_info(concat(source.path, ": ", source.network.left_out.size(), " tensors left out, '", source.network.left_out.front(),
                    "' and on (", tolerated_because(source.network.left_out.front()), ")"));
  return source;
}

// In the order of the table.
std::vector<CheckedFile> read_sources(const ImportOptions& options) {
  std::vector<CheckedFile> sources = {read_source(options)};
  if (options.also.empty()) return sources;
  if (options.method.empty()) throw InputError("--also", "without --method", "the method that predicts with both networks");
  ImportOptions other = options;
  other.file = options.also;
  other.network.clear();
  sources.push_back(read_source(other));
  if (sources[1].network.network < sources[0].network.network) std::swap(sources[0], sources[1]);
  return sources;
}

// The networks that the method of this one needs beside it.
std::vector<std::string> partners_of(const NetworkUse& use) {
  std::vector<std::string> names;
  for (const PublishedNetwork& network : published_networks())
    for (const NetworkUse& other : network.uses)
      if (other.method == use.method && other.child != use.child) names.push_back(network.name);
  return names;
}

// How the first network is used.
const NetworkUse& choose_use(const std::vector<CheckedFile>& sources, const std::string& method) {
  const PublishedNetwork& network = *sources[0].network.network;
  const std::string holds = "holds the network '" + network.name + "' (" + network.title + "), ";
  const NetworkUse* use = use_of(network, method);
  if (!use)
    throw InputError(sources[0].path, holds + "with which no method here predicts yet",
                     "--output FILE.safetensors, to check and convert it");
  const auto partners = partners_of(*use);
  if (sources.size() == 1 && partners.empty()) return *use;
  if (sources.size() == 1)
    throw InputError(sources[0].path, holds + "one of two that '" + use->method + "' predicts with",
                     "--method " + use->method + " --also FILE, a file with '" + join(partners, "' or '") + "'");
  const std::string& second = sources[1].network.network->name;
  if (std::find(partners.begin(), partners.end(), second) == partners.end())
    throw InputError("--also", "the files hold '" + network.name + "' and '" + second + "'",
                     partners.empty() ? "one file for '" + use->method + "'"
                                      : "'" + network.name + "' and '" + join(partners, "' or '") + "'");
  return *use;
}

std::vector<std::string> class_names(const ImportOptions& options, int64_t classes, const std::string& path) {
  std::vector<std::string> names = options.classes;
  if (names.empty()) {
    names = {"background"};
    for (int64_t k = 1; k < classes; ++k) names.push_back(concat("class ", k));
    log_warning("--classes was not given: the classes are called " + join(names, ", "));
  }
  if (static_cast<int64_t>(names.size()) != classes)
    throw InputError("--classes", concat("found ", names.size(), " names (", join(names, ", "), ")"),
                     concat(classes, ", the classes of ", path));
  return names;
}

Json config_tree(const ImportOptions& options, const NetworkUse& use, const NetworkFacts& facts) {
  Json tree = options.overrides;
  if (tree.contains("network"))
    throw InputError("network", "found " + tree.at("network").dump(), "no option of it: the file says what the network is");
  tree["method"] = use.method;
  tree["network"] = {{"widths", facts.options.widths},
                     {"depths", facts.options.depths},
                     {"dropout", facts.options.dropout},
                     {"normalisation", facts.options.normalisation}};
  const Json needed_options = use.needed_options();
  for (const auto& [option, value] : needed_options.items()) {
    const Json given = tree.contains(use.method) ? tree.at(use.method).value(option, Json()) : Json();
    if (!given.is_null() && given != value)
      throw InputError(use.method + "." + option, "found " + given.dump(), value.dump() + ", whose network the file holds");
    tree[use.method][option] = value;
  }
  std::vector<int64_t> patch = options.patch;
  if (facts.has_text_block) {
    const auto own = facts.patch();
    const std::vector<int64_t> needed(own.begin(), own.end());
    if (!patch.empty() && patch != needed)
      throw InputError("--patch", "found " + join(patch, ","),
                       join(needed, ",") + ", which the text block of the file was made for");
    patch = needed;
  }
  if (!patch.empty()) tree["sampler"]["patch"] = patch;
  return tree;
}

// Prompt vectors saved beside the network (Text-SemiSeg's "prompt_dict"), where the text source here has such vectors.
void load_prompts(const ImportOptions& options, torch::nn::Module& text, const std::string& path) {
  auto parameters = text.named_parameters();
  torch::Tensor* own = parameters.find("prompt_vectors");
  if (!own) return;
  torch::Tensor given;
  try {
    const WeightsFile beside = read_weights(options.file, "prompt_dict");
    if (const auto found = beside.tensors.find("ctx"); found != beside.tensors.end()) given = found->second;
  } catch (const InputError&) {
    return;  // there are none
  }
  if (!given.defined() || given.sizes() != own->sizes()) {
    log_warning(path + ": prompt vectors of another shape were left out");
    return;
  }
  const torch::NoGradGuard no_grad;
  own->copy_(given);
  log_info(path + ": prompt vectors taken over");
}

Json origin_of(const CheckedFile& source) {
  Json out;
  out["file"] = fs::absolute(source.path).lexically_normal().string();
  out["format"] = source.weights.format;
  out["key"] = source.weights.where;
  out["network"] = source.network.network->name;
  out["title"] = source.network.network->title;
  out["tensors"] = source.weights.tensors.size();
  out["hash"] = hash_of(source.weights.tensors);
  out["left_out"] = source.network.left_out;
  return out;
}

void require_new(const fs::path& run) {
  std::error_code ignored;
  if (fs::exists(run) && !(fs::is_directory(run) && fs::is_empty(run, ignored)))
    throw InputError(run.string(), "exists", "a new folder for the run");
}

fs::path without_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

}  // namespace

std::string import_run(const ImportOptions& options, const fs::path& run) {
  const fs::path target = without_slash(run);
  require_new(target);
  Recipe recipe = recipe_from_name(options.recipe);
  const std::vector<CheckedFile> sources = read_sources(options);
  const CheckedFile& source = sources.front();
  const NetworkUse& use = choose_use(sources, options.method);
  const RunConfig config = make_run_config(config_tree(options, use, source.network.facts), "--set");
  const std::vector<std::string> names = class_names(options, source.network.facts.options.classes, source.path);
  std::shared_ptr<TextSource> text;
  if (method_info(use.method).uses_text(config.method_options)) {
    text = make_text_source(config.text, names, static_cast<uint64_t>(config.seed));
    if (text->dimension() != source.network.facts.text_dimension)
      throw InputError("text", concat("its features have ", text->dimension(), " numbers"),
                       concat(source.network.facts.text_dimension, ", for which the network in ", source.path, " was made"));
    load_prompts(options, *text, source.path);
  }
  const std::shared_ptr<Method> method = build_method(config, names, source.network.facts.options.in_channels, text);
  for (const CheckedFile& one : sources) load_network(*method, *use_of(*one.network.network, use.method), one.network, one.path);
  method->eval();

  RunRecord record;
  record.dataset = "imported";
  record.class_names = names;
  record.channels = source.network.facts.options.in_channels;
  record.recipe = recipe;
  if (text) record.texts = recorded_texts(text->classes());
  record.protocol = "imported";
  const std::string also = options.also.empty() ? "" : " and " + options.also.filename().string();
  record.selection =
      "weights imported from " + options.file.filename().string() + also + "; nothing is known here about how they were chosen";
  record.split = Json::object();
  record.environment = environment_record(torch::kCPU);
  record.origin = origin_of(source);
  if (sources.size() > 1) record.origin["also"] = origin_of(sources.back());
  Checkpoint checkpoint;
  checkpoint.method = state_of(*method);
  checkpoint.class_texts = method->class_texts();
  if (text) checkpoint.state.encoder_hash = text->encoder_hash();

  NewFolder folder(target);
  const RunFolder written{folder.path()};
  write_text_file(written.config(), to_toml(resolved(config)));
  write_checkpoint(written.checkpoint("last"), checkpoint);
  write_run_record(written, record);
  folder.finish();
  std::string what;
  for (const CheckedFile& one : sources)
    what += concat(what.empty() ? "" : "; ", one.network.network->title, ", ", one.weights.tensors.size(), " tensors (",
                   one.weights.format, one.weights.where.empty() ? "" : ", key '" + one.weights.where + "'", ")");
  return concat(target.string(), ": ", what, ", predicts as ", use.method, ", windows of ", join(config.inference.patch, " x "),
                ", recipe ", recipe.name);
}

std::string convert_weights(const ImportOptions& options, const fs::path& output) {
  const CheckedFile source = read_source(options);
  const PublishedNetwork& network = *source.network.network;
  TensorFile file;
  for (const auto& [name, tensor] : source.weights.tensors)
    if (tolerated_because(name).empty()) file.tensors[name] = tensor.contiguous();
  file.metadata = {
      {"format", "pt"}, {"network", network.name}, {"names", network.title}, {"source", options.file.filename().string()}};
  write_safetensors(output, file);
  return concat(output.string(), ": ", network.title, ", ", file.tensors.size(), " tensors, names and shapes as expected");
}

}  // namespace tss
