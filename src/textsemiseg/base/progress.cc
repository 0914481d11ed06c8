#include "textsemiseg/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss {

Progress::Progress(std::string title, int64_t total, int64_t start)
    : title_(std::move(title)), total_(std::max<int64_t>(total, 1)), start_(start), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_ && last_ >= 0) std::fputs("\n", stderr);
}

void Progress::update(int64_t done, const std::string& note) {
  last_ = done;
  const bool final = done >= total_;
  const double pause = terminal_ ? 0.1 : 30.0;
  if (!final && since_line_.seconds() < pause) return;
  since_line_.restart();
  draw(done, note, final);
}

void Progress::draw(int64_t done, const std::string& note, bool final) {
  const double elapsed = since_start_.seconds();
  const int64_t here = done - start_;
  const std::string time =
      final      ? "in " + format_duration(elapsed)
      : here > 0 ? "ETA " + format_duration(elapsed / static_cast<double>(here) * static_cast<double>(total_ - done))
                 : "ETA ?";
  const std::string tail = concat(done, "/", total_, "  ", time, note.empty() ? "" : "  " + note);
  if (!terminal_) {
    log_info(title_ + " " + tail);
    return;
  }
  constexpr int kWidth = 28;
  const int filled = static_cast<int>(std::min<int64_t>(done, total_) * kWidth / total_);
  std::string bar(static_cast<size_t>(filled), '#');
  bar.resize(kWidth, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %s", title_.c_str(), bar.c_str(), tail.c_str());
  std::fflush(stderr);
}

}  // namespace tss
