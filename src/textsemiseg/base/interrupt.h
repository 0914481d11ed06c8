// Ctrl-C (SIGINT) and SIGTERM as a flag that long loops look at; a second Ctrl-C ends the program at once.
#pragma once

namespace tss {

void catch_interrupts();
bool interrupted();
void clear_interrupt();  // for tests

}  // namespace tss
