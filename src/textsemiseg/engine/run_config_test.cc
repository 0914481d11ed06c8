#include "textsemiseg/engine/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/methods/method_entry.h"
#include "textsemiseg/methods/supervised.h"

namespace tss::run_config_test {

using ::testing::HasSubstr;

std::string error_of(const std::string& toml) {
  return testing::input_error_of([&] { make_run_config(parse_toml(toml, "mine.toml"), "mine.toml"); });
}

TEST(RunConfig, TakesTheMethodsOwnDefaultsAndLetsTheFileWin) {
  const RunConfig own = make_run_config(parse_toml("method = 'supervised'", "test"), "test");
  EXPECT_EQ(own.optimiser.schedule, "poly");
  EXPECT_EQ(own.sampler.unlabelled, 0);
  const RunConfig given =
      make_run_config(parse_toml("method = 'supervised'\n[optimiser]\nschedule = 'constant'", "test"), "test");
  EXPECT_EQ(given.optimiser.schedule, "constant");
  EXPECT_EQ(make_run_config(Json::object(), "test").train.iterations, 30000);
}

TEST(RunConfig, AFlavourHasDefaultsOfItsOwn) {
  const RunConfig atrium = make_run_config(parse_toml("method = 'bcp'", "test"), "test");
  EXPECT_EQ(atrium.optimiser.kind, "sgd");
  EXPECT_EQ(atrium.optimiser.schedule, "poly");
  EXPECT_EQ(atrium.network.normalisation, "batch");
  const RunConfig pancreas =
      make_run_config(parse_toml("method = 'bcp'\n[bcp]\nflavour = 'pancreas'\n[network]\ndropout = true", "test"), "test");
  EXPECT_EQ(pancreas.optimiser.kind, "adam");
  EXPECT_EQ(pancreas.network.normalisation, "instance");
  EXPECT_TRUE(pancreas.network.dropout);  // the file wins
  EXPECT_EQ(pancreas.sampler.unlabelled_crop, "centre");
  EXPECT_EQ(make_run_config({{"method", "urpc"}}, "test").optimiser.learning_rate, 0.01);
  const RunConfig unet = make_run_config(parse_toml("method = 'urpc'\n[urpc]\nbackbone = 'unet3d'", "test"), "test");
  EXPECT_EQ(unet.optimiser.learning_rate, 0.1);
  EXPECT_EQ(unet.optimiser.schedule, "poly");
}

TEST(RunConfig, ThePresetStrongGoesOverTheMethodsFileAndBelowWhatIsGiven) {
  const auto config = [](const std::string& toml) { return make_run_config(parse_toml(toml, "test"), "test"); };
  EXPECT_EQ(config("method = 'supervised'").preset, "published");
  const RunConfig strong = config("method = 'supervised'\npreset = 'strong'\n[optimiser]\nlearning_rate = 0.02");
  EXPECT_TRUE(strong.optimiser.nesterov);
  EXPECT_EQ(strong.optimiser.momentum, 0.99);
  EXPECT_EQ(strong.optimiser.learning_rate, 0.02);
  EXPECT_EQ(strong.network.normalisation, "instance_affine");
  EXPECT_EQ(strong.sampler.augmentation.rotation, 30);
  EXPECT_EQ(strong.sampler.unlabelled, 0);  // the batch is the method's
  EXPECT_EQ(strong.train.average, 0.99);
  EXPECT_EQ(strong.method_options.at("deep_supervision"), true);
  // Written out and read again it is the same, as --resume needs.
  EXPECT_EQ(resolved(make_run_config(resolved(strong), "again")), resolved(strong));
  // Adam stays Adam, whether the method or the user has it.
  EXPECT_EQ(config("method = 'bs_net'\npreset = 'strong'").optimiser.kind, "adam");
  EXPECT_FALSE(config("method = 'supervised'\npreset = 'strong'\n[optimiser]\nkind = 'adam'").optimiser.nesterov);
  // plus has it by default, but for the average: its teacher is one.
  EXPECT_EQ(config("method = 'plus'").preset, "strong");
  EXPECT_EQ(config("method = 'plus'").train.average, 0);
  EXPECT_FALSE(config("method = 'plus'\npreset = 'published'").optimiser.nesterov);
  EXPECT_THAT(error_of("method = 'supervised'\npreset = 'best'"),
              HasSubstr("preset: found 'best'; expected published or strong"));
}

TEST(RunConfig, ThePresetStrongLeavesDeepestSidesOfFour) {
  const auto levels = [](const std::string& patch, const std::string& preset) {
    return make_run_config(parse_toml("method = 'supervised'\npreset = '" + preset + "'\n[sampler]\npatch = " + patch, "test"),
                           "test")
        .network.levels();
  };
  EXPECT_EQ(levels("[96, 96, 96]", "strong"), 5);
  EXPECT_EQ(levels("[64, 64, 48]", "strong"), 4);
  EXPECT_EQ(levels("[40, 56, 40]", "strong"), 4);
  EXPECT_EQ(levels("[16, 16, 16]", "strong"), 3);
  EXPECT_EQ(levels("[4, 4, 4]", "strong"), 2);
  EXPECT_EQ(levels("[16, 16, 16]", "published"), 5);
}

TEST(RunConfig, AMethodOfAnotherProgramBringsItsOwnDefaults) {
  add_method(method_entry<Supervised, SupervisedOptions>(
      "of_another_program", "supervised, under another name", TextUse::kNever,
      /*uses_unlabelled=*/false, "[optimiser]\nkind = 'adam'\nlearning_rate = 0.003\n[sampler]\nunlabelled = 0"));
  const RunConfig own = make_run_config({{"method", "of_another_program"}}, "test");
  EXPECT_EQ(own.optimiser.kind, "adam");
  EXPECT_EQ(own.optimiser.learning_rate, 0.003);
  EXPECT_EQ(own.sampler.unlabelled, 0);
  EXPECT_EQ(own.optimiser.schedule, OptimiserOptions{}.schedule);
  const RunConfig given = make_run_config({{"method", "of_another_program"}, {"optimiser", {{"learning_rate", 0.5}}}}, "test");
  EXPECT_EQ(given.optimiser.kind, "adam");
  EXPECT_EQ(given.optimiser.learning_rate, 0.5);
}

TEST(RunConfig, WindowsFollowThePatch) {
  const RunConfig config = make_run_config(parse_toml("[sampler]\npatch = [32, 48, 20]", "test"), "test");
  EXPECT_EQ(config.inference.patch, (std::vector<int64_t>{32, 48, 20}));
}

TEST(RunConfig, AugmentationIsASectionOfTheSampler) {
  Json tree = Json::object();
  apply_override(tree, "sampler.augmentation.rotation=15");
  const RunConfig config = make_run_config(tree, "test");
  EXPECT_EQ(config.sampler.augmentation.rotation, 15);
  EXPECT_EQ(config.sampler.augmentation.scale, 0);
  EXPECT_EQ(resolved(config).at("sampler").at("augmentation").at("rotation_probability"), 0.2);  // in the run's record
  EXPECT_THAT(error_of("[sampler.augmentation]\nblur = -1"), HasSubstr("sampler.augmentation.blur: found -1"));
}

TEST(RunConfig, ReadsBackWhatItWrites) {
  RunConfig config =
      make_run_config(parse_toml("method = 'text_semiseg'\nseed = 3\n[text_semiseg.dca]\nstart = 0.5", "test"), "test");
  const RunConfig again = make_run_config(parse_toml(to_toml(resolved(config)), "test"), "test");
  EXPECT_EQ(resolved(config), resolved(again));
  EXPECT_EQ(again.method_options.at("dca").at("start"), 0.5);
}

TEST(RunConfig, NamesTheNearestKey) {
  EXPECT_THAT(error_of("[train]\niteratoins = 3"),
              HasSubstr("train.iteratoins: is not a known key (did you mean 'iterations'?)"));
  EXPECT_THAT(error_of("[text_semiseg.tmr]\nfuson = 'none'"), HasSubstr("fusion"));
  EXPECT_THAT(error_of("method = 'text_semisg'"), HasSubstr("did you mean 'text_semiseg'?"));
}

TEST(RunConfig, NamesFileAndFieldOfAWrongValue) {
  EXPECT_THAT(error_of("[train]\niterations = 'many'"), HasSubstr("mine.toml: train.iterations"));
  EXPECT_THAT(error_of("[train]\nprotocol = 'secret'"), HasSubstr("train.protocol: found 'secret'"));
  EXPECT_THAT(error_of("[text_semiseg]\nvariant = 'other'"), HasSubstr("text_semiseg.variant"));
  EXPECT_THAT(error_of("method = 'mc_net'\n[sampler]\nunlabelled = 0"), HasSubstr("sampler.unlabelled"));
}

TEST(RunConfig, SectionsOfOtherMethodsMayStandInTheFile) {
  EXPECT_EQ(make_run_config(parse_toml("method = 'mc_net'\n[text_semiseg]\nvariant = 'reference'", "test"), "test").method,
            "mc_net");
}

TEST(RunConfig, NamesTheFieldThatMayNotChangeOnTheWay) {
  const RunConfig stored = make_run_config(parse_toml("dataset = 'here'\n[train]\nthreads = 2", "test"), "test");
  RunConfig given = stored;
  given.dataset = "there";
  given.train.threads = 1;
  given.train.device = "cpu";
  given.train.checkpoint_every = 7;
  given.train.log_every = 3;
  given.sampler.threads = 2;
  given.sampler.queue = 9;
  given.inference.batch = 8;
  EXPECT_EQ(resume_difference(stored, given), "");
  given.train.time_budget = 60;
  EXPECT_EQ(resume_difference(stored, given), "train.time_budget");
  given.train.time_budget = 0;
  given.method_options["dca"]["start"] = 0.9;
  EXPECT_EQ(resume_difference(stored, given), "text_semiseg.dca.start");
  given.seed = 1;
  EXPECT_EQ(resume_difference(stored, given), "seed");
}

}  // namespace tss::run_config_test
