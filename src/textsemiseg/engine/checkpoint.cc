#include "textsemiseg/engine/checkpoint.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"

namespace tss {
namespace {

constexpr const char* kMethod = "method.";
constexpr const char* kOptimiser = "optimiser.";
constexpr const char* kAverage = "average.";
constexpr const char* kTexts = "class_texts";
constexpr const char* kFormat = "textsemiseg checkpoint 1";

// Of everything a checkpoint says: a byte that changed on the disk or on the way is found.
std::string content_hash(const TensorFile& file) { return hash_of(file.tensors) + hex(hash_bytes(file.metadata.at("state"))); }

void require_intact(const std::filesystem::path& path, const TensorFile& file) {
  const auto stored = file.metadata.find("content_hash");  // files of earlier versions have none
  if (stored != file.metadata.end() && stored->second != content_hash(file))
    throw InputError(path.string(), "is damaged: its content does not fit its content_hash", "the file as it was written");
  for (const auto& [name, tensor] : file.tensors) {
    if ((name.starts_with(kMethod) || name.starts_with(kAverage)) && tensor.is_floating_point() &&
        !tensor.isfinite().all().item<bool>())
      throw InputError(path.string() + ": tensor '" + name + "'", "holds NaN or infinite values", "finite weights");
  }
}

Json to_json(const TrainState& state) {
  Json out = write_options(state);
  out["best_score"] = state.best_score ? Json(*state.best_score) : Json(nullptr);
  return out;
}

std::filesystem::path json_beside(std::filesystem::path path) { return path.replace_extension(".json"); }

// Files of earlier versions have them inside too; without either the time starts anew.
std::optional<double> seconds_beside(const std::filesystem::path& path) {
  const std::filesystem::path file = json_beside(path);
  if (!std::filesystem::is_regular_file(file)) return {};
  try {
    const Json json = read_json(file);
    if (json.is_object() && json.contains("seconds") && json.at("seconds").is_number()) return json.at("seconds").get<double>();
  } catch (const InputError&) {
  }
  return {};
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  TensorFile file;
  add_with_prefix(file.tensors, checkpoint.method, kMethod);
  add_with_prefix(file.tensors, checkpoint.average, kAverage);
  for (const auto& [name, tensor] : checkpoint.optimiser) file.tensors[name] = tensor;
  if (checkpoint.class_texts.defined()) file.tensors[kTexts] = checkpoint.class_texts;
  Json state = to_json(checkpoint.state);
  state.erase("seconds");
  file.metadata["format"] = kFormat;
  file.metadata["state"] = state.dump();
  file.metadata["content_hash"] = content_hash(file);
  write_safetensors(path, file);
  state["seconds"] = checkpoint.state.seconds;
  write_json(json_beside(path), state);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const auto format = file.metadata.find("format");
  const auto text = file.metadata.find("state");
  if (format == file.metadata.end() || format->second != kFormat || text == file.metadata.end())
    throw InputError(path.string(), "is a safetensors file of something else", std::string("a ") + kFormat);
  require_intact(path, file);
  Checkpoint checkpoint;
  Json state = Json::parse(text->second, nullptr, false);
  if (state.is_discarded()) throw InputError(path.string() + ": metadata 'state'", "is not JSON");
  if (state.contains("best_score") && state.at("best_score").is_number())
    checkpoint.state.best_score = state.at("best_score").get<double>();
  state.erase("best_score");
  read_options(state, path.string(), checkpoint.state);
  checkpoint.state.seconds = seconds_beside(path).value_or(checkpoint.state.seconds);
  checkpoint.method = with_prefix(file.tensors, kMethod);
  checkpoint.average = with_prefix(file.tensors, kAverage);
  for (const auto& [name, tensor] : file.tensors)
    if (name.rfind(kOptimiser, 0) == 0) checkpoint.optimiser[name] = tensor;
  const auto texts = file.tensors.find(kTexts);
  if (texts != file.tensors.end()) checkpoint.class_texts = texts->second;
  return checkpoint;
}

}  // namespace tss
