#include "textsemiseg/runs/provenance.h"

#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::provenance_test {

class Provenance : public ::testing::Test {
 protected:
  Provenance() {
    write_text_file(run_.config(), "[train]\niterations = 100\n[inference]\noverlap = 0.5\n");
    train_to("last", 100, "the last weights");
    train_to("best", 80, "the best weights");
  }
  void train_to(const std::string& which, int64_t iteration, const std::string& weights) {
    write_text_file(run_.checkpoint(which), weights);
    write_json(run_.train_state(which), {{"iteration", iteration}, {"iterations", 100}, {"best_iteration", 80}});
  }
  Json record_of(const std::string& which) const {
    return {{"checkpoint", which == "best" ? "best on validation cases (iteration 80 of 100, ...)"
                                           : "last checkpoint (iteration 100 of 100); protocol honest"},
            {"checkpoint_sample", checkpoint_sample(run_, which)}};
  }

  testing::TemporaryFolder folder_;
  RunFolder run_{folder_.path()};
};

TEST_F(Provenance, WeightsAreToldByTheirSample) {
  EXPECT_EQ(selected_checkpoint(run_), "best");
  for (const char* which : {"best", "last"}) {
    EXPECT_EQ(match_checkpoint(run_, record_of(which)).which, which);
    EXPECT_FALSE(match_checkpoint(run_, record_of(which)).outdated);
  }
  const Json before = record_of("best");
  train_to("best", 80, "weights of a run that was trained anew, to the same iteration");
  EXPECT_EQ(match_checkpoint(run_, before).which, "");
  EXPECT_TRUE(match_checkpoint(run_, before).outdated);
}

TEST_F(Provenance, WithoutSamplesOrWeightsItsWordsTell) {
  Json best = record_of("best"), last = record_of("last");
  std::filesystem::remove(run_.checkpoint("best"));
  std::filesystem::remove(run_.checkpoint("last"));
  EXPECT_EQ(selected_checkpoint(run_), "last");
  EXPECT_EQ(match_checkpoint(run_, best).which, "");
  EXPECT_FALSE(match_checkpoint(run_, best).outdated);
  EXPECT_FALSE(match_checkpoint(run_, last).outdated);
  write_json(run_.train_state("best"), {{"best_iteration", 90}});
  write_json(run_.train_state("last"), {{"iteration", 200}, {"iterations", 200}});
  EXPECT_TRUE(match_checkpoint(run_, best).outdated);
  EXPECT_TRUE(match_checkpoint(run_, last).outdated);
  // Results kept alone: of a whole training, or not.
  std::filesystem::remove_all(run_.checkpoints());
  EXPECT_FALSE(match_checkpoint(run_, best).outdated);
  EXPECT_FALSE(match_checkpoint(run_, last).outdated);
  last["checkpoint"] = "last checkpoint (iteration 50 of 100); protocol honest";
  EXPECT_TRUE(match_checkpoint(run_, last).outdated);
  EXPECT_FALSE(match_checkpoint(run_, {{"checkpoint", "imported from a.pth; protocol imported"}}).outdated);
}

TEST_F(Provenance, SettingsAgreeEntryByEntry) {
  const Json record{{"mirror", "none"}, {"grid", "original"}},
      summary{{"mirror", "none"}, {"grid", "original scan, mm"}, {"n", 3}};
  EXPECT_FALSE(entries_agree(record, summary));
  EXPECT_TRUE(entries_agree(record, summary, {"grid"}));
  EXPECT_FALSE(entries_agree(summary, record, {"grid"}));
}

TEST_F(Provenance, EvaluatesOwnSettings) {
  EXPECT_TRUE(predicted_as_configured(run_, {{"window", {{"overlap", 0.5}}}}));
  EXPECT_TRUE(predicted_as_configured(run_, {{"mirror", "none"}}));  // a record of an earlier version
  EXPECT_FALSE(predicted_as_configured(run_, {{"window", {{"overlap", 0.75}}}}));
  EXPECT_FALSE(predicted_as_configured(run_, {{"mirror", "x"}}));
  EXPECT_FALSE(predicted_as_configured(run_, {{"precision", "bf16"}}));
  EXPECT_FALSE(predicted_as_configured(run_, {{"predictions", "made beforehand"}}));
}

}  // namespace tss::provenance_test
