// A prediction of a folder is killed, and goes on.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/program.h"
#include "support/testing.h"
#include "support/untrained_run.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/io/image_file.h"

namespace tss::predict_resume_test {

namespace fs = std::filesystem;

constexpr size_t kScans = 8;

class PredictResume : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_untrained_run(folder_ / "run",
                                 {{"method", "supervised"},
                                  {"network", {{"widths", {8, 16}}, {"depths", {1, 1}}}},
                                  {"sampler", {{"patch", {16, 16, 16}}}}},
                                 {"background", "ball"});
    for (size_t i = 0; i < kScans; ++i) {
      Geometry grid;
      grid.size = {60, 60, 40};
      grid.spacing = {1, 1, 2};
      Image image(grid);
      Random random(i, Stream::kPhantom);
      for (float& voxel : image.voxels) voxel = static_cast<float>(random.uniform());
      write_image(folder_ / "scans" / concat("s", i, ".nii.gz"), image);
    }
  }

  std::vector<std::string> predict(const std::string& output) const {
    return {"predict",
            "--run",
            (folder_ / "run").string(),
            "--input",
            (folder_ / "scans").string(),
            "--output",
            (folder_ / output).string(),
            "--threads",
            "1",
            "--resume"};
  }

  size_t finished(const std::string& output) const {
    const fs::path manifest = folder_ / output / "predictions.json";
    return fs::exists(manifest) ? read_json(manifest).at("cases").size() : 0;
  }

  static size_t temporary_files(const fs::path& folder) {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder)) count += entry.path().filename().string().starts_with(".tmp-");
    return count;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PredictResume, AfterKillsTheFolderIsThatOfAnUnstoppedPrediction) {
  const auto whole = testing::run_textsemiseg(predict("whole"));
  ASSERT_EQ(whole.exit_code, 0) << whole.messages;
  for (const size_t stop : {size_t{1}, size_t{3}}) {
    testing::BackgroundProgram program(predict("parts"));
    for (int i = 0; i < 12000 && finished("parts") < stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait(), 128 + SIGKILL);
  }
  const size_t before = finished("parts");
  ASSERT_LT(before, kScans) << "the program was faster than its killer";
  const auto written = fs::last_write_time(folder_ / "parts" / "s0.nii.gz");
  const auto rest = testing::run_textsemiseg(predict("parts"));
  ASSERT_EQ(rest.exit_code, 0) << rest.messages;
  EXPECT_NE(rest.messages.find(concat(before, " of ", kScans, " scans finished before")), std::string::npos) << rest.messages;
  EXPECT_EQ(fs::last_write_time(folder_ / "parts" / "s0.nii.gz"), written) << "kept, not made again";
  for (size_t i = 0; i < kScans; ++i) {
    const std::string name = concat("s", i, ".nii.gz");
    EXPECT_EQ(read_label_map(folder_ / "whole" / name).voxels, read_label_map(folder_ / "parts" / name).voxels) << name;
  }
  EXPECT_EQ(finished("parts"), kScans);
  EXPECT_EQ(temporary_files(folder_ / "parts"), 0u) << "what the killed programs left is gone";
}

}  // namespace tss::predict_resume_test
