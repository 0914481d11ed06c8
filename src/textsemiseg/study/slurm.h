// A study as a Slurm job array: each task works on one run through the same command.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tss {

// The text of an sbatch script with `tasks` tasks, at most `at_once` of them at a time (0: as many as there is room for).
// command: the program and its words; each task adds --only-index.
std::string slurm_script(const std::string& name, const std::vector<std::string>& command, const std::string& log_folder,
                         int64_t tasks, int64_t at_once);

}  // namespace tss
