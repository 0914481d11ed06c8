#include "textsemiseg/study/study_runner.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <list>
#include <memory>
#include <sstream>
#include <thread>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/shell_words.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/study/child_process.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

bool scores_wanted(const PlannedStudy& study, const RunnerOptions& options) { return options.evaluate && study.test_cases > 0; }

// What the folder alone says of a run; why a run that is there cannot be used is found here too.
RunStatus status_of(const PlannedStudy& study, const RunnerOptions& options, const StudyRun& run,
                    const ConfigurationDifference& difference) {
  const fs::path folder = study.folder().run(run.name).path;
  const RunProgress progress = read_progress(folder, study.plan.evaluation);
  if (progress.started) {
    try {
      const std::string field = difference(run);
      if (!field.empty())
        return {RunState::kFailed, concat(field, " differs between ", RunFolder{folder}.config().string(),
                                          " and the study; another --out, or remove the run")};
    } catch (const Error& error) {
      return {RunState::kFailed, error.what()};
    }
  }
  if (progress.trained()) {
    const bool done = progress.test_dice || !scores_wanted(study, options);
    return {done ? RunState::kDone : RunState::kTrained, describe_scores(progress)};
  }
  if (!progress.started) return {};
  return {RunState::kBegun, progress.iterations > 0
                                ? concat("checkpoint at iteration ", progress.iteration, " of ", progress.iterations)
                                : "no checkpoint yet"};
}

// A training that was started by hand holds no lock. While its log grows it must be left alone.
bool trained_by_hand_now(const PlannedStudy& study, const StudyRun& run, double quiet) {
  if (fs::exists(study.folder().log(run.name))) return false;
  const auto silence = seconds_since_log(study.folder().run(run.name).path);
  return silence && *silence < quiet;
}

void add_machine_words(std::vector<std::string>& words, const RunnerOptions& options, size_t slot) {
  if (!options.devices.empty()) words.insert(words.end(), {"--device", options.devices[slot % options.devices.size()]});
  if (options.threads > 0) words.insert(words.end(), {"--threads", concat(options.threads)});
}

class Runner {
 public:
  Runner(const PlannedStudy& study, const RunnerOptions& options, const ConfigurationDifference& difference)
      : study_(study), options_(options), difference_(difference), statuses_(study.runs.size()) {
    for (size_t i = 0; i < study.runs.size(); ++i) queue_.push_back(i);
  }
  std::vector<RunStatus> work();

 private:
  struct Job {
    size_t run, slot;
    FolderLock lock;
    std::unique_ptr<ChildProcess> child;
    bool scoring = false;
    Stopwatch since_start, since_line;
    std::string last_line;
  };

  const StudyRun& run_of(const Job& job) const { return study_.runs[job.run]; }
  std::string title(size_t run) const { return concat(study_.runs[run].name, " (", run + 1, " of ", study_.runs.size(), ")"); }
  void set(size_t run, RunState state, const std::string& detail);
  void start_jobs();
  bool try_start(size_t run, size_t slot);
  bool next_stage(Job& job);  // false: nothing is left to do
  void start_child(Job& job, bool scoring);
  bool finished(Job& job);  // true: the job is over
  void fail(size_t run, const std::string& reason);
  void report(Job& job);
  void refresh_locks();

  const PlannedStudy& study_;
  const RunnerOptions& options_;
  const ConfigurationDifference& difference_;
  std::vector<RunStatus> statuses_;
  std::list<size_t> queue_;
  std::list<Job> jobs_;
  Stopwatch since_heartbeat_, since_attempt_, since_stop_;
  bool stopping_ = false;
};

void Runner::set(size_t run, RunState state, const std::string& detail) { statuses_[run] = {state, detail}; }

void Runner::fail(size_t run, const std::string& reason) {
  set(run, RunState::kFailed, reason);
  write_text_file(study_.folder().failure(study_.runs[run].name), timestamp() + " " + reason + "\n");
  log_error(concat(title(run), ": failed: ", reason));
}

void Runner::start_child(Job& job, bool scoring) {
  const StudyRun& run = run_of(job);
  if (!scoring) write_text_file(study_.folder().config(run.name), to_toml(run.configuration));
  const std::vector<std::string> words = (scoring ? evaluate_words : train_words)(study_, run, options_, job.slot);
  const fs::path log = study_.folder().log(run.name);
  fs::create_directories(log.parent_path());
  std::ofstream(log, std::ios::app) << kAttempt << timestamp() << " textsemiseg " << shell_command(words) << "\n";
  job.child = std::make_unique<ChildProcess>(options_.program, words, log);
  job.scoring = scoring;
  job.since_line.restart();
  set(job.run, RunState::kRunning, scoring ? "scoring the test cases" : "training");
}

bool Runner::next_stage(Job& job) {
  const StudyRun& run = run_of(job);
  const RunStatus status = status_of(study_, options_, run, difference_);
  if (status.state == RunState::kFailed) {
    fail(job.run, status.detail);
    return false;
  }
  if (status.state == RunState::kDone) {
    set(job.run, RunState::kDone, status.detail);
    std::error_code ignored;
    fs::remove(study_.folder().failure(run.name), ignored);
    return false;
  }
  const bool scoring = status.state == RunState::kTrained;
  // A stage that ended well and left its work undone would be started for ever.
  if (job.child && job.scoring == scoring) {
    fail(job.run, scoring ? "evaluate left no result" : "train ended before its last iteration");
    return false;
  }
  start_child(job, scoring);
  log_info(concat(title(job.run), ": ", statuses_[job.run].detail, status.detail.empty() ? "" : ", from " + status.detail,
                  " (process ", job.child->pid(), ")"));
  return true;
}

// True when the run needs no more attempts.
bool Runner::try_start(size_t index, size_t slot) {
  const StudyRun& run = study_.runs[index];
  const RunStatus now = status_of(study_, options_, run, difference_);
  if (now.state == RunState::kDone) {
    set(index, RunState::kDone, now.detail);
    log_info(concat(title(index), ": done, kept", now.detail.empty() ? "" : ": " + now.detail));
    return true;
  }
  std::optional<FolderLock> lock = FolderLock::acquire(study_.folder().lock(run.name), options_.stale_after);
  if (!lock) {
    const auto holder = read_lock(study_.folder().lock(run.name));
    const std::string who = holder ? describe(*holder) : "another process";
    if (statuses_[index].state != RunState::kElsewhere) log_info(concat(title(index), ": in the hands of ", who));
    set(index, RunState::kElsewhere, who);
    return false;
  }
  if (now.state == RunState::kBegun && trained_by_hand_now(study_, run, options_.quiet_before_adopting)) {
    const std::string who = "a training that was started by hand";
    if (statuses_[index].state != RunState::kElsewhere)
      log_warning(concat(title(index),
                         ": its log is being written by another process, without a lock; it is left alone until the log "
                         "has been silent for ",
                         format_duration(options_.quiet_before_adopting)));
    set(index, RunState::kElsewhere, who);
    return false;
  }
  Job job{.run = index,
          .slot = slot,
          .lock = std::move(*lock),
          .child = nullptr,
          .since_start = {},
          .since_line = {},
          .last_line = ""};
  if (next_stage(job)) jobs_.push_back(std::move(job));
  return true;
}

void Runner::start_jobs() {
  for (auto it = queue_.begin(); it != queue_.end() && static_cast<int64_t>(jobs_.size()) < options_.jobs && !interrupted();) {
    size_t slot = 0;
    while (std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.slot == slot; })) ++slot;
    const size_t run = *it;
    try {
      it = try_start(run, slot) ? queue_.erase(it) : std::next(it);
    } catch (const Error& error) {
      fail(run, error.what());
      it = queue_.erase(it);
    }
  }
  since_attempt_.restart();
}

bool Runner::finished(Job& job) {
  const auto code = job.child->poll();
  if (!code) return false;
  const StudyRun& run = run_of(job);
  if (stopping_) {
    const RunStatus left = status_of(study_, options_, run, difference_);
    set(job.run, left.state, left.detail);
    log_info(concat(title(job.run), ": stopped, ", left.detail.empty() ? "nothing was begun" : left.detail));
    return true;
  }
  const std::string stage = job.scoring ? "evaluate" : "train";
  if (*code == 0) {
    if (next_stage(job)) return false;
    if (statuses_[job.run].state == RunState::kDone)
      log_info(concat(title(job.run), ": done in ", format_duration(job.since_start.seconds()), ", ", statuses_[job.run].detail));
    return true;
  }
  if (*code == static_cast<int>(ExitCode::kInterrupted)) {
    fail(job.run, stage + " was interrupted from outside; the study started again goes on from its checkpoint");
    return true;
  }
  const std::string said = failure_reason(study_.folder().log(run.name));
  fail(job.run, concat(stage, ": ", describe_exit(*code), said.empty() ? "" : ": " + said));
  return true;
}

void Runner::report(Job& job) {
  if (job.scoring || job.since_line.seconds() < options_.report_every) return;
  job.since_line.restart();
  const std::string line = describe_training(study_.folder().run(run_of(job).name).path);
  if (line.empty() || line == job.last_line) return;
  job.last_line = line;
  log_info(concat(title(job.run), ": ", line));
}

void Runner::refresh_locks() {
  if (since_heartbeat_.seconds() < options_.heartbeat) return;
  since_heartbeat_.restart();
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    if (it->lock.refresh()) {
      ++it;
      continue;
    }
    // Suspended for longer than a lock lives, perhaps: the run belongs to somebody else now.
    it->child.reset();
    set(it->run, RunState::kElsewhere, "taken over while this process gave no sign of life");
    log_warning(title(it->run) + ": " + statuses_[it->run].detail);
    it = jobs_.erase(it);
  }
}

std::vector<RunStatus> Runner::work() {
  constexpr double kRetry = 10;  // seconds between attempts at runs that others hold
  constexpr double kStopAgain = 5;
  catch_interrupts();
  start_jobs();
  while (true) {
    // Said again from time to time: the first signal may have met a child that had only just begun.
    if (interrupted() && (!stopping_ || since_stop_.seconds() > kStopAgain)) {
      if (!stopping_ && !jobs_.empty())
        log_info(concat("stopping: ", jobs_.size(), jobs_.size() == 1 ? " run writes its" : " runs write their", " checkpoint"));
      stopping_ = true;
      since_stop_.restart();
      for (Job& job : jobs_) job.child->stop();
    }
    const size_t before = jobs_.size();
    for (auto it = jobs_.begin(); it != jobs_.end();) {
      report(*it);
      bool over = true;
      try {
        over = finished(*it);
      } catch (const Error& error) {
        fail(it->run, error.what());
      }
      it = over ? jobs_.erase(it) : std::next(it);
    }
    refresh_locks();
    if (stopping_) {
      if (jobs_.empty()) break;
    } else if (jobs_.size() < before || (!queue_.empty() && since_attempt_.seconds() > kRetry)) {
      start_jobs();
    }
    if (!stopping_ && jobs_.empty() && (queue_.empty() || !options_.wait)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (stopping_) throw Interrupted("stopped; the same command goes on where this one ended");
  return statuses_;
}

}  // namespace

const char* run_state_name(RunState state) {
  switch (state) {
    case RunState::kWaiting:
      return "waiting";
    case RunState::kBegun:
      return "begun";
    case RunState::kTrained:
      return "trained";
    case RunState::kRunning:
      return "running";
    case RunState::kElsewhere:
      return "elsewhere";
    case RunState::kDone:
      return "done";
    case RunState::kFailed:
      return "failed";
  }
  return "";
}

std::vector<std::string> train_words(const PlannedStudy& study, const StudyRun& run, const RunnerOptions& options, size_t slot) {
  std::vector<std::string> words = {"train",
                                    "--config",
                                    study.folder().config(run.name).string(),
                                    "--dataset",
                                    study.request.dataset.string(),
                                    "--run",
                                    study.folder().run(run.name).path.string()};
  if (fs::exists(study.folder().run(run.name).config())) words.emplace_back("--resume");
  add_machine_words(words, options, slot);
  return words;
}

std::vector<std::string> evaluate_words(const PlannedStudy& study, const StudyRun& run, const RunnerOptions& options,
                                        size_t slot) {
  // What other texts would change is a question of its own, and `text probe` answers it at any time.
  std::vector<std::string> words = {"evaluate",
                                    "--run",
                                    study.folder().run(run.name).path.string(),
                                    "--role",
                                    "test",
                                    "--dataset",
                                    study.request.dataset.string(),
                                    "--text-probe",
                                    "0"};
  const PlanEvaluation& evaluation = study.plan.evaluation;
  if (evaluation.keep_largest) words.push_back("--keep-largest");
  if (evaluation.min_component > 0) words.insert(words.end(), {"--min-component", concat(evaluation.min_component)});
  add_machine_words(words, options, slot);
  return words;
}

std::vector<RunStatus> survey(const PlannedStudy& study, const RunnerOptions& options,
                              const ConfigurationDifference& difference) {
  std::vector<RunStatus> out;
  for (const StudyRun& run : study.runs) {
    RunStatus status = status_of(study, options, run, difference);
    const auto holder = read_lock(study.folder().lock(run.name));
    const fs::path failure = study.folder().failure(run.name);
    if (holder && !is_stale(*holder, options.stale_after))
      status = {RunState::kElsewhere, concat(describe(*holder), status.detail.empty() ? "" : ", " + status.detail)};
    else if (status.state == RunState::kBegun && trained_by_hand_now(study, run, options.quiet_before_adopting))
      status = {RunState::kElsewhere, "a training that was started by hand, " + status.detail};
    else if (status.state != RunState::kDone && status.state != RunState::kFailed && fs::exists(failure))
      status.detail += concat(status.detail.empty() ? "" : ", ", "the last attempt failed: ", trim(read_text_file(failure)));
    out.push_back(status);
  }
  return out;
}

std::vector<RunStatus> work_through(const PlannedStudy& study, const RunnerOptions& options,
                                    const ConfigurationDifference& difference) {
  return Runner(study, options, difference).work();
}

std::string describe(const PlannedStudy& study, const std::vector<RunStatus>& statuses) {
  size_t width = 0;
  for (const StudyRun& run : study.runs) width = std::max(width, run.name.size());
  std::ostringstream out;
  for (size_t i = 0; i < statuses.size(); ++i) {
    const std::string state = run_state_name(statuses[i].state);
    out << study.runs[i].name << std::string(width + 2 - study.runs[i].name.size(), ' ') << state;
    if (!statuses[i].detail.empty()) out << std::string(11 - state.size(), ' ') << statuses[i].detail;
    out << "\n";
  }
  return out.str();
}

}  // namespace tss
