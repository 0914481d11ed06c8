#include "textsemiseg/base/messages.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/log.h"

namespace tss {
namespace {

MessageFormat current_format = MessageFormat::kText;
std::function<void(const ProgressState&)> listener_in_use;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void write_line(const std::string& event, const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line = {{"time", timestamp()}, {"event", event}};
  line.update(fields);
  // ASCII alone: a terminal obeys some letters beyond it, too.
  const std::string text = line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  static std::mutex mutex;  // loaders speak from their own threads
  const std::lock_guard lock(mutex);
  std::cerr << text << std::flush;
}

}  // namespace

void set_message_format(MessageFormat format) { current_format = format; }
MessageFormat message_format() { return current_format; }

void log_event(const std::string& event, const nlohmann::ordered_json& fields) {
  if (current_format == MessageFormat::kJson && log_level() != LogLevel::kQuiet) write_line(event, fields);
}

void log_message_event(const std::string& level, const std::string& text) {
  write_line("message", {{"level", level}, {"text", text}});
}

bool colours_wanted(int descriptor) {
  if (!variable("NO_COLOR").empty()) return false;
  const std::string force = variable("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return live_terminal(descriptor) && variable("CLICOLOR") != "0";
}

bool live_terminal(int descriptor) { return ::isatty(descriptor) == 1 && variable("TERM") != "dumb"; }

void set_progress_listener(std::function<void(const ProgressState&)> listener) { listener_in_use = std::move(listener); }
const std::function<void(const ProgressState&)>& progress_listener() { return listener_in_use; }

}  // namespace tss
