// predict and evaluate --run, from raw scans on awkward grids to files, with a network that was hardly trained: what is tested is
// everything around it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "textsemiseg/base/files.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/io/config.h"
#include "textsemiseg/io/image_file.h"

namespace tss {
namespace {

namespace fs = std::filesystem;

Geometry grid(Size3 size, Vector3 spacing, bool oblique = false) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.origin = {-31, 12, 40};
  const double c = std::cos(0.3), s = std::sin(0.3);
  // Axes permuted and flipped besides.
  if (oblique) g.direction = {{{0, c, s}, {-1, 0, 0}, {0, s, -c}}};
  return g;
}

// A bright ball in noise-free surroundings.
void make_scan(const Geometry& g, double radius, const fs::path& image_file, const fs::path& label_file) {
  Image image(g);
  LabelMap label(g);
  for (int64_t x = 0; x < g.size[0]; ++x)
    for (int64_t y = 0; y < g.size[1]; ++y)
      for (int64_t z = 0; z < g.size[2]; ++z) {
        double r = 0;
        const Vector3 i{double(x), double(y), double(z)};
        for (size_t a = 0; a < 3; ++a) r += std::pow((i[a] - 0.5 * double(g.size[a])) * g.spacing[a], 2);
        image(x, y, z) = r < radius * radius ? 100.0f : 10.0f + static_cast<float>(x);
        label(x, y, z) = r < radius * radius;
      }
  write_image(image_file, image);
  if (!label_file.empty()) write_label_map(label_file, label);
}

class Runs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("predict_test_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    Json cases = Json::array();
    for (int i = 0; i < 6; ++i) {
      const std::string name = "case_" + std::to_string(i) + ".nii.gz";
      make_scan(grid({20 + i, 18, 12}, {1, 1, 2}, i % 2 == 1), 6 + 0.3 * i, folder_ / "scans/imagesTr" / name,
                folder_ / "scans/labelsTr" / name);
      cases.push_back({{"image", "./imagesTr/" + name}, {"label", "./labelsTr/" + name}});
    }
    write_json(folder_ / "scans/dataset.json", {{"name", "balls"},
                                                {"modality", {{"0", "CT"}}},
                                                {"labels", {{"0", "background"}, {"1", "ball"}}},
                                                {"training", cases},
                                                {"test", Json::array()}});
    ASSERT_EQ(program({"prepare", "--source", path("scans"), "--dataset", path("data"), "--recipe", "generic", "--set",
                       "recipe.spacing=[1.5,1.5,1.5]", "--labelled", "2", "--validation", "0", "--test", "2"}),
              0)
        << err_;
    for (const std::string protocol : {"honest", "published"}) {
      ASSERT_EQ(program({"train",
                         "--dataset",
                         path("data"),
                         "--method",
                         "supervised",
                         "--run",
                         path(protocol),
                         "--iterations",
                         "2",
                         "--threads",
                         "1",
                         "--set",
                         "train.protocol=" + protocol,
                         "--set",
                         "sampler.patch=[16,16,16]",
                         "--set",
                         "network.widths=[4,8]",
                         "--set",
                         "network.depths=[1,1]",
                         "--set",
                         "sampler.unlabelled=0"}),
                0)
          << err_;
    }
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static int program(std::vector<std::string> words) {
    words.insert(words.begin(), "textsemiseg");
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  static std::string path(const std::string& name) { return (folder_ / name).string(); }

  static inline fs::path folder_;
  static inline std::string out_, err_;
};

TEST_F(Runs, LabelMapsLieOnTheScansOwnGrid) {
  int number = 0;
  for (const bool oblique : {false, true}) {
    for (const Size3 size : {Size3{24, 20, 9}, Size3{5, 30, 7}}) {
      const std::string scan = path("in_" + std::to_string(number) + ".nii.gz"),
                        out = path("out_" + std::to_string(number++) + ".nii.gz");
      const Geometry g = grid(size, {0.9, 1.2, 3.1}, oblique);
      make_scan(g, 6, scan, {});
      ASSERT_EQ(program({"predict", "--run", path("honest"), "--input", scan, "--output", out, "--threads", "1"}), 0) << err_;
      EXPECT_EQ(grid_difference(read_geometry(out), read_geometry(scan), 1e-6), "");
    }
  }
}

TEST_F(Runs, ExistingFilesAreKept) {
  make_scan(grid({20, 20, 10}, {1, 1, 2}), 6, path("keep.nii.gz"), {});
  write_text_file(path("keep_out.nii.gz"), "precious");
  const std::vector<std::string> words = {"predict",           "--run",    path("honest"),         "--input",
                                          path("keep.nii.gz"), "--output", path("keep_out.nii.gz")};
  EXPECT_EQ(program(words), 3);
  EXPECT_NE(err_.find("--overwrite"), std::string::npos);
  EXPECT_EQ(read_text_file(path("keep_out.nii.gz")), "precious");
  auto overwrite = words;
  overwrite.push_back("--overwrite");
  EXPECT_EQ(program(overwrite), 0) << err_;
  overwrite.back() = "--overwrite";
  overwrite[6] = path("keep.nii.gz");
  EXPECT_EQ(program(overwrite), 3);  // never the scan itself
}

TEST_F(Runs, RolesFoldersAndProbabilities) {
  ASSERT_EQ(program({"predict", "--run", path("honest"), "--role", "test", "--output", path("role"), "--probabilities",
                     "--threads", "1"}),
            0)
      << err_;
  const Json record = read_json(folder_ / "role/predictions.json");
  ASSERT_EQ(record["cases"].size(), 2u);
  EXPECT_EQ(record["method"], "supervised");
  const std::string id = record["cases"][0]["case"];
  const Image p0 = read_image(folder_ / "role/probabilities" / (id + "_0.nii.gz")),
              p1 = read_image(folder_ / "role/probabilities" / (id + "_1.nii.gz"));
  const LabelMap labels = read_label_map(folder_ / "role" / (id + ".nii.gz"));
  for (size_t i = 0; i < labels.voxels.size(); ++i) {
    ASSERT_NEAR(p0.voxels[i] + p1.voxels[i], 1, 1e-5);
    ASSERT_EQ(labels.voxels[i], p1.voxels[i] > p0.voxels[i]);
  }
  ASSERT_EQ(
      program({"predict", "--run", path("honest"), "--input", path("scans/imagesTr"), "--output", path("all"), "--threads", "1"}),
      0)
      << err_;
  EXPECT_TRUE(fs::exists(folder_ / "all/case_5.nii.gz"));
  EXPECT_EQ(read_label_map(folder_ / "all" / (id + ".nii.gz")).voxels, labels.voxels);
}

TEST_F(Runs, EvaluateRunFollowsTheProtocol) {
  for (const std::string protocol : {"honest", "published"}) {
    ASSERT_EQ(program({"evaluate", "--run", path(protocol), "--role", "test", "--threads", "1"}), 0) << err_;
    EXPECT_NE(out_.find("protocol " + protocol), std::string::npos) << out_;
    const Json summary = read_json(folder_ / protocol / "results/test/summary.json");
    EXPECT_EQ(summary["protocol"], protocol);
    EXPECT_EQ(summary["cases"], 2);
    EXPECT_EQ(summary["classes"][0]["name"], "ball");
    EXPECT_EQ(summary["empty_rule"], protocol == "honest" ? "undefined" : "zeros_hundreds");
    EXPECT_EQ(summary["interval"]["resamples"], 10000);
    EXPECT_TRUE(summary.contains("checkpoint") && summary.contains("selection") && summary.contains("texts"));
    const Json record = read_json(folder_ / protocol / "results/test/predictions/predictions.json");
    EXPECT_EQ(record["grid"], protocol == "honest" ? "original" : "prepared");
    const std::string csv = read_text_file(folder_ / protocol / "results/test/cases.csv");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  }
}

TEST_F(Runs, PredictionsAreUsedAgainOnlyWhileTheyAreCurrent) {
  const std::vector<std::string> words = {"evaluate", "--run", path("honest"), "--role", "labelled", "--threads", "1"};
  ASSERT_EQ(program(words), 0) << err_;
  EXPECT_EQ(err_.find("used again"), std::string::npos);
  ASSERT_EQ(program(words), 0);
  EXPECT_NE(err_.find("used again"), std::string::npos);
  auto other = words;
  other.insert(other.end(), {"--overlap", "0.2"});
  ASSERT_EQ(program(other), 0);
  EXPECT_EQ(err_.find("used again"), std::string::npos);
}

TEST_F(Runs, GivenPredictionsAreScored) {
  std::vector<std::string> words = {"evaluate", "--run",        path("honest"),         "--role",
                                    "test",     "--prediction", path("scans/labelsTr"), "--json"};
  ASSERT_EQ(program(words), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["classes"][0]["dice"], 1.0);
}

TEST_F(Runs, BadScansAreNamed) {
  Image image(grid({20, 20, 10}, {1, 1, 1}));
  image.voxels[7] = NAN;
  write_image(folder_ / "nan.nii.gz", image);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("nan.nii.gz"), "--output", path("nan_out.nii.gz")}), 3);
  EXPECT_NE(err_.find("nan.nii.gz"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "nan_out.nii.gz"));
  EXPECT_EQ(program({"predict", "--run", path("scans"), "--input", path("nan.nii.gz"), "--output", path("o.nii.gz")}), 3);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--output", path("o.nii.gz")}), 2);
  EXPECT_EQ(program({"evaluate", "--run", path("honest"), "--role", "validation"}), 3);
  EXPECT_EQ(program({"evaluate", "--run", path("honest"), "--role", "tset"}), 3);
}

}  // namespace
}  // namespace tss
