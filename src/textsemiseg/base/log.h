// Messages on stderr (base/messages.h: their form), one line each (base/printable.h); standard output is kept for results. The one file behind it uses spdlog, whose headers
// must not meet torch's (both bring fmt).
#pragma once

#include <string>

namespace tss {

enum class LogLevel { kQuiet, kNormal, kVerbose };

void set_log_level(LogLevel level);
LogLevel log_level();
// Copies every message to this file as well (appending); an empty path stops that.
void set_log_file(const std::string& path);

void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);
void log_debug(const std::string& message);

}  // namespace tss
