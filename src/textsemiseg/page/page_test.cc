#include "textsemiseg/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "textsemiseg/base/error.h"
#include "textsemiseg/page/page_assets.h"
#include "textsemiseg/report/curves.h"
#include "textsemiseg/runs/scores.h"

namespace tss::page_test {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Every opened tag is closed in order; returns the first fault.
std::string fault_in_nesting(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const size_t end = html.find('>', at);
    if (end == std::string::npos) return "unclosed tag";
    const std::string tag = html.substr(at + 1, end - at - 1);
    const bool closing = tag[0] == '/';
    const size_t start = closing ? 1 : 0;
    const std::string name = tag.substr(start, tag.find_first_of(" /\n", start) - start);
    if (tag[0] == '!' || tag.back() == '/' || name == "meta" || name == "img" || name == "link") continue;
    if (!closing) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

Page example() {
  Page page;
  page.title = "A & B <demo>";
  page.result = "A <b> segments liver with a Dice of 0.5.";
  page.introduction = {"Two methods."};
  page.warnings = {"different seeds: 0 <a>, 1 <b>"};
  PageSection summary{.id = "summary", .title = "Summary"};
  summary.tables = {{"Dice", "A note.", {"Method", "liver <left>"}, {{{"supervised"}, {"50.0", "[40.0, 60.0]", true, 0.25}}}}};
  summary.overview = IntervalChart{"Dice", "Dice", 0, 1, {{"kidney", "supervised", 0.5, 0.4, 0.6, 0}}};
  summary.folded = {{"Tests", "", {"Method"}, {{{"x"}}}}};
  PageSection curves{.id = "curves", .title = "Curves"};
  LineChart chart;
  chart.title = "Loss";
  chart.x_label = "iteration";
  chart.series = {{"supervised </script>", {{0, 2}, {10, std::numeric_limits<double>::quiet_NaN()}, {20, 0.5}}, 0}};
  curves.charts = {chart};
  chart.title = "Weight of the term: consistency";
  curves.more_charts = {chart};
  PageSection cases{.id = "cases", .title = "Cases"};
  cases.cases = true;
  page.cases.emplace();
  page.cases->class_names = {"background", "liver <left>"};
  page.cases->columns = {"liver <left>"};
  page.cases->ids = {"case_1"};
  page.cases->rows = {{"supervised", "", 0}};
  page.cases->metrics = {{"dice", "Dice", "%", 100, 2, true, {{{std::nullopt}}}}};
  page.cases->stills = {{0, 0, "worst", RgbImage(4, 3)}};
  PageSection protocol{.id = "protocol", .title = "Protocol", .closed = true};
  protocol.facts = {{"", {{"name", "honest & open"}}}};
  page.sections = {summary, curves, cases, protocol};
  return page;
}

// Without what stands in script and style elements and in comments.
std::string markup(std::string html) {
  for (const auto& [open, close] : {std::pair{"<script", "</script>"}, {"<style", "</style>"}, {"<!--", "-->"}}) {
    for (size_t at = html.find(open); at != std::string::npos; at = html.find(open)) {
      const size_t end = html.find(close, at);
      html.erase(at, (end == std::string::npos ? html.size() : end + std::string(close).size()) - at);
    }
  }
  return html;
}

TEST(Page, HasEveryPartEscapedAndNested) {
  const std::string html = markup(render_page(example()));
  EXPECT_EQ(fault_in_nesting(html), "");
  EXPECT_THAT(html, HasSubstr("<title>A &amp; B &lt;demo&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("liver &lt;left&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<left>")));
  EXPECT_THAT(html,
              HasSubstr("<td style=\"--shade:0.250\" class=\"shaded\"><strong>50.0</strong><small>[40.0, 60.0]</small></td>"));
  EXPECT_THAT(html, HasSubstr("data:image/png;base64,iVBORw0KGgo"));
  EXPECT_THAT(html, HasSubstr("alt=\"Axial, coronal and sagittal slice of case_1"));
  EXPECT_THAT(html, HasSubstr("<dt>name</dt><dd>honest &amp; open</dd>"));
  EXPECT_THAT(html, HasSubstr("0 &lt;a&gt;"));
  EXPECT_THAT(html, HasSubstr("<summary>Tests</summary>"));
  EXPECT_THAT(html, HasSubstr("<p class=\"result\">A &lt;b&gt; segments"));
  EXPECT_THAT(html, HasSubstr("<details class=\"part\"><summary><h2 id=\"protocol-title\">Protocol</h2></summary>"));
  if (!page_assets().interactive()) return;
  const size_t folded = html.find("<summary>More curves");
  ASSERT_NE(folded, std::string::npos);
  EXPECT_LT(html.find("data-section=\"curves\" data-chart=\"0\""), folded);
  EXPECT_GT(html.find("data-section=\"curves\" data-chart=\"1\""), folded);
}

TEST(Page, NeedsNothingFromOutsideAndFitsThemesAndPhones) {
  const std::string html = render_page(example());
  EXPECT_THAT(markup(html), Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("width=device-width"));
}

TEST(Page, DataCannotEndTheirScript) {
  const std::string html = render_page(example());
  const size_t at = html.find("id=\"charts-curves\"");
  if (!page_assets().interactive()) GTEST_SKIP() << "built without NiiVue and uPlot";
  ASSERT_NE(at, std::string::npos);
  const std::string data = html.substr(at, html.find("</script>", at) - at);
  EXPECT_THAT(data, HasSubstr("supervised \\u003c/script>"));
  EXPECT_THAT(data, HasSubstr("[2.0,null,0.5]"));
  EXPECT_THAT(html, HasSubstr("Copyright (c) 2021, Niivue"));
  EXPECT_THAT(html, HasSubstr("Leon Sorokin"));
}

TEST(Page, WithoutUPlotItSaysSo) {
  const std::string html = markup(render_page(example()));
  const bool said = html.find("built without uPlot") != std::string::npos;
  EXPECT_NE(said, page_assets().interactive());
  EXPECT_NE(said, html.find("<figure class=\"curve\"") != std::string::npos);
}

TEST(Page, OfATrainingReloads) {
  Page page = example();
  page.live = PageLive{300, 1000, 10, "2026-01-01T00:00:00Z", "Training: iteration 300 of 1000."};
  const std::string html = markup(render_page(page));
  EXPECT_THAT(html, HasSubstr("data-reload=\"10\""));
  EXPECT_THAT(html, HasSubstr("value=\"0.3000\""));
}

TEST(Page, EstimateAsText) {
  EXPECT_EQ(format_estimate({0.8123, 0.0341, 0.785, 0.8364}, 3), "0.812 ± 0.034 [0.785, 0.836]");
  EXPECT_EQ(format_estimate({}, 3), "–");
}

TEST(Chart, LongRunsAreThinned) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < 30000; ++i) points.emplace_back(i, i % 2);
  const auto drawn = drawn_points(points);
  ASSERT_EQ(drawn.size(), 400u);
  EXPECT_THAT(drawn.front(), ::testing::Pair(DoubleNear(37, 1e-9), DoubleNear(37 / 75., 1e-9))) << "mean of the first 75";
  points.resize(400);
  EXPECT_EQ(drawn_points(points), points);
}

TEST(Chart, Ticks) {
  EXPECT_THAT(ticks(0, 1), ElementsAre(DoubleNear(0, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0.4, 1e-12),
                                       DoubleNear(0.6, 1e-12), DoubleNear(0.8, 1e-12), DoubleNear(1, 1e-12)));
  EXPECT_THAT(ticks(0, 300), ElementsAre(0, 100, 200, 300));
  EXPECT_THAT(ticks(3, 17), ElementsAre(5, 10, 15));
}

class CurvesTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    path_ = std::filesystem::path(::testing::TempDir()) / "report_curves_test.jsonl";
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(CurvesTest, ReadsScalarsByName) {
  const Curves curves =
      read_curves(write("{\"iteration\": 1, \"loss\": 2.5, \"dice\": {\"a\": [0.1, null]}, \"note\": \"x\"}\n"
                        "{\"event\": \"start\"}\n"
                        "{\"iteration\": 2, \"loss\": 1.5}\n"));
  ASSERT_EQ(curves.size(), 3u);
  EXPECT_THAT(curves.at("loss"), ElementsAre(std::pair(1.0, 2.5), std::pair(2.0, 1.5)));
  EXPECT_THAT(curves.at("dice.a.0"), ElementsAre(std::pair(1.0, 0.1)));
  EXPECT_TRUE(std::isnan(curves.at("dice.a.1").at(0).second));
}

TEST_F(CurvesTest, ALineCutOffAtTheEndIsLeftOutButNotOneInTheMiddle) {
  EXPECT_EQ(read_curves(write("{\"iteration\": 1, \"loss\": 2}\n{\"iteration\": 2, \"lo")).at("loss").size(), 1u);
  EXPECT_THROW(read_curves(write("{\"iteration\": 1, \"lo\n{\"iteration\": 2, \"loss\": 2}\n")), InputError);
  EXPECT_THROW(read_curves("/nonexistent/log.jsonl"), InputError);
}

}  // namespace tss::page_test
