// A run of an earlier version goes on with the arithmetic it began with, or says in which key it differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::earlier_run_test {

struct Key {
  const char* method;
  const char* section;  // where the key stands
  const char* key;      // its name there
};

TEST(EarlierRun, KeysItDidNotKnowKeepTheirEarlierMeaning) {
  for (const Key& one :
       {Key{"text_semiseg", "dca", "updates"}, Key{"mc_net", "", "absent_class"}, Key{"dtc", "", "absent_class"},
        Key{"mlrp", "", "absent_class"}, Key{"vclip_seg", "", "absent_class"}, Key{"bs_net", "", "critic_bound"}}) {
    SCOPED_TRACE(one.method);
    const testing::TemporaryFolder folder;
    const RunConfig today = make_run_config({{"method", one.method}, {"dataset", "D"}}, "test");
    Json written = resolved(today);
    Json& section = *one.section ? written[one.method][one.section] : written[one.method];
    ASSERT_TRUE(section.contains(one.key));
    const Json value = section[one.key];
    section.erase(one.key);
    write_text_file(RunFolder{folder.path()}.config(), to_toml(written));
    const RunConfig stored = read_run_config(folder.path());
    const Json& options = stored.method_options;
    EXPECT_NE((*one.section ? options[one.section] : options)[one.key], value) << "today's default is another";
    const std::string name = std::string(one.method) + "." + (*one.section ? std::string(one.section) + "." : "") + one.key;
    EXPECT_EQ(resume_difference(stored, today), name) << "never silently";
    EXPECT_EQ(resume_difference(stored, stored), "");
    // What a run of today wrote is read as it stands.
    write_text_file(RunFolder{folder.path()}.config(), to_toml(resolved(today)));
    EXPECT_EQ(resume_difference(read_run_config(folder.path()), today), "");
  }
}

TEST(EarlierRun, ReferenceNeverHadTheSwitches) {
  const testing::TemporaryFolder folder;
  Json written = resolved(make_run_config({{"method", "text_semiseg"}, {"text_semiseg", {{"variant", "reference"}}}}, "test"));
  written["text_semiseg"]["dca"].erase("updates");
  written["text_semiseg"].erase("ramp");
  write_text_file(RunFolder{folder.path()}.config(), to_toml(written));
  EXPECT_EQ(read_run_config(folder.path()).method_options["variant"], "reference");
}

}  // namespace tss::earlier_run_test
