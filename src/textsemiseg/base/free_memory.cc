#include "textsemiseg/base/free_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace tss {
namespace {

namespace fs = std::filesystem;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// The number behind a word of a file of lines "word number"; the fallback where it is not there.
double value_in(const fs::path& path, const std::string& word, double fallback) {
  std::ifstream file(path);
  for (std::string found; file >> found;) {
    double value = 0;
    if (found == word && file >> value) return value;
  }
  return fallback;
}

// A file that holds one number; "max" and a missing file are the fallback.
double number_in(const fs::path& path, double fallback) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? value : fallback;
}

// Caches of files that nobody reads are given back when memory is asked for.
double left_in(const fs::path& group, const char* limit, const char* usage) {
  const double most = number_in(group / limit, kUnlimited);
  if (most == kUnlimited) return kUnlimited;
  return std::max(0.0, most - number_in(group / usage, 0) + value_in(group / "memory.stat", "inactive_file", 0));
}

double left_in_control_group() {
  double least = std::min(left_in("/sys/fs/cgroup", "memory.max", "memory.current"),
                          left_in("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    for (fs::path path = line.substr(4); !path.empty(); path = path.parent_path())
      least = std::min(least, left_in(fs::path("/sys/fs/cgroup") / path, "memory.max", "memory.current"));
  }
  return least;
}

double page_bytes() { return static_cast<double>(sysconf(_SC_PAGE_SIZE)); }

double left_of_address_space() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  return std::max(0.0, static_cast<double>(limit.rlim_cur) - number_in("/proc/self/statm", 0) * page_bytes());
}

}  // namespace

double free_memory() {
  const double whole = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * page_bytes();
  const double available = value_in("/proc/meminfo", "MemAvailable:", whole / 1024) * 1024;
  return std::min({available, left_in_control_group(), left_of_address_space()});
}

double resident_memory() {
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;
  return file >> all >> resident ? resident * page_bytes() : 0;
}

}  // namespace tss
