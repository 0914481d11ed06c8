// Everything visible in a folder and below it, through links to folders, each folder once, so that links may lead in circles.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

namespace tss {

enum class EntryKind {
  kFile,
  kFolder,
  kNowhere,  // a link without a target
  kClosed,   // a folder that may not be looked into
};

constexpr int kDeepestFolder = 8;

// Calls use(path, kind) in order of name, for folders before what they hold. Links to folders come last, so that a folder goes by its own
// name rather than by a link's. Names that begin with a dot are left out, and what lies more than `deepest` folders below. False from use()
// ends the walk. `folder` itself is told of only where it is kClosed.
void walk_folder(const std::filesystem::path& folder, const std::function<bool(const std::filesystem::path&, EntryKind)>& use,
                 int deepest = kDeepestFolder);

// The files of such a walk, sorted. Throws InputError on a folder that cannot be read.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

}  // namespace tss
