// In which form messages and progress leave the program: lines for people, or one JSON object per line for machines:
//
//   {"time": "2026-01-31T10:00:00Z", "event": "message", "level": "info", "text": "..."}
//   {"time": ..., "event": "progress", "title": "predicting", "done": 3, "total": 8, "share": 0.375, "seconds": 41.2, "remaining": 68.7}
//
// and whatever log_event() adds. All of it goes to stderr; standard output is kept for results.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tss {

enum class MessageFormat { kText, kJson };
void set_message_format(MessageFormat format);
MessageFormat message_format();

// A message as an event, whatever the level in force: log_info() and its kin use it.
void log_message_event(const std::string& level, const std::string& text);
// A fact for machines, fields after time and event; nothing in the form for people, nor when quiet.
void log_event(const std::string& event, const nlohmann::ordered_json& fields);

// Colours on this stream: only on a terminal that has them. NO_COLOR (not empty) and CLICOLOR=0 switch them off, CLICOLOR_FORCE (not
// empty, not 0) switches them on elsewhere too; NO_COLOR wins.
bool colours_wanted(int descriptor);
// A terminal on which a line can be drawn anew.
bool live_terminal(int descriptor);

struct ProgressState {
  std::string title, note;
  int64_t done = 0, total = 0;
  double share = 0;       // of all the work, 0 to 1
  double seconds = 0;     // since its start
  double remaining = -1;  // seconds; below 0: unknown
};
// Gets every progress in place of the terminal (a program that shows its own bar); none: back to the terminal.
void set_progress_listener(std::function<void(const ProgressState&)> listener);
const std::function<void(const ProgressState&)>& progress_listener();

}  // namespace tss
