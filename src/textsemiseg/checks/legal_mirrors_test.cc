#include "textsemiseg/checks/legal_mirrors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tss::legal_mirrors_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LegalMirrors, AllWhereNoClassIsASide) {
  EXPECT_THAT(legal_mirrors({"background", "liver", "pancreas tumour", "Bright spot", "rib 4"}, true).axes, ElementsAre(0, 1, 2));
  EXPECT_THAT(legal_mirrors({"background", "liver"}, false).axes, ElementsAre(0, 1, 2));
}

TEST(LegalMirrors, NamesOfSidesForbidTheirAxis) {
  EXPECT_THAT(legal_mirrors({"background", "left kidney", "liver"}, true).axes, ElementsAre(1, 2));
  EXPECT_THAT(legal_mirrors({"background", "RightLung"}, true).axes, ElementsAre(1, 2));
  EXPECT_THAT(legal_mirrors({"background", "kidney_L"}, true).axes, ElementsAre(1, 2));
  EXPECT_THAT(legal_mirrors({"background", "Anterior", "Posterior"}, true).axes, ElementsAre(0, 2));
  const LegalMirrors lobe = legal_mirrors({"background", "lung_upper_lobe_left"}, true);
  EXPECT_THAT(lobe.axes, ElementsAre(1));
  EXPECT_THAT(lobe.reasons, ElementsAre("not left-right: class 'lung_upper_lobe_left' is named after a side",
                                        "not bottom-top: class 'lung_upper_lobe_left' is named after a side"));
}

TEST(LegalMirrors, NoneWhereTheAxesAreUnknownAndASideIsNamed) {
  const LegalMirrors mirrors = legal_mirrors({"background", "left atrium"}, false);
  EXPECT_THAT(mirrors.axes, IsEmpty());
  EXPECT_THAT(mirrors.reasons, ElementsAre(HasSubstr("do not say which axis")));
}

TEST(LegalMirrors, TheBackgroundIsNotRead) {
  EXPECT_THAT(legal_mirrors({"left over", "liver"}, true).axes, ElementsAre(0, 1, 2));
}

}  // namespace tss::legal_mirrors_test
