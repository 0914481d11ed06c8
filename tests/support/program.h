// Runs the built program as a user does.
#pragma once

#include <string>
#include <vector>

namespace tss::testing {

// The built program, build/<preset>/textsemiseg.
std::string program_path();

struct ProgramResult {
  int exit_code = -1;    // 128 + signal when killed
  std::string output;    // standard output
  std::string messages;  // standard error
};

// program_path() with these words; waits for its end.
ProgramResult run_textsemiseg(const std::vector<std::string>& words);
// The same for another program.
ProgramResult run_words(const std::string& program, const std::vector<std::string>& words);

// A program that goes on in the background until it is signalled or ends.
class BackgroundProgram {
 public:
  explicit BackgroundProgram(const std::vector<std::string>& words);
  ~BackgroundProgram();  // kills it
  void signal(int number);
  int wait();  // exit code, 128 + signal when killed

 private:
  int pid_ = -1;
};

}  // namespace tss::testing
