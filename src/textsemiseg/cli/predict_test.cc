// predict and evaluate --run, from raw scans on awkward grids to files, with a network that was hardly trained: what is tested is
// everything around it.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "support/dicom_files.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/temporary_folder.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/dicom/header.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/workflows/prediction_manifest.h"

namespace tss::predict_test {

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

class Runs : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    temporary_ = std::make_unique<TemporaryFolder>();
    folder_ = temporary_->path();
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
  static void TearDownTestSuite() { temporary_.reset(); }

  static int program(std::vector<std::string> words) {
    words.insert(words.begin(), "textsemiseg");
    return program_named(words);
  }
  static int program_named(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  static std::string path(const std::string& name) { return (folder_ / name).string(); }

  static inline std::unique_ptr<TemporaryFolder> temporary_;
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
  EXPECT_EQ(record["runs"][0]["method"], "supervised");
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

TEST_F(Runs, FormatsNamesAndColours) {
  make_scan(grid({20, 18, 12}, {1, 1, 2}, true), 6, path("one.nrrd"), {});
  std::vector<uint8_t> first;
  for (const std::string ending : {"nii.gz", "nrrd", "seg.nrrd", "mha"}) {
    ASSERT_EQ(program({"predict", "--run", path("honest"), "--input", path("one.nrrd"), "--output",
                       path("as_" + ending.substr(0, 2)), "--format", ending, "--threads", "1"}),
              0)
        << err_;
    const LabelMap labels = read_label_map(folder_ / ("as_" + ending.substr(0, 2)) / ("one." + ending));
    EXPECT_EQ(grid_difference(labels.geometry, read_geometry(path("one.nrrd")), 1e-6), "") << ending;
    if (first.empty()) first = labels.voxels;
    EXPECT_EQ(labels.voxels, first) << ending;
  }
  EXPECT_NE(read_text_file(folder_ / "as_ni/one.ctbl").find("ball"), std::string::npos);
  const std::string header = read_text_file(folder_ / "as_se/one.seg.nrrd").substr(0, 2000);
  EXPECT_NE(header.find("Segment0_Name:=ball"), std::string::npos) << header;
  EXPECT_NE(header.find("Segment0_Color:="), std::string::npos);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("one.nrrd"), "--output", path("x.h5")}), 3);
  EXPECT_EQ(
      program({"predict", "--run", path("honest"), "--input", path("one.nrrd"), "--output", path("x.mha"), "--format", "nrrd"}),
      2);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("one.nrrd"), "--output", path("x"), "--format", "h5"}),
            2);
}

TEST_F(Runs, DicomInLabelsAndSegmentationObjectOut) {
  testing::DicomSlice like;
  like.rows = 18;
  like.columns = 20;
  like.spacing = {1, 1};
  testing::DicomSeries series(14, 2, like);
  series.patient_id = "SECRET^17";
  testing::write_dicom_series(folder_ / "dicom/series", series);
  const int64_t headers_before = dicom_headers_read();
  ASSERT_EQ(program({"predict", "--run", path("honest"), "--input", path("dicom/series"), "--output", path("from_dicom"),
                     "--dicom-seg", "--preview", "--threads", "1"}),
            0)
      << err_;
  EXPECT_EQ(dicom_headers_read() - headers_before, 14) << "each once";
  const Json record = read_json(folder_ / "from_dicom/predictions.json");
  const Json& one = record["cases"].at(0);
  const LabelMap labels = read_label_map(folder_ / "from_dicom" / one["output"].get<std::string>());
  EXPECT_EQ(labels.size(), (Size3{20, 18, 14}));
  EXPECT_EQ(grid_difference(labels.geometry, Scan::open(folder_ / "dicom/series")->geometry(), 1e-4), "");
  EXPECT_TRUE(fs::exists(folder_ / "from_dicom" / one["dicom_seg"].get<std::string>()));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "from_dicom")) {
    if (!entry.is_regular_file() || entry.path().extension() == ".dcm") continue;  // DICOM asks for the patient there
    EXPECT_EQ(read_text_file(entry.path()).find("SECRET"), std::string::npos) << entry.path();
  }
  EXPECT_EQ(err_.find("SECRET"), std::string::npos);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("scans/imagesTr/case_0.nii.gz"), "--output",
                     path("no_dicom"), "--dicom-seg"}),
            3);
}

TEST_F(Runs, TheManifestSaysWhatWasDone) {
  ASSERT_EQ(program({"predict", "--run", path("honest"), "--input", path("scans/imagesTr/case_0.nii.gz"), "--output",
                     path("m/labels.nii.gz"), "--preview", "--threads", "1", "--keep-largest", "--json"}),
            0)
      << err_;
  const Json record = read_json(folder_ / "m/labels.predictions.json");
  EXPECT_EQ(Json::parse(out_), record);
  EXPECT_EQ(record["mirror"], "none");
  EXPECT_EQ(record["precision"], "fp32");
  EXPECT_EQ(record["postprocess"]["keep_largest"], true);
  EXPECT_EQ(record["runs"].size(), 1u);
  EXPECT_TRUE(record["runs"][0].contains("recipe") && record["runs"][0].contains("window") &&
              record["runs"][0].contains("checkpoint_sample"));
  EXPECT_EQ(record["classes"][1]["name"], "ball");
  EXPECT_EQ(record["classes"][1]["colour"].get<std::string>().size(), 7u);
  EXPECT_EQ(record["environment"]["threads"], 1);
  ASSERT_EQ(record["cases"].size(), 1u);
  const Json& one = record["cases"][0];
  EXPECT_EQ(one["case"], "case_0");
  EXPECT_EQ(one["inputs"][0], path("scans/imagesTr/case_0.nii.gz"));
  EXPECT_EQ(one["output"], "labels.nii.gz");
  EXPECT_EQ(one["preview"], "labels.png");
  EXPECT_EQ(one["colour_table"], "labels.ctbl");
  EXPECT_GT(one["seconds"].get<double>(), 0);
  EXPECT_GT(one["peak_memory_gib"].get<double>(), 0.01);
  const LabelMap labels = read_label_map(folder_ / "m/labels.nii.gz");
  const auto voxels = std::count(labels.voxels.begin(), labels.voxels.end(), 1);
  EXPECT_EQ(one["classes"][0]["voxels"], voxels);
  EXPECT_NEAR(one["classes"][0]["ml"].get<double>(), static_cast<double>(voxels) * 2 / 1000, 1e-9);  // 1 x 1 x 2 mm
  const std::string png = read_text_file(folder_ / "m/labels.png");
  EXPECT_EQ(png.substr(1, 3), "PNG");
}

TEST_F(Runs, AManifestKeepsEarlierCasesOfTheSameSettingsAlone) {
  const auto predict = [&](const std::string& id, const std::vector<std::string>& more) {
    std::vector<std::string> words = {
        "predict",  "--run",      path("honest"), "--input", path("scans/imagesTr/" + id + ".nii.gz"),
        "--output", path("kept"), "--threads",    "1"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  };
  ASSERT_EQ(predict("case_3", {}), 0) << err_;
  ASSERT_EQ(predict("case_1", {}), 0) << err_;
  Json cases = read_json(folder_ / "kept/predictions.json")["cases"];
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0]["case"], "case_1");
  EXPECT_EQ(predict("case_2", {"--overlap", "0.1"}), 3);
  EXPECT_NE(err_.find("other runs or settings"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "kept/case_2.nii.gz"));
  ASSERT_EQ(predict("case_2", {"--overlap", "0.1", "--overwrite"}), 0) << err_;
  EXPECT_EQ(read_json(folder_ / "kept/predictions.json")["cases"].size(), 1u);
}

TEST_F(Runs, MirroringAndSeveralRunsAreAveragedAndRecorded) {
  const std::string scan = path("scans/imagesTr/case_1.nii.gz");
  const auto probabilities = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"predict", "--input", scan, "--output", path(name), "--probabilities", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(program(words), 0) << err_;
    return read_image(folder_ / name / "probabilities/case_1_1.nii.gz").voxels;
  };
  const std::vector<std::string> a = {"--run", path("honest")}, b = {"--run", path("published")};
  const auto of_a = probabilities("of_a", a), of_b = probabilities("of_b", {b[0], b[1], "--weights", "constant"});
  const auto both = probabilities("both", {a[0], a[1], b[0], b[1]});
  const auto twice = probabilities("twice", {a[0], a[1], a[0], a[1]});
  const auto mirrored = probabilities("mirrored", {a[0], a[1], "--mirror", "x,z"});
  const auto of_b_alone = probabilities("of_b_alone", b);
  EXPECT_NE(of_b, of_b_alone);
  double changed = 0;
  for (size_t i = 0; i < of_a.size(); ++i) {
    ASSERT_NEAR(both[i], (of_a[i] + of_b_alone[i]) / 2, 1e-5);
    ASSERT_NEAR(twice[i], of_a[i], 1e-6);
    changed = std::max(changed, std::abs(static_cast<double>(mirrored[i] - of_a[i])));
  }
  EXPECT_GT(changed, 1e-4);
  const Json record = read_json(folder_ / "both/predictions.json");
  ASSERT_EQ(record["runs"].size(), 2u);
  EXPECT_EQ(record["runs"][1]["run"], "published");
  EXPECT_EQ(read_json(folder_ / "mirrored/predictions.json")["mirror"], "x,z");
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", scan, "--output", path("q.nii.gz"), "--mirror", "w"}), 3);
}

TEST_F(Runs, RunsOfOtherClassesAreNotAveraged) {
  fs::copy(folder_ / "honest", folder_ / "renamed", fs::copy_options::recursive);
  Json record = read_json(folder_ / "renamed/run.json");
  record["classes"] = {"background", "cube"};
  write_json(folder_ / "renamed/run.json", record);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--run", path("renamed"), "--input",
                     path("scans/imagesTr/case_1.nii.gz"), "--output", path("never.nii.gz")}),
            3);
  EXPECT_NE(err_.find("cube"), std::string::npos) << err_;
  EXPECT_FALSE(fs::exists(folder_ / "never.nii.gz"));
}

TEST_F(Runs, EventsForMachines) {
  ASSERT_EQ(program({"predict", "--run", path("honest"), "--input", path("scans/imagesTr"), "--output", path("events"),
                     "--threads", "1", "--log-format", "json"}),
            0);
  std::istringstream lines(err_);
  int cases = 0, progress = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line);
    cases += event["event"] == "case";
    progress += event["event"] == "progress";
    if (event["event"] == "case") {
      EXPECT_TRUE(event.contains("output") && event["classes"][0].contains("ml"));
    }
  }
  EXPECT_EQ(cases, 6);
  EXPECT_GE(progress, 1);
  EXPECT_EQ(out_, "");
  ASSERT_EQ(program({"predict", "--quiet", "--run", path("honest"), "--input", path("scans/imagesTr"), "--output", path("events"),
                     "--threads", "1", "--overwrite"}),
            0);
  EXPECT_EQ(err_, "");
}

TEST_F(Runs, SlicerModulesAnswerAsSlicerAsks) {
  const auto module = [&](const char* name, std::vector<std::string> words) {
    words.insert(words.begin(), std::string("/somewhere/cli-modules/") + name);
    return program_named(words);
  };
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("slicer scan.nrrd"), {});
  ASSERT_EQ(
      module("TextSemiSegPredict", {"--returnparameterfile", path("returned"), "--processinformationaddress", "0x1234", "--run",
                                    path("honest"), "--mirror", "x", "--threads", "1", "--keepLargest", "--segmentation",
                                    path("kept.seg.nrrd"), path("slicer scan.nrrd"), path("slicer out.nrrd")}),
      0)
      << err_;
  EXPECT_EQ(out_.find("<filter-start>"), 0u) << out_;
  EXPECT_NE(out_.find("<filter-progress>1.0000</filter-progress>"), std::string::npos) << out_;
  EXPECT_NE(out_.find("</filter-end>"), std::string::npos);
  for (const char* name : {"slicer out.nrrd", "kept.seg.nrrd"}) {
    EXPECT_EQ(grid_difference(read_geometry(path(name)), read_geometry(path("slicer scan.nrrd")), 1e-6), "");
    EXPECT_NE(read_text_file(path(name)).substr(0, 2000).find("Segment0_Name:=ball"), std::string::npos) << name;
  }
  EXPECT_NE(read_text_file(path("returned")).find("volumes = ball "), std::string::npos);
  EXPECT_FALSE(fs::exists(path("slicer out.predictions.json")));  // nothing is left beside what Slicer asked for
  EXPECT_EQ(module("TextSemiSegEvaluate", {"--classes", "rest,ball", "--returnparameterfile", path("scores"),
                                           path("slicer out.nrrd"), path("kept.seg.nrrd")}),
            0)
      << err_;
  EXPECT_EQ(read_text_file(path("scores")), "dice = ball 1.0000\n");
  EXPECT_EQ(module("TextSemiSegPredict", {"--run", path("nowhere"), path("slicer scan.nrrd"), path("o.nrrd")}), 3);
  EXPECT_EQ(module("TextSemiSegPredict", {"--run", path("honest"), path("slicer scan.nrrd")}), 2);
  for (const char* option : {"--device", "--mirror", "--checkpoint"}) {
    EXPECT_EQ(module("TextSemiSegPredict", {"--run", path("honest"), option, "wrong", path("slicer scan.nrrd"), path("o.nrrd")}),
              3);
    EXPECT_NE(err_.find("wrong"), std::string::npos) << err_;
  }
  EXPECT_EQ(module("TextSemiSegPredict", {"--rnu", path("honest"), path("slicer scan.nrrd"), path("o.nrrd")}), 2);
  EXPECT_NE(err_.find("did you mean '--run'"), std::string::npos) << err_;
}

TEST_F(Runs, SlicerModulesNeverReplaceWhatTheyRead) {
  const auto refused = [&](const char* name, std::vector<std::string> words) {
    words.insert(words.begin(), std::string("/somewhere/cli-modules/") + name);
    EXPECT_EQ(program_named(words), 3) << err_;
    return err_;
  };
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("precious.nrrd"), path("precious_label.nrrd"));
  fs::create_symlink(path("precious.nrrd"), path("link.nrrd"));
  const std::string scan = read_text_file(path("precious.nrrd")), label = read_text_file(path("precious_label.nrrd"));
  const std::vector<std::string> run = {"--run", path("honest")};
  for (const char* target : {"precious.nrrd", "link.nrrd"}) {
    EXPECT_NE(refused("TextSemiSegPredict", {run[0], run[1], path("precious.nrrd"), path(target)}).find("is a scan that is read"),
              std::string::npos)
        << err_;
    EXPECT_NE(
        refused("TextSemiSegPredict", {run[0], run[1], "--segmentation", path(target), path("precious.nrrd"), path("new.nrrd")})
            .find("is a scan that is read"),
        std::string::npos)
        << err_;
  }
  refused("TextSemiSegPredict", {run[0], run[1], "--segmentation", path("new.nrrd"), path("precious.nrrd"), path("new.nrrd")});
  EXPECT_NE(err_.find("both results"), std::string::npos) << err_;
  refused("TextSemiSegPredict", {run[0], run[1], "--segmentation", path("keep.txt"), path("precious.nrrd"), path("new.nrrd")});
  EXPECT_NE(err_.find("keep.txt: is not named like a label map"), std::string::npos) << err_;
  EXPECT_FALSE(fs::exists(path("new.nrrd")));  // nothing was predicted
  refused("TextSemiSegEvaluate",
          {"--csv", path("precious_label.nrrd"), path("precious_label.nrrd"), path("precious_label.nrrd")});
  EXPECT_EQ(read_text_file(path("precious.nrrd")), scan);
  EXPECT_EQ(read_text_file(path("precious_label.nrrd")), label);
}

TEST_F(Runs, OutputsNeverLieAmongTheScans) {
  const std::vector<std::string> words = {"predict", "--run", path("honest"), "--threads", "1", "--overwrite"};
  const auto predict = [&](const std::vector<std::string>& more) {
    auto all = words;
    all.insert(all.end(), more.begin(), more.end());
    return program(all);
  };
  fs::create_directories(folder_ / "among");
  for (const char* name : {"among/a.nii.gz", "among/b.nii.gz"}) make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path(name), {});
  EXPECT_EQ(predict({"--input", path("among"), "--output", path("among/"), "--format", "mha"}), 3);
  EXPECT_NE(err_.find("into the folder of the scans"), std::string::npos) << err_;
  EXPECT_FALSE(fs::exists(path("among/a.mha")));
  // The segmentation object of a file beside the slices would take a slice's name.
  testing::DicomSlice like;
  like.rows = 18;
  like.columns = 20;
  like.spacing = {1, 1};
  testing::write_dicom_series(folder_ / "flat", testing::DicomSeries(14, 2, like));
  const std::string slice = read_text_file(folder_ / "flat/slice_0.dcm");
  EXPECT_EQ(predict({"--input", path("flat"), "--output", path("flat/slice_0.nii.gz"), "--dicom-seg"}), 3);
  EXPECT_EQ(predict({"--input", path("flat") + "#1", "--output", path("flat/slice_0.nii.gz"), "--dicom-seg"}), 3);
  EXPECT_NE(err_.find("among the slices of the DICOM series"), std::string::npos) << err_;
  EXPECT_EQ(read_text_file(folder_ / "flat/slice_0.dcm"), slice);
  // Formats of two files, before the run is opened.
  for (const char* name : {"x.mhd", "x.nhdr", "x.hdr", "x.img", "x.nia"}) {
    EXPECT_EQ(program({"predict", "--run", path("no run"), "--input", path("among/a.nii.gz"), "--output", path(name)}), 3);
    EXPECT_NE(err_.find("format that label maps are not written in"), std::string::npos) << err_;
    EXPECT_FALSE(fs::exists(path(name)));
  }
  EXPECT_EQ(predict({"--input", path("among/a.nii.gz"), "--output", path("y.nii.gz"), "--split", "fold_0"}), 2);
  EXPECT_EQ(predict({"--input", path("among/a.nii.gz"), "--output", path("y.nii.gz"), "--mirror", ","}), 3);
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("among/a.nii.gz"), "--output", path("y.nii.gz"),
                     "--threads", "-1"}),
            2);
  EXPECT_NE(err_.find("--threads: found -1; expected at least 1"), std::string::npos) << err_;
}

TEST_F(Runs, AManifestReplacesNothingElse) {
  fs::create_directories(folder_ / "bids");
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("bids/scan.nii.gz"), {});
  write_text_file(path("bids/sub.json"), R"({"EchoTime": 0.1})");
  const auto predict = [&](const std::string& run, const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"predict",  "--run", run,         "--input", path("bids/scan.nii.gz"),
                                      "--output", output,  "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  };
  ASSERT_EQ(predict(path("honest"), path("bids/sub.nii.gz"), {"--overwrite"}), 0) << err_;
  EXPECT_EQ(read_text_file(path("bids/sub.json")), R"({"EchoTime": 0.1})");
  EXPECT_TRUE(fs::exists(path("bids/sub.predictions.json")));
  fs::create_directories(folder_ / "taken");
  for (const std::string text : {R"({"a": 1})", "no JSON at all", "[]"}) {
    write_text_file(path("taken/predictions.json"), text);
    EXPECT_EQ(predict(path("honest"), path("taken"), {"--overwrite"}), 3);
    EXPECT_NE(err_.find("predictions.json: is not a manifest"), std::string::npos) << err_;
    EXPECT_EQ(read_text_file(path("taken/predictions.json")), text);
  }
  // The same run by another name of its path.
  ASSERT_EQ(predict(path("honest"), path("twice_named")), 0) << err_;
  EXPECT_EQ(predict(path("scans/../honest/"), path("twice_named"), {"--format", "seg.nrrd"}), 0) << err_;
}

TEST(PredictionManifest, ProgramsSideBySideKeepEachOthersCases) {
  const TemporaryFolder folder;
  const fs::path file = folder / "predictions.json";
  const Json settings = {{"textsemiseg", "1"}, {"runs", Json::array()}};
  std::vector<std::thread> programs;
  for (int p = 0; p < 4; ++p) {
    programs.emplace_back([&, p] {
      PredictionManifest manifest(file, settings, false);
      for (int i = 0; i < 10; ++i) {
        manifest.begin(std::to_string(10 * p + i));
        manifest.add({{"case", std::to_string(10 * p + i)}});
      }
    });
  }
  for (std::thread& one : programs) one.join();
  EXPECT_EQ(read_json(file)["cases"].size(), 40u);
  EXPECT_FALSE(read_json(file).contains("begun"));
}

TEST_F(Runs, KeepGoingNamesBadScansAndDoesTheOthers) {
  fs::create_directories(folder_ / "mixed");
  for (const char* name : {"a", "d"}) make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("mixed/") + name + ".nii.gz", {});
  Image image(grid({20, 20, 10}, {1, 1, 1}));
  image.voxels[7] = NAN;
  write_image(folder_ / "mixed/b.nii.gz", image);
  const std::string whole = read_text_file(folder_ / "mixed/a.nii.gz");
  write_text_file(folder_ / "mixed/c.nii.gz", whole.substr(0, whole.size() / 2));
  const auto predict = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"predict",  "--run",           path("honest"), "--input", path("mixed"),
                                      "--output", path("mixed_out"), "--threads",    "1"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  };
  EXPECT_EQ(predict({}), 3) << "without the option the first one ends it";
  fs::remove_all(folder_ / "mixed_out");
  EXPECT_EQ(predict({"--keep-going"}), 3);
  for (const char* words : {"b is left out: ", "c is left out: ", "NaN", "2 of 4 scans were left out"})
    EXPECT_NE(err_.find(words), std::string::npos) << words << " in " << err_;
  EXPECT_TRUE(fs::exists(folder_ / "mixed_out/a.nii.gz") && fs::exists(folder_ / "mixed_out/d.nii.gz"));
  EXPECT_FALSE(fs::exists(folder_ / "mixed_out/b.nii.gz") || fs::exists(folder_ / "mixed_out/c.nii.gz"));
  const Json record = read_json(folder_ / "mixed_out/predictions.json");
  ASSERT_EQ(record["cases"].size(), 2u);
  ASSERT_EQ(record["failed"].size(), 2u);
  EXPECT_EQ(record["failed"][1]["case"], "c");
  EXPECT_EQ(record["failed"][1]["inputs"][0], path("mixed/c.nii.gz"));
  EXPECT_NE(record["failed"][0]["reason"].get<std::string>().find("b.nii.gz"), std::string::npos);
  // Mended, they are what is left to be done.
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("mixed/b.nii.gz"), {});
  EXPECT_EQ(predict({"--keep-going", "--resume"}), 3);
  EXPECT_NE(err_.find("2 of 4 scans finished before"), std::string::npos) << err_;
  EXPECT_EQ(read_json(folder_ / "mixed_out/predictions.json")["failed"].size(), 1u);
  EXPECT_EQ(read_json(folder_ / "mixed_out/predictions.json")["cases"].size(), 3u);
  write_text_file(folder_ / "mixed/c.nii.gz", whole);
  EXPECT_EQ(predict({"--resume"}), 0) << err_;
  EXPECT_FALSE(read_json(folder_ / "mixed_out/predictions.json").contains("failed"));
}

TEST_F(Runs, ScansUnlikeTheTrainingAreNamed) {
  const auto predict = [&](const std::string& run, const std::string& scan, const std::string& output) {
    return program({"predict", "--run", path(run), "--input", path(scan), "--output", path(output), "--threads", "1"});
  };
  make_scan(grid({20, 18, 5}, {1, 1, 8}), 6, path("thick.nii.gz"), {});
  ASSERT_EQ(predict("honest", "thick.nii.gz", "thick_out"), 0) << err_;
  EXPECT_NE(err_.find("thick is unlike the scans of the training: slices 8.00 mm apart bottom to top; in training 2.00"),
            std::string::npos)
      << err_;
  EXPECT_EQ(err_.find("field of view of 18"), std::string::npos) << "no remark on what is as in training: " << err_;
  const Json record = read_json(folder_ / "thick_out/predictions.json");
  EXPECT_EQ(record["cases"][0]["unlike_training"].size(), 2u) << "slices, and 40 mm instead of 24: " << record["cases"][0];
  ASSERT_EQ(predict("honest", "scans/imagesTr/case_5.nii.gz", "like_out"), 0) << err_;
  EXPECT_EQ(err_.find("unlike"), std::string::npos) << err_;
  EXPECT_FALSE(read_json(folder_ / "like_out/predictions.json")["cases"][0].contains("unlike_training"));
  // A run of an earlier version has no facts: nothing is said.
  fs::copy(folder_ / "honest", folder_ / "earlier", fs::copy_options::recursive);
  Json run = read_json(folder_ / "earlier/run.json");
  EXPECT_EQ(run["training_facts"]["cases"], 4) << "two labelled and two unlabelled, no test case";
  run.erase("training_facts");
  write_json(folder_ / "earlier/run.json", run);
  ASSERT_EQ(predict("earlier", "thick.nii.gz", "earlier_out"), 0) << err_;
  EXPECT_EQ(err_.find("unlike"), std::string::npos) << err_;
}

TEST_F(Runs, KeepGoingWithOtherChannels) {
  fs::create_directories(folder_ / "numbers");
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("numbers/a_0000.nii.gz"), {});
  make_scan(grid({20, 18, 12}, {1, 1, 2}), 6, path("numbers/b_0001.nii.gz"), {});
  EXPECT_EQ(program({"predict", "--run", path("honest"), "--input", path("numbers"), "--output", path("numbers_out"), "--threads",
                     "1", "--keep-going"}),
            3);
  EXPECT_NE(err_.find("b is left out: "), std::string::npos) << err_;
  EXPECT_TRUE(fs::exists(folder_ / "numbers_out/a.nii.gz"));
}

TEST_F(Runs, ResumeKeepsWhatIsFinishedAndNothingElse) {
  fs::copy(folder_ / "scans/imagesTr", folder_ / "many", fs::copy_options::recursive);
  const auto predict = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"predict",  "--run",          path("honest"), "--input", path("many"),
                                      "--output", path("many_out"), "--threads",    "1"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  };
  ASSERT_EQ(predict({"--resume"}), 0) << err_;  // nothing is there yet
  const auto output = [&](const std::string& id) { return folder_ / "many_out" / (id + ".nii.gz"); };
  const Json all = read_json(folder_ / "many_out/predictions.json");
  const std::string first = read_text_file(output("case_0"));
  // As a stop between a case's first file and its record leaves it.
  Json stopped = all;
  stopped["cases"].erase(4);
  stopped["cases"].erase(4);
  stopped["begun"] = {"case_4"};
  write_json(folder_ / "many_out/predictions.json", stopped);
  write_text_file(output("case_4"), "half of a stopped case");
  write_text_file(output("case_5"), "of somebody else");
  EXPECT_EQ(predict({"--resume"}), 3);
  EXPECT_NE(err_.find("case_5.nii.gz: exists"), std::string::npos) << err_;
  EXPECT_EQ(read_text_file(output("case_5")), "of somebody else");
  fs::remove(output("case_5"));
  fs::remove(folder_ / "many_out/case_5.ctbl");
  write_text_file(output("case_0"), "corrected by hand");
  ASSERT_EQ(predict({"--resume"}), 0) << err_;
  EXPECT_NE(err_.find("4 of 6 scans finished before"), std::string::npos) << err_;
  EXPECT_EQ(read_text_file(output("case_0")), "corrected by hand");
  Json resumed = read_json(folder_ / "many_out/predictions.json");
  EXPECT_FALSE(resumed.contains("begun"));
  ASSERT_EQ(resumed["cases"].size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(resumed["cases"][i]["classes"], all["cases"][i]["classes"]) << i;
  // A copy of the scan with another time is the same scan; other voxels are not.
  const std::string scan = read_text_file(folder_ / "many/case_1.nii.gz");
  write_text_file(folder_ / "many/case_1.nii.gz", scan);
  ASSERT_EQ(predict({"--resume"}), 0) << err_;
  make_scan(grid({21, 18, 12}, {1, 1, 2}), 4, path("many/case_1.nii.gz"), {});
  EXPECT_EQ(predict({"--resume"}), 3);
  EXPECT_NE(err_.find("is of a scan that has changed since"), std::string::npos) << err_;
  ASSERT_EQ(predict({"--resume", "--overwrite"}), 0) << err_;
  EXPECT_NE(err_.find("5 of 6 scans finished before"), std::string::npos) << err_;
  EXPECT_EQ(read_text_file(output("case_0")), "corrected by hand");
  EXPECT_EQ(predict({"--resume", "--preview"}), 3);
  EXPECT_NE(err_.find("is finished without case_0.png"), std::string::npos) << err_;
  EXPECT_EQ(predict({"--resume", "--overlap", "0.1"}), 3);
  EXPECT_NE(err_.find("other runs or settings"), std::string::npos) << err_;
  ASSERT_EQ(predict({"--resume", "--overlap", "0.1", "--overwrite"}), 0) << err_;
  EXPECT_EQ(read_text_file(output("case_0")).substr(0, 2), first.substr(0, 2)) << "predicted anew";
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

TEST_F(Runs, ResultsOfARunAreItsOwn) {
  fs::copy(folder_ / "honest", folder_ / "own", fs::copy_options::recursive);
  const std::vector<std::string> words = {"evaluate", "--run", path("own"), "--role", "test", "--threads", "1"};
  const auto evaluate = [&](const std::vector<std::string>& more) {
    auto all = words;
    all.insert(all.end(), more.begin(), more.end());
    return program(all);
  };
  ASSERT_EQ(evaluate({"--dataset", path("data")}), 0) << err_;  // the run's, said again
  const fs::path cases = folder_ / "own/results/test/cases.csv", summary = folder_ / "own/results/test/summary.json";
  const std::string before = read_text_file(cases) + read_text_file(summary);
  fs::copy(folder_ / "data", folder_ / "other data", fs::copy_options::recursive);
  write_text_file(path("another.json"), read_text_file(path("data/split.json")));
  for (const std::vector<std::string>& foreign :
       {std::vector<std::string>{"--prediction", path("scans/labelsTr"), "--csv", path("foreign.csv")},
        {"--dataset", path("other data")},
        {"--split", path("another.json")}}) {
    ASSERT_EQ(evaluate(foreign), 0) << err_;
    EXPECT_NE(err_.find("nothing is written"), std::string::npos) << err_;
    EXPECT_EQ(read_text_file(cases) + read_text_file(summary), before);
  }
  EXPECT_TRUE(fs::exists(path("foreign.csv")));
  EXPECT_EQ(evaluate({"--csv", path("own/run.json")}), 3);
  EXPECT_EQ(evaluate({"--classes", "rest,ball"}), 2);
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

}  // namespace tss::predict_test
