// Every bad input gives one line that names file and field, exit code 3, and nothing half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"

namespace tss::bad_input_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    PhantomOptions phantom;
    phantom.labelled = 3;
    phantom.unlabelled = 2;
    phantom.test = 1;
    phantom.size = {20, 20, 16};
    write_phantom(folder_ / "raw", phantom);
    for (const auto& entry : fs::directory_iterator(folder_ / "raw" / "labelsTr"))
      if (label_.empty() || entry.path() < label_) label_ = entry.path();
    image_ = folder_ / "raw" / "imagesTr" / label_.filename();
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::vector<std::string> prepare() const {
    return {"prepare", "--source", path("raw"), "--dataset", path("dataset"), "--recipe", "ct_soft_tissue", "--validation", "1"};
  }
  std::vector<std::string> train(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"train",
                                      "--dataset",
                                      path("dataset"),
                                      "--method",
                                      "supervised",
                                      "--run",
                                      path("run"),
                                      "--iterations",
                                      "2",
                                      "--set",
                                      "sampler.patch=[16,16,16]",
                                      "--set",
                                      "network.widths=[4,8]",
                                      "--set",
                                      "network.depths=[1,1]"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // One error line besides the progress messages.
  static void expect_error(const std::vector<std::string>& words, const ::testing::Matcher<std::string>& line) {
    const auto result = testing::run_textsemiseg(words);
    EXPECT_EQ(result.exit_code, 3) << result.messages;
    std::vector<std::string> errors;
    std::istringstream text(result.messages);
    for (std::string one; std::getline(text, one);)
      if (one.rfind("info:", 0) != 0 && one.rfind("warning:", 0) != 0) errors.push_back(one);
    ASSERT_EQ(errors.size(), 1u) << result.messages;
    EXPECT_THAT(errors.front(), line);
    EXPECT_EQ(result.output, "");
  }

  void expect_prepare_error(const ::testing::Matcher<std::string>& line) const {
    expect_error(prepare(), line);
    EXPECT_FALSE(fs::exists(path("dataset/dataset.json")));
    EXPECT_FALSE(fs::exists(path("dataset/split.json")));
  }

  void prepare_well() const { ASSERT_EQ(testing::run_textsemiseg(prepare()).exit_code, 0); }

  testing::TemporaryFolder folder_;
  fs::path image_, label_;
};

TEST_F(BadInput, MissingSource) {
  expect_error({"prepare", "--source", path("nowhere"), "--dataset", path("d"), "--recipe", "generic"}, HasSubstr("nowhere"));
  expect_error({"prepare", "--source", path("raw"), "--dataset", path("d"), "--recipe", "genric"},
               AllOf(HasSubstr("genric"), HasSubstr("generic")));
  EXPECT_FALSE(fs::exists(path("d/dataset.json")));
}

TEST_F(BadInput, MissingImage) {
  fs::remove(image_);
  expect_prepare_error(HasSubstr(image_.stem().stem().string()));
}

TEST_F(BadInput, TruncatedImage) {
  fs::resize_file(image_, fs::file_size(image_) / 2);
  expect_prepare_error(HasSubstr(image_.string()));
}

TEST_F(BadInput, LabelOnAnotherGrid) {
  LabelMap label = read_label_map(label_);
  label.geometry.spacing[2] *= 2;
  write_label_map(label_, label);
  expect_prepare_error(AllOf(HasSubstr(label_.filename().string()), HasSubstr("spacing")));
}

TEST_F(BadInput, LabelValueOutsideTheClasses) {
  LabelMap label = read_label_map(label_);
  label.voxels[7] = 200;
  write_label_map(label_, label);
  expect_prepare_error(AllOf(HasSubstr(label_.string()), HasSubstr("200")));
}

TEST_F(BadInput, NaNInAnImage) {
  Image image = read_image(image_);
  image.voxels[3] = std::numeric_limits<float>::quiet_NaN();
  write_image(image_, image);
  expect_prepare_error(AllOf(HasSubstr(image_.string()), HasSubstr("NaN")));
}

TEST_F(BadInput, NoLabelledCase) {
  fs::remove_all(folder_.path() / "raw" / "labelsTr");
  fs::create_directories(folder_.path() / "raw" / "labelsTr");
  expect_prepare_error(HasSubstr("label"));
}

TEST_F(BadInput, BrokenDatasetJson) {
  std::ofstream(folder_.path() / "raw" / "dataset.json") << "{ \"labels\": ";
  expect_prepare_error(HasSubstr("dataset.json"));
}

TEST_F(BadInput, TruncatedHdf5) {
  Image image(Geometry{.size = {20, 20, 16}});
  LabelMap label(image.geometry);
  fs::create_directories(folder_.path() / "h5");
  for (const char* name : {"a.h5", "b.h5", "c.h5"}) write_hdf5_case(folder_.path() / "h5" / name, image, &label);
  fs::resize_file(folder_.path() / "h5" / "b.h5", fs::file_size(folder_.path() / "h5" / "b.h5") / 2);
  expect_error({"prepare", "--source", path("h5"), "--dataset", path("d"), "--recipe", "left_atrium"}, HasSubstr("b.h5"));
  EXPECT_FALSE(fs::exists(path("d/dataset.json")));
}

TEST_F(BadInput, TrainOptions) {
  prepare_well();
  expect_error(train({"--set", "train.iteratoins=3"}), AllOf(HasSubstr("iteratoins"), HasSubstr("did you mean 'iterations'")));
  expect_error(train({"--set", "optimiser.schedule=cosine"}), AllOf(HasSubstr("optimiser.schedule"), HasSubstr("cosine")));
  expect_error(train({"--set", "sampler.patch=[4096,4096,4096]"}), HasSubstr("sampler.patch"));
  expect_error(train({"--device", "cuda:99"}), HasSubstr("cuda:99"));
  expect_error(train({"--config", path("none.toml")}), HasSubstr("none.toml"));
  std::ofstream(folder_ / "bad.toml") << "[train]\niterations = = 3\n";
  expect_error(train({"--config", path("bad.toml")}), AllOf(HasSubstr("bad.toml"), HasSubstr("line 2")));
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(BadInput, EmptyLabelledSet) {
  prepare_well();
  Json split = read_json(path("dataset/split.json"));
  for (const auto& id : split.at("labelled")) split["unlabelled"].push_back(id);
  split["labelled"] = Json::array();
  write_json(path("dataset/split.json"), split);
  expect_error(train({}), HasSubstr("labelled"));
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(BadInput, Checkpoints) {
  prepare_well();
  ASSERT_EQ(testing::run_textsemiseg(train({})).exit_code, 0);
  const fs::path best = path("run/checkpoints/best.safetensors");
  const std::vector<std::string> predict = {"predict",       "--run",    path("run"),       "--input",
                                            image_.string(), "--output", path("out.nii.gz")};
  const std::string whole = read_text_file(best);
  fs::resize_file(best, whole.size() / 2);
  expect_error(predict, HasSubstr("best.safetensors"));
  write_text_file(best, whole);
  Json record = read_json(path("run/run.json"));
  record["classes"] = {"background", "one"};
  write_json(path("run/run.json"), record);
  expect_error(predict, AllOf(HasSubstr("best.safetensors"), HasSubstr("expected")));
  EXPECT_FALSE(fs::exists(path("out.nii.gz")));
  expect_error({"predict", "--run", path("nowhere"), "--input", image_.string(), "--output", path("out.nii.gz")},
               HasSubstr("nowhere"));
}

TEST_F(BadInput, EvaluateOnAnotherGrid) {
  LabelMap label = read_label_map(label_);
  label.geometry.spacing[0] *= 2;
  write_label_map(path("other.nii.gz"), label);
  expect_error({"evaluate", "--reference", label_.string(), "--prediction", path("other.nii.gz"), "--json"},
               AllOf(HasSubstr("other.nii.gz"), HasSubstr("spacing")));
}

TEST_F(BadInput, ACommandLineThatIsWrongIsUsage) {
  EXPECT_EQ(testing::run_textsemiseg({"trian"}).exit_code, 2);
  EXPECT_EQ(testing::run_textsemiseg({"train", "--iterations", "3"}).exit_code, 2);
  EXPECT_EQ(testing::run_textsemiseg({"--help"}).exit_code, 0);
}

TEST_F(BadInput, ErrorsHaveColourWhereItIsWantedAndAreJsonWhereThatIs) {
  const std::vector<std::string> words = {"check", "--dataset", path("nowhere")};
  const auto messages = [&](const char* force, const char* no_color) {
    ::setenv("CLICOLOR_FORCE", force, 1);
    ::setenv("NO_COLOR", no_color, 1);
    const std::string out = testing::run_textsemiseg(words).messages;
    ::unsetenv("CLICOLOR_FORCE");
    ::unsetenv("NO_COLOR");
    return out;
  };
  EXPECT_EQ(messages("0", "").find("\033["), std::string::npos);
  EXPECT_NE(messages("1", "").find("\033["), std::string::npos);
  EXPECT_EQ(messages("1", "1").find("\033["), std::string::npos);
  const auto result = testing::run_textsemiseg({"check", "--log-format", "json", "--dataset", path("nowhere")});
  EXPECT_EQ(result.exit_code, 3);
  const Json event = Json::parse(result.messages);
  EXPECT_EQ(event["event"], "message");
  EXPECT_EQ(event["level"], "error");
  EXPECT_THAT(event["text"].get<std::string>(), HasSubstr("nowhere"));
}

}  // namespace tss::bad_input_test
