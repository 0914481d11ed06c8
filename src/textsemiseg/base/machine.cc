#include "textsemiseg/base/machine.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace tss {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

const std::string& machine_id() {
  static const std::string id = [] {
    std::error_code ignored;
    const std::filesystem::path space = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    return boot.empty() ? "" : boot + " " + space.string();
  }();
  return id;
}

bool is_gone(int process) { return process > 0 && ::kill(process, 0) != 0 && errno == ESRCH; }

}  // namespace tss
