#include "textsemiseg/weights/weights_file.h"

#include <algorithm>
#include <string_view>

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

// What wrappers put in front of every name: DataParallel, torch.compile.
void strip_wrappers(TensorMap& tensors) {
  for (const std::string_view prefix : {"module.", "_orig_mod.", "module."}) {
    const auto has = [&](const auto& item) { return starts_with(item.first, prefix) && item.first.size() > prefix.size(); };
    if (!tensors.empty() && std::all_of(tensors.begin(), tensors.end(), has)) tensors = with_prefix(tensors, std::string(prefix));
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
    throw InputError(path.string(), bytes == 0 ? "is empty" : "is none of the formats known",
                     "safetensors, a file of torch.save, or a TorchScript archive");
  // 0x80 could also be the length of a safetensors header.
  const bool is_safetensors = looks_like_safetensors(first) && !looks_like_zip(first);
  WeightsFile out = is_safetensors ? from_safetensors(path, key) : read_torch(path, key);
  check_total(out.tensors, bytes, path.string());
  strip_wrappers(out.tensors);
  return out;
}

}  // namespace tss
