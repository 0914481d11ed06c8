// The bar that Progress draws and the messages of log.h share a terminal.
#pragma once

#include <string>

namespace tss {

// Draws text in place of the line that was drawn before.
void draw_progress_line(const std::string& text);
// Before a message: takes the line away, so that the message has one of its own. The next draw_progress_line() brings it back.
void lift_progress_line();
// The line stays as it is; what comes next begins below it.
void end_progress_line();

}  // namespace tss
