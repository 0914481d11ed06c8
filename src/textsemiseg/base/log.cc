#include "textsemiseg/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

// spdlog honours neither NO_COLOR nor a plain pipe by itself in every version: decide here.
spdlog::color_mode color_mode() { return std::getenv("NO_COLOR") ? spdlog::color_mode::never : spdlog::color_mode::automatic; }

spdlog::logger& logger() {
  static auto instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(color_mode());
    sink->set_pattern("%^%l:%$ %v");
    auto made = std::make_shared<spdlog::logger>("textsemiseg", sink);
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().set_level(level == LogLevel::kQuiet     ? spdlog::level::warn
                     : level == LogLevel::kVerbose ? spdlog::level::debug
                                                   : spdlog::level::info);
}

void set_log_file(const std::string& path) {
  auto& sinks = logger().sinks();
  sinks.resize(1);
  if (path.empty()) return;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    sinks.push_back(sink);
  } catch (const spdlog::spdlog_ex&) {
    throw InputError(path, "cannot be opened for writing", "a writable log file");
  }
}

void log_info(const std::string& message) { logger().info("{}", message); }
void log_warning(const std::string& message) { logger().warn("{}", message); }
void log_error(const std::string& message) { logger().error("{}", message); }
void log_debug(const std::string& message) { logger().debug("{}", message); }

}  // namespace tss
