// Signals. Ctrl-C (SIGINT) and SIGTERM are a flag that long loops look at; a second Ctrl-C ends the program at once.
#pragma once

namespace tss {

void catch_interrupts();
bool interrupted();
void clear_interrupt();  // for tests

// A reader that has gone (SIGPIPE) and a file that has grown too long (SIGXFSZ) are errors of the write, not the program's end.
void report_failed_writes();

}  // namespace tss
