#include "textsemiseg/text/clip_vocabulary.h"

#include <cstdlib>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFile = "bpe_simple_vocab_16e6.txt.gz";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

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

// .deps/venv/lib/python3*/site-packages/open_clip
std::optional<fs::path> in_dependencies(const fs::path& deps) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(deps / "venv" / "lib", none)) {
    if (!starts_with(entry.path().filename().string(), "python3")) continue;
    if (const auto found = in_folder(entry.path() / "site-packages" / "open_clip")) return found;
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
  if (const auto found = in_dependencies(TSS_DEPS_FOLDER)) return found;
  std::error_code none;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", none).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (const auto found = in_dependencies(folder / ".deps")) return found;
  }
  if (const std::string data = environment("TSS_TEST_DATA"); !data.empty()) return in_folder(fs::path(data) / "text");
  return std::nullopt;
}

fs::path clip_vocabulary(const fs::path& given, const fs::path& weights) {
  if (const auto found = find_clip_vocabulary(given, weights)) return *found;
  throw InputError("text.vocabulary", "CLIP's vocabulary was not found",
                   std::string("the file ") + kFile + " in text.vocabulary, beside text.weights or in TSS_CLIP_VOCABULARY ('pip " +
                       "install --no-deps open_clip_torch' brings it, as 'make setup' does)");
}

}  // namespace tss
