// A program run beside this one, its output in a file. It is in a process group of its own, so that Ctrl-C reaches it only
// through its parent, and it is told to stop (SIGTERM) when the parent dies without a word.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tss {

class ChildProcess {
 public:
  // words: what follows the program's name; output and messages are appended to log. Throws Error when it cannot be started.
  ChildProcess(const std::string& program, const std::vector<std::string>& words, const std::filesystem::path& log);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // stops it and waits

  // The exit code, 128 + signal when killed; empty while it runs.
  std::optional<int> poll();
  void stop();  // SIGTERM
  int pid() const { return pid_; }

 private:
  int pid_ = -1;
  std::optional<int> code_;
};

// "exit code 3", "killed by signal 9 (out of memory?)".
std::string describe_exit(int code);

}  // namespace tss
