#include "textsemiseg/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/log.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/progress_line.h"
#include "textsemiseg/base/strings.h"

namespace tss {

Progress::Progress(std::string title, int64_t total, int64_t start)
    : title_(std::move(title)),
      total_(std::max<int64_t>(total, 1)),
      start_(start),
      last_(start),
      terminal_(live_terminal(STDERR_FILENO)) {}

Progress::~Progress() {
  if (drawn_) end_progress_line();
}

void Progress::update(int64_t done, const std::string& note) {
  last_ = done;
  show(static_cast<double>(done), note);
}

void Progress::within(double share) {
  if (last_ < total_) show(static_cast<double>(last_) + std::clamp(share, 0.0, 1.0), "");
}

void Progress::show(double done, const std::string& note) {
  const bool finished = last_ >= total_;
  const bool machine = progress_listener() || message_format() == MessageFormat::kJson;
  const double pause = machine ? 0.5 : terminal_ ? 0.1 : 30.0;
  if (!finished && since_line_.seconds() < pause) return;
  since_line_.restart();

  ProgressState state{.title = title_, .note = note, .done = last_, .total = total_};
  state.share = std::min(1.0, done / static_cast<double>(total_));
  state.seconds = since_start_.seconds();
  const double here = done - static_cast<double>(start_);
  if (finished)
    state.remaining = 0;
  else if (here > 0)
    state.remaining = state.seconds / here * (static_cast<double>(total_) - done);
  if (progress_listener()) return progress_listener()(state);
  if (log_level() == LogLevel::kQuiet) return;
  if (message_format() == MessageFormat::kJson) {
    const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
    nlohmann::ordered_json fields = {{"title", state.title},
                                     {"done", state.done},
                                     {"total", state.total},
                                     {"share", rounded(state.share)},
                                     {"seconds", rounded(state.seconds)}};
    if (state.remaining >= 0) fields["remaining"] = rounded(state.remaining);
    if (!note.empty()) fields["note"] = note;
    return log_event("progress", fields);
  }
  drawn_ = terminal_;
  draw(state);
}

void Progress::draw(const ProgressState& state) const {
  const std::string time = state.done >= state.total ? "in " + format_duration(state.seconds)
                           : state.remaining >= 0    ? "ETA " + format_duration(state.remaining)
                                                     : "ETA ?";
  const std::string tail = concat(state.done, "/", state.total, "  ", time, state.note.empty() ? "" : "  " + state.note);
  if (!terminal_) {
    log_info(title_ + " " + tail);
    return;
  }
  constexpr int kWidth = 28;
  std::string bar(static_cast<size_t>(state.share * kWidth), '#');
  bar.resize(kWidth, '.');
  draw_progress_line(printable(concat(title_, " [", bar, "] ", tail)));
}

}  // namespace tss
