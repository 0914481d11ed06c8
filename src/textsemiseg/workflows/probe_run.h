// The text probe of a run on a role of its dataset, and the file that keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "textsemiseg/engine/text_probe.h"

namespace tss {

struct ProbeRunOptions {
  std::string run, role = "test", dataset, split, checkpoint = "selected", device = "auto";
  int64_t cases = 0;  // 0: all
};

struct ProbedRun {
  TextProbe probe;
  Json json;
  std::filesystem::path file;  // R/results/<role>/text_probe.json; empty where data set or split are not the run's: not written
};

// Prepared grids, the run's windows. Throws InputError: a method without class texts, a role without cases, other classes.
ProbedRun probe_run(const LoadedRun& run, const ProbeRunOptions& options);

}  // namespace tss
