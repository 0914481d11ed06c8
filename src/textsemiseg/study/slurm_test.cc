#include "textsemiseg/study/slurm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/testing.h"
#include "textsemiseg/base/shell_words.h"

namespace tss::slurm_test {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Slurm, OneTaskPerRunThroughTheSameCommand) {
  const std::string text =
      slurm_script("table1", {"/opt/textsemiseg", "study", "--set", "sampler.patch=[32, 48, 32]"}, "/o/logs", 36, 4);
  EXPECT_THAT(text, HasSubstr("#!/bin/bash\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH --array=0-35%4\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH --output=/o/logs/slurm-%A_%a.out\n"));
  EXPECT_THAT(
      text, HasSubstr("srun /opt/textsemiseg study --set 'sampler.patch=[32, 48, 32]' --only-index \"$SLURM_ARRAY_TASK_ID\"\n"));
  EXPECT_THAT(slurm_script("a", {"p"}, "l", 1, 0), HasSubstr("--array=0-0\n"));
}

// The shell itself says what its words are.
TEST(Slurm, WordsComeThroughAShellUnchanged) {
  const testing::TemporaryFolder folder;
  for (const std::string word : {"plain-1.5", "a b", "it's", "$HOME;`ls`", "\"x\"", "", "ä*?"}) {
    const std::string command = "printf %s " + shell_quoted(word) + " > " + (folder / "out").string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(read_text_file(folder / "out"), word);
  }
  EXPECT_EQ(shell_quoted("table1.toml"), "table1.toml");
}

}  // namespace tss::slurm_test
