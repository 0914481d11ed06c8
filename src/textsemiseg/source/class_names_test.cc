#include "textsemiseg/source/class_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tss::class_names_test {

TEST(ClassNames, NamesThatMeanNothing) {
  for (const char* name : {"label1", "ROI_2", "ROI-2", "class 3", "Label_01", "mask", "foreground", "1", "", "object A",
                           "Structure 12", "seg_4", "region of interest 2"}) {
    EXPECT_TRUE(is_meaningless(name)) << name;
  }
}

TEST(ClassNames, NamesThatMeanSomething) {
  for (const char* name :
       {"left atrium", "Anterior", "tumour", "liver_1", "LA", "L1 vertebra", "organ of Corti", "脾臓", "Leber", "mass"}) {
    EXPECT_FALSE(is_meaningless(name)) << name;
  }
}

TEST(ClassNames, ATextGivesAMeaninglessNameItsMeaning) {
  const std::vector<std::string> names = {"label0", "label1", "ROI_2"};
  EXPECT_THAT(meaningless_classes(names, {}), ::testing::ElementsAre("label1", "ROI_2"));
  EXPECT_THAT(meaningless_classes(names, {{"label0"}, {"label1"}, {"ROI_2", "spleen"}}), ::testing::ElementsAre("label1"));
  EXPECT_EQ(meaningless_warning({"background", "spleen"}, {}), "");
  EXPECT_THAT(meaningless_warning(names, {}), ::testing::StartsWith("'label1', 'ROI_2' are names that say nothing"));
}

}  // namespace tss::class_names_test
