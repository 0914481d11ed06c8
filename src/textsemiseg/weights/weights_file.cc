#include "textsemiseg/weights/weights_file.h"

#include <algorithm>
#include <set>

#include "textsemiseg/archive/file_kind.h"
#include "textsemiseg/archive/random_access_file.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/state_search.h"
#include "textsemiseg/weights/torch_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// A safetensors file begins with the length of its header and the header's brace.
bool looks_like_safetensors(const std::string& first) { return first.size() > 8 && first[8] == '{'; }

// Counters that averaging keeps beside the weights (torch.optim.swa_utils, ema_pytorch).
bool is_counter(const std::string& name, const torch::Tensor& tensor) {
  return tensor.numel() == 1 && (name == "n_averaged" || name == "initted" || name == "step");
}

// What wrappers put in front of every name: DataParallel, torch.compile, Lightning's attribute, averaged models.
void strip_wrappers(TensorMap& tensors) {
  std::erase_if(tensors, [&](const auto& item) { return tensors.size() > 1 && is_counter(item.first, item.second); });
  constexpr size_t kDeepest = 8;
  for (size_t depth = 0; depth < kDeepest && !tensors.empty(); ++depth) {
    const std::string& first = tensors.begin()->first;
    const std::string prefix = first.substr(0, first.find('.') + 1);
    static const std::set<std::string> kWrappers = {"module.",  "_orig_mod.", "model.",         "net.",
                                                    "network.", "ema_model.", "averaged_model."};
    const auto has = [&](const auto& item) { return starts_with(item.first, prefix) && item.first.size() > prefix.size(); };
    if (!kWrappers.contains(prefix) || !std::all_of(tensors.begin(), tensors.end(), has)) return;
    tensors = with_prefix(tensors, prefix);
  }
}

// Views may repeat what is stored once (tied weights, expanded tensors); a file that repeats it much more often wants to fill a disk.
void check_total(const TensorMap& tensors, uint64_t file_bytes, const std::string& subject) {
  constexpr uint64_t kRepeats = 8, kAlways = uint64_t{64} << 20;
  uint64_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t bytes = tensor.nbytes();
    total = bytes > UINT64_MAX - total ? UINT64_MAX : total + bytes;
  }
  if (total / kRepeats > file_bytes + kAlways)
    throw InputError(subject, concat("has tensors of ", total, " bytes in ", file_bytes, " bytes of file"),
                     "a network's weights");
}

WeightsFile read_torch(const fs::path& path, const std::string& key) {
  const std::unique_ptr<TorchFile> file = open_torch_file(path);
  const FoundState found = find_state(file->pickle(), key, file->subject());
  WeightsFile out;
  out.format = file->format();
  out.where = found.where;
  for (const auto& [name, id] : found.tensors) out.tensors[name] = file->tensor(file->pickle().at(id));
  file->check_rest();
  return out;
}

WeightsFile from_safetensors(const fs::path& path, const std::string& key) {
  WeightsFile out;
  out.format = "safetensors";
  out.where = key;
  out.tensors = read_safetensors(path).tensors;
  if (!key.empty()) out.tensors = with_prefix(out.tensors, key + ".");
  if (out.tensors.empty())
    throw InputError(path.string(), "holds no tensors" + (key.empty() ? "" : " named '" + key + ".…'"), "a network's weights");
  return out;
}

}  // namespace

WeightsFile read_weights(const fs::path& path, const std::string& key) {
  std::string first;
  uint64_t bytes = 0;
  {
    const RandomAccessFile file(path);
    bytes = file.size();
    first = file.text(0, std::min<uint64_t>(bytes, 16));
  }
  const bool torch_file = looks_like_zip(first) || first.starts_with('\x80');
  if (!torch_file && !looks_like_safetensors(first))
    throw InputError(path.string(),
                     bytes == 0                   ? "is empty"
                     : kind_of_file(path).empty() ? "is none of the formats known"
                                                  : "is " + kind_of_file(path),
                     "safetensors, a file of torch.save, or a TorchScript archive");
  // 0x80 could also be the length of a safetensors header.
  const bool is_safetensors = looks_like_safetensors(first) && !looks_like_zip(first);
  WeightsFile out = is_safetensors ? from_safetensors(path, key) : read_torch(path, key);
  check_total(out.tensors, bytes, path.string());
  strip_wrappers(out.tensors);
  return out;
}

}  // namespace tss
