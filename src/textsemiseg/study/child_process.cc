#include "textsemiseg/study/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

// fork and exec rather than posix_spawn, which cannot ask for a signal at the parent's death.
ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& words, const std::filesystem::path& log) {
  if (log.has_parent_path()) std::filesystem::create_directories(log.parent_path());
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0)
    throw InputError(log.string(), std::string("cannot be written (") + std::strerror(errno) + ")", "a writable place");
  std::vector<char*> arguments{const_cast<char*>(program.c_str())};
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {  // only calls that are safe between fork and exec
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    ::setpgid(0, 0);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  const int reason = errno;
  ::close(file);
  if (pid_ < 0) throw Error(program + ": cannot be started (" + std::strerror(reason) + ")");
}

ChildProcess::~ChildProcess() {
  if (code_) return;
  stop();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> ChildProcess::poll() {
  if (code_) return code_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return code_;
}

void ChildProcess::stop() {
  if (!code_) ::kill(pid_, SIGTERM);
}

std::string describe_exit(int code) {
  if (code == 127) return "the program could not be started";
  if (code <= 128 || code == static_cast<int>(ExitCode::kInterrupted)) return concat("exit code ", code);
  const int number = code - 128;
  return concat("killed by signal ", number, number == SIGKILL ? " (out of memory?)" : "");
}

}  // namespace tss
