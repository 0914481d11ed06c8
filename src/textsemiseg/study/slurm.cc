#include "textsemiseg/study/slurm.h"

#include <sstream>

#include "textsemiseg/base/shell_words.h"
#include "textsemiseg/base/strings.h"

namespace tss {

std::string slurm_script(const std::string& name, const std::vector<std::string>& command, const std::string& log_folder,
                         int64_t tasks, int64_t at_once) {
  std::ostringstream out;
  out << "#!/bin/bash\n"
      << "# Submitted again, the same script goes on: finished runs are kept, interrupted ones resumed, failed ones tried "
         "again.\n"
      << "#SBATCH --job-name=" << name << "\n"
      << "#SBATCH --array=0-" << tasks - 1 << (at_once > 0 ? concat("%", at_once) : "") << "\n"
      << "#SBATCH --output=" << log_folder << "/slurm-%A_%a.out\n"
      << "#SBATCH --cpus-per-task=8\n"
      << "#SBATCH --gpus-per-task=1\n"
      << "#SBATCH --ntasks=1\n"
      << "#SBATCH --time=24:00:00\n"
      << "# SIGTERM three minutes before the end: a checkpoint is written, and the task ends with code 130.\n"
      << "#SBATCH --signal=TERM@180\n"
      << "\n"
      << "srun " << shell_command(command) << " --only-index \"$SLURM_ARRAY_TASK_ID\"\n";
  return out.str();
}

}  // namespace tss
