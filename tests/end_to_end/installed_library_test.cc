// cmake --install, find_package(textsemiseg) and a program of thirty lines that predicts a scan: docs/examples/predict_scan.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/phantom_dataset.h"
#include "support/program.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/io/image_file.h"

namespace tss::installed_library_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class InstalledLibrary : public testing::PhantomDataset {};

TEST_F(InstalledLibrary, AProgramOfItsOwnPredictsAsTheProgramDoes) {
  const auto path = [&](const char* name) { return (folder_ / name).string(); };
  const auto run = [](const testing::ProgramResult& result) {
    ASSERT_EQ(result.exit_code, 0) << result.output << result.messages;
  };
  run(testing::run_textsemiseg({"train", "--dataset", dataset_folder().string(), "--method", "supervised", "--run", path("run"),
                                "--iterations", "1", "--set", "sampler.patch=[16,16,16]", "--set", "network.widths=[4,8]",
                                "--set", "network.depths=[1,1]"}));
  run(testing::run_words(TSS_CMAKE, {"--install", TSS_BUILD, "--prefix", path("prefix")}));
  fs::path package;
  for (const auto& entry : fs::recursive_directory_iterator(path("prefix")))
    if (entry.path().filename() == "textsemisegConfig.cmake") package = entry.path().parent_path();
  ASSERT_FALSE(package.empty());
  run(testing::run_words(TSS_CMAKE, {"-S", TSS_EXAMPLES, "-B", path("build"), "-Dtextsemiseg_DIR=" + package.string()}));
  run(testing::run_words(TSS_CMAKE, {"--build", path("build")}));

  const Dataset dataset = Dataset::open(dataset_folder());
  const std::string scan = dataset.source(dataset.cases(Role::kTest).front()).images.front().string();
  const auto ours = testing::run_words(path("build/predict_scan"), {path("run"), scan, path("ours.nii.gz")});
  run(ours);
  for (size_t k = 1; k < dataset.class_names().size(); ++k) EXPECT_THAT(ours.output, HasSubstr(dataset.class_names()[k] + ": "));
  run(testing::run_textsemiseg({"predict", "--run", path("run"), "--input", scan, "--output", path("theirs.nii.gz")}));
  EXPECT_EQ(read_label_map(path("ours.nii.gz")).voxels, read_label_map(path("theirs.nii.gz")).voxels);
  const auto again = testing::run_words(path("build/predict_scan"), {path("run"), scan, path("ours.nii.gz")});
  EXPECT_EQ(again.exit_code, 3) << "an existing file is not replaced unasked";
  EXPECT_THAT(again.messages, HasSubstr("ours.nii.gz"));
}

}  // namespace tss::installed_library_test
