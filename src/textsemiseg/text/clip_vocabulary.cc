#include "textsemiseg/text/clip_vocabulary.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/text/text_package.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFile = "bpe_simple_vocab_16e6.txt.gz";

fs::path existing(const std::string& subject, const fs::path& path) {
  if (!fs::is_regular_file(path)) throw InputError(subject, "'" + path.string() + "' is no file", std::string("CLIP's ") + kFile);
  return path;
}

std::optional<fs::path> in_folder(const fs::path& folder) {
  for (const char* name : {kFile, "merges.txt"}) {
    if (fs::is_regular_file(folder / name)) return folder / name;
  }
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> find_clip_vocabulary(const fs::path& given, const fs::path& weights) {
  if (!given.empty()) return existing("text.vocabulary", given);
  if (!weights.empty()) {
    if (const auto found = in_folder(weights.parent_path())) return found;
  }
  if (const std::string path = environment("TSS_CLIP_VOCABULARY"); !path.empty()) return existing("TSS_CLIP_VOCABULARY", path);
  for (const fs::path& packages : package_folders()) {
    if (const auto found = in_folder(packages / "open_clip")) return found;
  }
  if (const std::string data = environment("TSS_TEST_DATA"); !data.empty()) return in_folder(fs::path(data) / "text");
  return std::nullopt;
}

fs::path clip_vocabulary(const fs::path& given, const fs::path& weights) {
  if (const auto found = find_clip_vocabulary(given, weights)) return *found;
  throw InputError("text.vocabulary", "CLIP's vocabulary was not found",
                   std::string("the file ") + kFile +
                       " in text.vocabulary, beside text.weights or in TSS_CLIP_VOCABULARY ('pip " +
                       "install --no-deps open_clip_torch' brings it, as 'make setup' does)");
}

}  // namespace tss
