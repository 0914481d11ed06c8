#include "textsemiseg/base/progress_line.h"

#include <cstdio>

namespace tss {
namespace {

std::mutex line_mutex;  // loaders speak from their own threads
bool line_drawn = false;

}  // namespace

void draw_progress_line(const std::string& text) {
  const std::lock_guard guard(line_mutex);
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  line_drawn = true;
}

LiftedProgressLine::LiftedProgressLine() : lock_(line_mutex) {
  if (!line_drawn) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  line_drawn = false;
}

void end_progress_line() {
  const std::lock_guard guard(line_mutex);
  if (line_drawn) std::fputs("\n", stderr);
  line_drawn = false;
}

}  // namespace tss
