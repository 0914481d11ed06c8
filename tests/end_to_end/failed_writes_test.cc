// What cannot be written is an error, and nothing half-written stays: disks that are full at every size, flushes that fail, output that
// nobody received, folders that another process writes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/phantom_dataset.h"
#include "support/program.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/io/image_file.h"

namespace tss::failed_writes_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FailedWrites : public testing::PhantomDataset {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> train_words(const std::string& run, const std::string& iterations) const {
    return {"train",
            "--dataset",
            dataset_folder().string(),
            "--method",
            "supervised",
            "--run",
            path(run),
            "--iterations",
            iterations,
            "--set",
            "sampler.patch=[16,16,16]",
            "--set",
            "network.widths=[4,8]",
            "--set",
            "network.depths=[1,1]",
            "--set",
            "train.validate_every=100000"};
  }
  // Files of the folder, temporary ones included.
  std::vector<std::string> files_in(const std::string& name) const {
    std::vector<std::string> out;
    if (!fs::exists(path(name))) return out;
    for (const auto& entry : fs::recursive_directory_iterator(path(name)))
      if (entry.is_regular_file()) out.push_back(entry.path().filename().string());
    return out;
  }
  // By a shell that lets files grow to so many KiB; the messages are such a file.
  testing::ProgramResult with_disk_of(int kib, const std::vector<std::string>& words) const {
    std::string command = concat("ulimit -f ", kib, "; exec '", testing::program_path(), "'");
    for (const std::string& word : words) command += " '" + word + "'";
    return testing::run_words("/bin/bash", {"-c", command});
  }
};

TEST_F(FailedWrites, AFullDiskLeavesNoLabelMapOfAnyFormat) {
  ASSERT_EQ(testing::run_textsemiseg(train_words("run", "1")).exit_code, 0);
  const Dataset dataset = Dataset::open(dataset_folder());
  const std::string scan = dataset.source(dataset.cases(Role::kTest).front()).images.front().string();
  for (const std::string format : {"nii.gz", "nii", "nrrd", "seg.nrrd", "mha"}) {
    SCOPED_TRACE(format);
    const std::vector<std::string> words = {"predict", "--run", path("run"), "--input", scan, "--probabilities", "--output"};
    bool failed = false, passed = false;
    for (const int kib : {1, 2, 4, 8, 16, 64, 4096}) {
      const std::string folder = concat("out_", format, "_", kib);
      std::vector<std::string> all = words;
      all.push_back(path(folder + "/labels." + format));
      const auto result = with_disk_of(kib, all);
      if (result.exit_code == 0) {
        passed = true;
        EXPECT_EQ(read_label_map(folder_ / folder / ("labels." + format)).voxels.size(),
                  static_cast<size_t>(read_geometry(scan).voxels()));
        continue;
      }
      failed = true;
      EXPECT_FALSE(passed) << "room for less was enough";
      EXPECT_EQ(result.exit_code, 3) << result.messages;
      EXPECT_THAT(result.messages, HasSubstr("cannot be written"));
      for (const std::string& file : files_in(folder)) {
        EXPECT_THAT(file, ::testing::Not(::testing::StartsWith(".tmp-"))) << kib;
        if (file != "labels." + format) continue;
        EXPECT_NO_THROW(read_label_map(folder_ / folder / file)) << "whole or not there";
      }
    }
    EXPECT_TRUE(failed);
    EXPECT_TRUE(passed);
  }
}

TEST_F(FailedWrites, OutputThatNobodyReceivedIsAnError) {
  for (const std::string words : {"--version", "list", "--help", "doctor --json", "completion bash"}) {
    const auto result = testing::run_words("/bin/bash", {"-c", "'" + testing::program_path() + "' " + words + " > /dev/full"});
    EXPECT_EQ(result.exit_code, 1) << words;
    EXPECT_THAT(result.messages, HasSubstr("standard output: cannot be written")) << words;
  }
  const auto closed = testing::run_words(
      "/bin/bash", {"-c", "set -o pipefail; { sleep 0.2; '" + testing::program_path() + "' completion bash; } | true"});
  EXPECT_EQ(closed.exit_code, 1) << closed.messages;
}

TEST_F(FailedWrites, OneProcessAtATimeInARunAndInADataset) {
  testing::BackgroundProgram first(train_words("run", "100000"));
  for (int tries = 0; tries < 600 && !fs::exists(path("run/config.toml")); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(fs::exists(path("run/lock")));
  const std::string config = read_text_file(path("run/config.toml"));
  std::vector<std::string> resumed = train_words("run", "100000");
  resumed.push_back("--resume");
  for (const auto& words : {train_words("run", "7"), resumed}) {
    const auto second = testing::run_textsemiseg(words);
    EXPECT_EQ(second.exit_code, 3);
    EXPECT_THAT(second.messages, HasSubstr("run: is being written by "));
  }
  EXPECT_EQ(read_text_file(path("run/config.toml")), config);
  first.signal(SIGKILL);
  first.wait();
  EXPECT_TRUE(fs::exists(path("run/lock"))) << "a killed process leaves it";
  const auto over = testing::run_textsemiseg(train_words("run", "7"));
  EXPECT_THAT(over.messages, HasSubstr("holds a run already")) << "the lock of a process that is gone holds nobody up";
  EXPECT_FALSE(fs::exists(path("run/lock")));
}

}  // namespace tss::failed_writes_test
