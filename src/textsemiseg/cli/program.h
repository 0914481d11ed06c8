// The program: a table of verbs.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tss {

// Parses the command line, runs one verb, prints one line per error; returns the exit code (base/error.h).
int run_program(int argc, char** argv);

// Runs action; its error becomes one line on stderr and the exit code that comes back. verb: which advice to give where memory runs out.
int exit_code_of(const std::function<void()>& action, const std::string& verb = "");

// Runs one verb as if typed: {"prepare", "--source", ...}. Errors come out as exceptions. For verbs made of others.
void run_verb(const std::vector<std::string>& words);

// One verb: adds its options to a subcommand and returns what runs after parsing. The options live in the closure.
struct Verb {
  const char* name;
  const char* summary;
  const char* example;  // shown at the end of --help
  std::function<void()> (*declare)(CLI::App& app);
};

// The one list (program.cc).
const std::vector<Verb>& verbs();

}  // namespace tss
