// The bar that Progress draws and the messages of log.h share a terminal.
#pragma once

#include <mutex>
#include <string>

namespace tss {

// Draws text in place of the line that was drawn before.
void draw_progress_line(const std::string& text);
// For a message: takes the line away, so that the message has one of its own, and nobody draws it again while this lives.
class LiftedProgressLine {
 public:
  LiftedProgressLine();

 private:
  std::unique_lock<std::mutex> lock_;
};
// The line stays as it is; what comes next begins below it.
void end_progress_line();

}  // namespace tss
