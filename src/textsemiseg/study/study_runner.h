// Works through a study: one child process per run and stage, so that what ends one run leaves the others alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/study/run_progress.h"
#include "textsemiseg/study/study.h"

namespace tss {

enum class RunState {
  kWaiting,  // nothing is there yet
  kBegun,    // there is a part of a training
  kTrained,  // the test cases are not scored yet
  kRunning,
  kElsewhere,  // another process works on it
  kDone,
  kFailed,
};
const char* run_state_name(RunState state);

struct RunStatus {
  RunState state = RunState::kWaiting;
  std::string detail;  // one line
};

struct RunnerOptions {
  std::string program = "/proc/self/exe";
  int64_t jobs = 1;                  // runs at a time
  std::vector<std::string> devices;  // given out in turn to the jobs; empty: as configured
  int64_t threads = 0;               // of each program; 0: as configured
  bool evaluate = true;
  bool wait = false;                   // also for the runs that others work on, and take over those whose worker is gone
  double stale_after = 300;            // seconds without a sign of life
  double heartbeat = 30;               // seconds between signs of life
  double report_every = 60;            // seconds between two lines on the same run
  double quiet_before_adopting = 600;  // a run that was started by hand is taken over when its log has been silent for so long
};

// The first field in which the run's stored configuration differs from the study's; empty when none does. May throw InputError.
using ConfigurationDifference = std::function<std::string(const StudyRun& run)>;

// What is there, in the order of study.runs; changes nothing.
std::vector<RunStatus> survey(const PlannedStudy& study, const RunnerOptions& options, const ConfigurationDifference& difference);

// Trains and scores what is missing. Runs whose lock another process holds are left to it, and a run that fails is reported and
// skipped.
// After Ctrl-C or SIGTERM the children write their checkpoints, and Interrupted is thrown.
std::vector<RunStatus> work_through(const PlannedStudy& study, const RunnerOptions& options,
                                    const ConfigurationDifference& difference);

// A line per run with state and scores.
std::string describe(const PlannedStudy& study, const std::vector<RunStatus>& statuses);

// The words after the program's name.
std::vector<std::string> train_words(const PlannedStudy& study, const StudyRun& run, const RunnerOptions& options, size_t slot);
std::vector<std::string> evaluate_words(const PlannedStudy& study, const StudyRun& run, const RunnerOptions& options,
                                        size_t slot);

}  // namespace tss
