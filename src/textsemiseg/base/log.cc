#include "textsemiseg/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/progress_line.h"

namespace tss {
namespace {

spdlog::logger& logger() {
  static auto instance = [] {
    // spdlog's own rule for colours differs from version to version.
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colours_wanted(STDERR_FILENO) ? spdlog::color_mode::always
                                                                                                    : spdlog::color_mode::never);
    sink->set_pattern("%^%l:%$ %v");
    auto made = std::make_shared<spdlog::logger>("textsemiseg", sink);
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

LogLevel current_level = LogLevel::kNormal;

// For machines: a line of JSON in place of the text on stderr; the log file, if there is one, stays text.
void write(spdlog::level::level_enum level, const std::string& message) {
  if (!logger().should_log(level)) return;
  if (message_format() == MessageFormat::kText) {
    const LiftedProgressLine lifted;
    return logger().log(level, "{}", printable(message));
  }
  const auto name = spdlog::level::to_string_view(level);
  log_message_event(std::string(name.data(), name.size()), message);
  const std::string text = printable(message);
  for (size_t i = 1; i < logger().sinks().size(); ++i) {
    logger().sinks()[i]->log(spdlog::details::log_msg(logger().name(), level, text));
    logger().sinks()[i]->flush();
  }
}

}  // namespace

void set_log_level(LogLevel level) {
  current_level = level;
  logger().set_level(level == LogLevel::kQuiet     ? spdlog::level::warn
                     : level == LogLevel::kVerbose ? spdlog::level::debug
                                                   : spdlog::level::info);
}

LogLevel log_level() { return current_level; }

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

void log_info(const std::string& message) { write(spdlog::level::info, message); }
void log_warning(const std::string& message) { write(spdlog::level::warn, message); }
void log_error(const std::string& message) { write(spdlog::level::err, message); }
void log_debug(const std::string& message) { write(spdlog::level::debug, message); }

}  // namespace tss
