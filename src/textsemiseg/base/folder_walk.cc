#include "textsemiseg/base/folder_walk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "textsemiseg/base/error.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

using Use = std::function<bool(const fs::path&, EntryKind)>;

class Walk {
 public:
  Walk(const Use& use, int deepest) : use_(use), deepest_(deepest) {}

  void start(const fs::path& folder) {
    bool on = visit(folder, 0);
    for (size_t i = 0; on && i < links_.size(); ++i) {
      const auto [link, depth] = links_[i];  // visiting it may add others
      on = visit(link, depth);
    }
  }

 private:
  static std::vector<fs::path> entries_of(const fs::path& folder, std::error_code& error) {
    std::vector<fs::path> entries;
    for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error))
      if (it->path().filename().string().front() != '.') entries.push_back(it->path());
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  // False ends the walk.
  bool enter(const std::vector<fs::path>& entries, int depth) {
    for (const fs::path& path : entries) {
      std::error_code ignored;
      const bool link = fs::is_symlink(path, ignored);
      const fs::file_status status = fs::status(path, ignored);
      if (fs::is_directory(status)) {
        if (link) links_.emplace_back(path, depth);
        if (!link && !visit(path, depth)) return false;
      } else if (fs::is_regular_file(status)) {
        if (!use_(path, EntryKind::kFile)) return false;
      } else if (link && !use_(path, EntryKind::kNowhere)) {
        return false;
      }
    }
    return true;
  }

  bool visit(const fs::path& folder, int depth) {
    std::error_code error;
    const fs::path own = fs::canonical(folder, error);
    if (!error && !visited_.insert(own).second) return true;
    std::vector<fs::path> entries;
    if (!error && depth <= deepest_) entries = entries_of(folder, error);
    if (error) return use_(folder, EntryKind::kClosed);
    return (depth == 0 || use_(folder, EntryKind::kFolder)) && enter(entries, depth + 1);
  }

  const Use& use_;
  int deepest_;
  std::set<fs::path> visited_;
  std::vector<std::pair<fs::path, int>> links_;  // to folders, with their depth
};

}  // namespace

void walk_folder(const fs::path& folder, const Use& use, int deepest) { Walk(use, deepest).start(folder); }

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  walk_folder(folder, [&](const fs::path& path, EntryKind kind) {
    if (kind == EntryKind::kClosed) throw InputError(path.string(), "cannot be read", "a readable folder");
    if (kind == EntryKind::kFile) files.push_back(path);
    return true;
  });
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace tss
