#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/temporary_folder.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/volume/reorient.h"
#include "textsemiseg/workflows/scan_files.h"

namespace tss::evaluate_test {

namespace fs = std::filesystem;

class Evaluate : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "reference");
    fs::create_directories(folder_ / "prediction");
  }

  // A bar of n voxels of each label, at the given start.
  void write(const std::string& name, int64_t start, const std::vector<uint8_t>& labels, double spacing = 2) {
    Geometry g;
    g.size = {20, 6, 5};
    g.spacing = {spacing, 1, 1};
    LabelMap map(g);
    for (size_t i = 0; i < labels.size(); ++i) {
      for (int64_t x = start; x < start + 4; ++x) map(x, static_cast<int64_t>(2 * i), 2) = labels[i];
    }
    write_label_map(folder_ / name, map);
  }

  int program(std::vector<std::string> words, std::string* out = nullptr, std::string* err = nullptr) {
    words.insert(words.begin(), "textsemiseg");
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    const std::string o = ::testing::internal::GetCapturedStdout(), e = ::testing::internal::GetCapturedStderr();
    if (out) *out = o;
    if (err) *err = e;
    return code;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(Evaluate, OnePairAsJson) {
  write("a.nii.gz", 5, {1, 2});
  write("b.nii.gz", 7, {1, 2});
  std::string out;
  ASSERT_EQ(program({"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("b.nii.gz"), "--json"}, &out), 0);
  const Json json = Json::parse(out);
  ASSERT_EQ(json["classes"].size(), 2u);
  const Json& one = json["classes"][0];
  EXPECT_EQ(one["class"], 1);
  EXPECT_NEAR(one["dice"].get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(one["jaccard"].get<double>(), 1.0 / 3, 1e-12);
  // Two of four voxels lie outside, 1 and 2 voxels away.
  EXPECT_NEAR(one["asd_voxels"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(one["asd"].get<double>(), 1.5, 1e-12);
  EXPECT_TRUE(one.contains("hd95") && one.contains("assd"));
}

TEST_F(Evaluate, FoldersListCasesAndMeans) {
  write("reference/x.nii.gz", 5, {1});
  write("prediction/x.nii.gz", 5, {1});
  write("reference/y.nii.gz", 5, {1, 2});
  write("prediction/y.nii.gz", 7, {1});
  std::string out;
  ASSERT_EQ(program({"evaluate", "--reference", path("reference"), "--prediction", path("prediction"), "--json", "--csv",
                     path("s.csv")},
                    &out),
            0);
  const Json json = Json::parse(out);
  EXPECT_NEAR(json["classes"][0]["dice"].get<double>(), 0.75, 1e-12);
  EXPECT_EQ(json["classes"][1]["dice"].get<double>(), 0.0);  // missed in y, absent from x
  EXPECT_TRUE(json["classes"][1]["hd95"].is_null());
  EXPECT_EQ(json["cases"].size(), 2u);
  EXPECT_NE(read_text_file(path("s.csv")).find("\nx,1,"), std::string::npos);
  ASSERT_EQ(program({"evaluate", "--reference", path("reference"), "--prediction", path("prediction")}, &out), 0);
  EXPECT_NE(out.find("0.750"), std::string::npos);
}

TEST_F(Evaluate, EmptyRuleIsAnOption) {
  write("a.nii.gz", 5, {1});
  write("b.nii.gz", 5, {0});
  std::string out;
  ASSERT_EQ(program({"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("b.nii.gz"), "--json", "--empty",
                     "zeros_hundreds"},
                    &out),
            0);
  EXPECT_EQ(Json::parse(out)["classes"][0]["hd95"], 100.0);
}

TEST_F(Evaluate, ErrorsNameTheFile) {
  write("reference/x.nii.gz", 5, {1});
  write("prediction/x.nii.gz", 5, {1}, 3);
  std::string err;
  EXPECT_EQ(program({"evaluate", "--reference", path("reference"), "--prediction", path("prediction"), "--json"}, nullptr, &err),
            3);
  EXPECT_NE(err.find("prediction/x.nii.gz"), std::string::npos) << err;
  EXPECT_NE(err.find("reference/x.nii.gz"), std::string::npos) << err;
  EXPECT_NE(err.find("spacing"), std::string::npos) << err;
  EXPECT_EQ(program({"evaluate", "--reference", path("reference"), "--prediction", path("prediction/x.nii.gz")}), 3);
  EXPECT_EQ(program({"evaluate", "--reference", path("none"), "--prediction", path("prediction")}), 3);
  write("reference/z.nii.gz", 5, {1});
  EXPECT_EQ(program({"evaluate", "--reference", path("reference"), "--prediction", path("prediction")}, nullptr, &err), 3);
  EXPECT_EQ(program({"evaluate", "--reference", path("reference")}), 2);
  write("a.nii.gz", 5, {1, 2});
  EXPECT_EQ(program({"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("a.nii.gz"), "--classes", "rest,organ"},
                    nullptr, &err),
            3);
  EXPECT_NE(err.find("label 2"), std::string::npos) << err;
}

TEST_F(Evaluate, ATableNeverReplacesALabelMap) {
  write("a.nii.gz", 5, {1});
  const std::string before = read_text_file(path("a.nii.gz"));
  for (const char* csv : {"a.nii.gz", "b.nrrd"}) {
    std::string err;
    EXPECT_EQ(program({"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("a.nii.gz"), "--csv", path(csv)},
                      nullptr, &err),
              3);
    EXPECT_NE(err.find("is named like a scan"), std::string::npos) << err;
  }
  EXPECT_EQ(read_text_file(path("a.nii.gz")), before);
}

TEST_F(Evaluate, IdleOptionsAndNamesGivenTwiceAreWrong) {
  write("a.nii.gz", 5, {1});
  const std::vector<std::string> words = {"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("a.nii.gz")};
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--role", "bogus"},
                                               {"--overlap", "0.9"},
                                               {"--classes", "bg,a,a"},
                                               {"--classes", "bg"},
                                               {"--classes", "bg,"}}) {
    auto all = words;
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_EQ(program(all), 2) << more[0] << " " << more[1];
  }
}

TEST_F(Evaluate, LabelMapsInAnotherOrderAreTurned) {
  write("a.nii.gz", 5, {1, 2});
  const LabelMap map = read_label_map(path("a.nii.gz"));
  AxisMap turn;
  turn.source = {2, 0, 1};
  turn.flipped = {true, false, true};
  write_label_map(path("turned.nii.gz"), turn.apply(map));
  std::string out, err;
  ASSERT_EQ(program({"evaluate", "--reference", path("a.nii.gz"), "--prediction", path("turned.nii.gz"), "--json"}, &out, &err),
            0)
      << err;
  EXPECT_EQ(Json::parse(out)["classes"][1]["dice"], 1.0);
}

TEST_F(Evaluate, ChannelsAreFoundByTheirEnding) {
  for (const char* name : {"prediction/p_0000.nii.gz", "prediction/p_0001.nii.gz", "reference/scan_2019.nii.gz"})
    write(name, 0, {1});
  const auto two = find_inputs(folder_ / "prediction", 2);
  ASSERT_EQ(two.size(), 1u);
  EXPECT_EQ(two[0].id, "p");
  EXPECT_EQ(two[0].channels.size(), 2u);
  EXPECT_THROW(find_inputs(folder_ / "prediction", 1), InputError);
  EXPECT_EQ(find_inputs(folder_ / "reference", 1)[0].id, "scan_2019");
  EXPECT_EQ(find_inputs(folder_ / "prediction/p_0000.nii.gz", 1)[0].id, "p");
  EXPECT_THROW(find_inputs(folder_ / "nothing", 1), InputError);
  EXPECT_THROW(find_inputs(folder_.path(), 1), InputError);
}

}  // namespace tss::evaluate_test
