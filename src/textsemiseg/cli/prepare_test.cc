// What prepare prints and refuses as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/cli/program.h"

namespace tss::prepare_test {

using ::testing::HasSubstr;
using ::testing::Not;

class PrepareVerb : public ::testing::Test {
 protected:
  PrepareVerb() { testing::write_msd(folder_ / "S (1)", 10, 10); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // Exit code of prepare of these scans.
  int prepare(std::vector<std::string> words) {
    words.insert(words.begin(), {"textsemiseg", "prepare", "--source", path("S (1)"), "--recipe", "generic"});
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  testing::TemporaryFolder folder_;
  std::string out_, err_;
};

TEST_F(PrepareVerb, ThePlansLineKeepsWhatTheUserSaid) {
  const std::vector<std::string> words = {"--plan",
                                          "--set",
                                          "recipe.reduce=[2,2,1]",
                                          "--labelled",
                                          "2",
                                          "--seed",
                                          "7",
                                          "--label-map",
                                          "1=left; (atrium)",
                                          "2=left; (atrium)",
                                          "--test",
                                          "10%",
                                          "--memory",
                                          "8"};
  ASSERT_EQ(prepare(words), 0) << err_;
  const std::string line = "textsemiseg prepare --source '" + path("S (1)") +
                           "' --label-map '1=left; (atrium)' --label-map '2=left; (atrium)' --labelled 2 --test 10% --seed 7 "
                           "--dataset DATASET --recipe generic --set 'recipe.reduce=[2,2,1]'";
  EXPECT_THAT(out_, HasSubstr("\n" + line + "\n"));
  auto written = words;
  written.insert(written.end(), {"--write", path("my.toml"), "--dataset", path("D")});
  ASSERT_EQ(prepare(written), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("--labelled 2 --test 10% --seed 7 --dataset " + path("D") + " --recipe " + path("my.toml") + "\n"));
  EXPECT_THAT(out_, Not(HasSubstr("recipe.reduce=")));
}

TEST_F(PrepareVerb, ThePictureIsAPng) {
  write_text_file(folder_ / "keep.nii.gz", "a scan");
  EXPECT_EQ(prepare({"--explain", "case_01", "--picture", path("keep.nii.gz")}), 3);
  EXPECT_THAT(err_, HasSubstr("keep.nii.gz; expected the name of a .png file"));
  EXPECT_EQ(read_text_file(folder_ / "keep.nii.gz"), "a scan");
  EXPECT_EQ(prepare({"--explain", "case_01", "--picture", path("steps.png")}), 0) << err_;
}

TEST_F(PrepareVerb, ClassesAndSeedAsGiven) {
  std::filesystem::remove(folder_ / "S (1)/dataset.json");
  EXPECT_EQ(prepare({"--dataset", path("D"), "--classes", "background,head,"}), 3);
  EXPECT_THAT(err_, HasSubstr("--classes: 'background,head,' holds an empty name"));
  ASSERT_EQ(prepare({"--dataset", path("D"), "--classes", "background, head,tail"}), 0) << err_;
  EXPECT_EQ(prepare({"--dataset", path("D"), "--classes", "background,head,tail", "--seed", "3"}), 3);
  EXPECT_THAT(err_, HasSubstr("was drawn with seed 0, now 3"));
  EXPECT_EQ(prepare({"--dataset", path("D"), "--classes", "background,head,tail"}), 0) << err_;
}

// Sources whose labels differ: A has head and tail, B calls the two of them "whole", and C's labels are not named at all.
TEST_F(PrepareVerb, SeveralSources) {
  testing::write_msd(folder_ / "B", 2, 2, 2);
  Json json = read_json(folder_ / "B/dataset.json");
  json["labels"] = labels_to_json({"background", "whole"});
  write_json(folder_ / "B/dataset.json", json);
  testing::write_msd(folder_ / "C", 2, 2, 2);
  std::filesystem::remove(folder_ / "C/dataset.json");
  std::vector<std::string> words = {"--source",   path("B"), "--dataset", path("D"),
                                    "--labelled", "2",       "--source",  "third=" + path("C")};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    return prepare(all);
  };
  EXPECT_EQ(with({}), 3);
  EXPECT_THAT(
      err_, HasSubstr("has no dataset.json that names the classes, so they are unknown; expected --label-map \"SOURCE:1=name\""));
  EXPECT_EQ(with({"--label-map", "1=tail"}), 3);
  EXPECT_THAT(err_,
              HasSubstr("--label-map: found '1=tail' beside several --source; expected \"SOURCE:1=name\", where SOURCE is one of "
                        "S (1), B, third"));
  words.insert(words.end(), {"--label-map", "third:1=caudal part"});
  EXPECT_EQ(with({"--synonym", "caudal part=tail"}), 3);
  EXPECT_THAT(err_,
              HasSubstr("source B: its class 'whole' is none of background, head, tail; expected --synonym \"whole=CLASS\""));
  EXPECT_FALSE(std::filesystem::exists(path("D") + "/dataset.json"));
  ASSERT_EQ(with({"--synonym", "caudal part=tail", "--merge", "whole=head+tail"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("source S (1): tells all classes apart"));
  EXPECT_THAT(err_, HasSubstr("source B: head and tail are one"));
  EXPECT_THAT(err_, HasSubstr("source third: tells apart tail; head may lie in its background"));
  EXPECT_THAT(err_, HasSubstr("split: 6 labelled, 5 unlabelled, 1 validation, 2 test"));
}

TEST_F(PrepareVerb, RulesAreForSeveralSources) {
  EXPECT_EQ(prepare({"--dataset", path("D"), "--merge", "whole=head+tail"}), 3);
  EXPECT_THAT(err_, HasSubstr("--merge: given with one --source; expected several, whose classes differ"));
}

}  // namespace tss::prepare_test
