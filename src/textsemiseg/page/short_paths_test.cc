#include "textsemiseg/page/short_paths.h"

#include <gtest/gtest.h>

namespace tss::short_paths_test {

TEST(ShortPaths, KeepTheLastName) {
  EXPECT_EQ(short_paths("/home/secret/folds/f0.json"), "f0.json");
  EXPECT_EQ(short_paths("split = \"/home/secret/folds/f0.json\", [/a/b/, /c/d.txt]."), "split = \"f0.json\", [b, d.txt].");
  EXPECT_EQ(short_paths("/data/x/scan.nii.gz: lies on another grid"), "scan.nii.gz: lies on another grid");
  EXPECT_EQ(short_paths("found in /data/x/run."), "found in run.");
}

TEST(ShortPaths, LeaveOtherWordsAlone) {
  for (const char* text : {"liver/bile", "mean / max", "5 /3", "s/step", "https://example.org/a/b", "folds/f0.json", ""})
    EXPECT_EQ(short_paths(text), text);
}

TEST(ShortPaths, KnownOnesMayHaveSpacesAndBeRelative) {
  const std::vector<std::string> known{"/home/Jane Doe/my folds/f 0.json", "../Jane/runs/a", "/home/Jane Doe"};
  EXPECT_EQ(short_paths("[/home/Jane Doe/my folds/f 0.json]", known), "[f 0.json]");
  EXPECT_EQ(short_paths("evaluate --run ../Jane/runs/a --role test", known), "evaluate --run a --role test");
  EXPECT_EQ(short_paths("../Jane/runs/ab", known), "../Jane/runs/ab");
}

TEST(ShortPaths, InEveryWordOfAPage) {
  const std::string path = "/home/secret/runs/a";
  Page page;
  page.title = path;
  page.introduction = page.warnings = {path};
  PageSection section{.id = "x", .title = "X"};
  section.paragraphs = {path};
  section.tables = section.folded = {{path, path, {path}, {{{path, path}}}}};
  section.facts = {{path, {{"split", path}}}};
  section.overview.emplace();
  section.overview->entries = {{"mean", path, 0.5, 0.4, 0.6, 0}};
  section.charts = {{"loss", "iteration", {}, {}, {{path, {{1, 1}, {2, 1}}, 0}}}};
  page.sections.push_back(section);
  page.cases.emplace();
  page.cases->ids = {"case_0"};
  page.cases->rows = {{path, "", 0}};
  page.cases->notes = {path};
  page.cases->stills.push_back({0, 0, path, RgbImage(2, 2)});
  page.live = PageLive{.written = "now", .state = path};
  shorten_paths(page, {});
  EXPECT_EQ(render_page(page).find("secret"), std::string::npos);
}

}  // namespace tss::short_paths_test
