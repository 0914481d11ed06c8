#include "textsemiseg/methods/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/methods/released/dtc_text.h"
#include "textsemiseg/methods/released/text_semiseg.h"
#include "textsemiseg/methods/released/ua_mt_text.h"

namespace tss::registry_test {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::StartsWith;

std::string make_error(const std::string& method, const std::string& options, int64_t classes = 2, bool with_text = true) {
  MethodSetup setup = testing::tiny_setup(classes);
  if (!with_text) setup.text = nullptr;
  return input_error_of([&] { method_info(method).make(Json::parse(options), "run.toml", setup); });
}

TEST(Registry, HoldsTheMethodsOnceEach) {
  const auto names = method_names();
  for (const char* name : {"supervised", "mc_net", "text_semiseg"}) EXPECT_THAT(names, Contains(name));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const auto& info : methods()) EXPECT_FALSE(info.summary.empty()) << info.name;
  for (const char* name : {"vclip_seg", "text_semiseg"}) EXPECT_TRUE(method_info(name).uses_text(Json::object())) << name;
  EXPECT_FALSE(method_info("mc_net").uses_text(Json::object()));
  for (const char* name : {"ua_mt", "dtc"})
    for (const bool text : {false, true})
      EXPECT_EQ(method_info(name).uses_text(method_info(name).resolve({{"text", text}}, "test")), text) << name;
  EXPECT_FALSE(method_info("supervised").uses_unlabelled);
}

TEST(Registry, UnknownMethodNamesTheNearestAndAll) {
  const std::string error = input_error_of([] { method_info("text_semisg"); });
  EXPECT_THAT(error, AllOf(StartsWith("method: found 'text_semisg' (did you mean 'text_semiseg'?)"), HasSubstr("supervised"),
                           HasSubstr("mc_net")));
}

TEST(Registry, UnknownKeyNamesTheNearest) {
  EXPECT_THAT(make_error("mc_net", R"({"ramp_shar": 0.5})"),
              StartsWith("run.toml: mc_net.ramp_shar: is not a known key (did you mean 'ramp_share'?)"));
  EXPECT_THAT(make_error("text_semiseg", R"({"tmr": {"fusio": "none"}})"),
              StartsWith("run.toml: text_semiseg.tmr.fusio: is not a known key (did you mean 'fusion'?)"));
  EXPECT_THAT(make_error("supervised", R"({"weight": 1})"), StartsWith("run.toml: supervised.weight: is not a known key"));
}

TEST(Registry, WrongTypesAndValuesNameTheField) {
  const auto text = [](const std::string& options) { return make_error("text_semiseg", options); };
  EXPECT_THAT(text(R"({"csa": {"enabled": 1}})"), HasSubstr("text_semiseg.csa.enabled"));
  EXPECT_THAT(text(R"({"tmr": {"fusion": "planes"}})"),
              HasSubstr("text_semiseg.tmr.fusion: found 'planes'; expected multiplanar, repeat or none"));
  EXPECT_THAT(text(R"({"variant": "released"})"),
              HasSubstr("text_semiseg.variant: found 'released'; expected paper or reference"));
  EXPECT_THAT(text(R"({"consistency_weight": -1})"), HasSubstr("text_semiseg.consistency_weight: found -1"));
  EXPECT_THAT(text(R"({"tmr": {"heads": 3}})"), HasSubstr("tmr.heads: found 3"));
  EXPECT_THAT(text(R"({"tmr": {"fusion": "none", "attention": "both"}})"), HasSubstr("tmr.attention: found 'both'"));
  EXPECT_THAT(text(R"({"csa": {"pool": "max"}})"), HasSubstr("csa.pool: found 'max'"));
  EXPECT_THAT(text(R"({"dca": {"start": 2}})"), HasSubstr("dca.start: found 2"));
  EXPECT_THAT(make_error("mc_net", R"({"ramp_share": 1.5})"), HasSubstr("mc_net.ramp_share: found 1.5"));
  for (const char* name : {"mc_net_plus", "mlrp", "vclip_seg"})
    EXPECT_THAT(make_error(name, R"({"ramp_share": 1.5})"), HasSubstr(concat(name, ".ramp_share: found 1.5")));
  EXPECT_THAT(make_error("mc_net", R"({"consistency_weight": -0.1})"), HasSubstr("mc_net.consistency_weight: found -0.1"));
  EXPECT_THAT(make_error("mc_net", R"({"variant": ""})"), HasSubstr("mc_net.variant: found ''"));
}

TEST(Registry, ReferenceIsBinaryAndHasNoSwitches) {
  EXPECT_EQ(make_error("text_semiseg", R"({"variant": "reference"})", 2), "no error");
  EXPECT_THAT(make_error("text_semiseg", R"({"variant": "reference"})", 3),
              HasSubstr("text_semiseg.variant: 'reference' with 3 classes; expected 2"));
  EXPECT_THAT(make_error("text_semiseg", R"({"variant": "reference", "csa": {"enabled": false}})"),
              HasSubstr("text_semiseg.csa.enabled: found false with variant 'reference'; expected true"));
  EXPECT_THAT(make_error("text_semiseg", R"({"variant": "reference", "dca": {"start": 0}})"),
              HasSubstr("text_semiseg.dca.start"));
  EXPECT_EQ(make_error("text_semiseg", R"({"variant": "reference", "consistency_weight": 0.2, "tmr": {"dropout": 0}})"),
            "no error");
}

TEST(Registry, TheReleasedNetworksWithTextsAreChosenByTheVariant) {
  const auto makes = [](const std::string& method, const std::string& options) {
    return method_info(method).make(Json::parse(options), "run.toml", testing::tiny_setup(2));
  };
  const std::string text = R"("text": true, "tmr": {"dropout": 0})", paper_tmr = R"("tmr": {"dimension": 16, "heads": 2})";
  EXPECT_TRUE(std::dynamic_pointer_cast<UaMtTextReleased>(makes("ua_mt", R"({"variant": "reference", )" + text + "}")));
  EXPECT_TRUE(std::dynamic_pointer_cast<DtcTextReleased>(makes("dtc", R"({"variant": "reference", )" + text + "}")));
  EXPECT_TRUE(std::dynamic_pointer_cast<TextSemiSegReleased>(makes("text_semiseg", R"({"variant": "reference"})")));
  const std::vector<std::string> of_the_paper = {R"({"variant": "reference"})", R"({"text": true, )" + paper_tmr + "}"};
  for (const std::string& options : of_the_paper) {
    EXPECT_TRUE(std::dynamic_pointer_cast<UaMt>(makes("ua_mt", options))) << options;
    EXPECT_TRUE(std::dynamic_pointer_cast<Dtc>(makes("dtc", options))) << options;
  }
  EXPECT_TRUE(std::dynamic_pointer_cast<TextSemiSeg>(makes("text_semiseg", "{" + paper_tmr + "}")));
}

TEST(Registry, AMethodWithTextNeedsASource) {
  for (const char* variant : {"paper", "reference"})
    EXPECT_THAT(make_error("text_semiseg", concat(R"({"variant": ")", variant, R"("})"), 2, false),
                StartsWith("text: no text source"));
  EXPECT_EQ(make_error("mc_net", "{}", 2, false), "no error");
}

TEST(Registry, ResolvedOptionsHoldEveryDefaultAndReadBackTheSame) {
  for (const auto& info : methods()) {
    const Json once = info.resolve(Json::object(), "test");
    EXPECT_EQ(info.resolve(once, "test"), once) << info.name;
  }
  const Json options = method_info("text_semiseg").resolve(Json::parse(R"({"csa": {"normalise": true}})"), "test");
  EXPECT_EQ(options.at("variant"), "paper");
  EXPECT_EQ(options.at("tmr").at("fusion"), "multiplanar");
  EXPECT_EQ(options.at("csa").at("normalise"), true);
  EXPECT_EQ(options.at("dca").at("start"), 0.2);
  EXPECT_EQ(options.at("consistency_weight"), 0.1);
}

}  // namespace tss::registry_test
