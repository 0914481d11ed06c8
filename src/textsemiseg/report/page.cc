#include "textsemiseg/report/page.h"

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/html.h"

namespace tss {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --line: #d8dde6; --ground: #ffffff; --panel: #f5f7fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7ebf2; --soft: #a0abbd; --line: #353d4b; --ground: #12161d; --panel: #1a202a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 3rem; max-width: 66rem; background: var(--ground); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .4rem 0 .8rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { max-width: 46rem; margin: .5rem 0; }
.note, figcaption { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: nowrap; }
td small { color: var(--soft); display: block; }
.facts td { white-space: normal; overflow-wrap: anywhere; }
.facts td:first-child { color: var(--soft); white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem; }
.overview { max-width: 38rem; }
figure { margin: 0; padding: .8rem; background: var(--panel); border-radius: .5rem; min-width: 0; }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.chart .grid { stroke: var(--line); }
.chart .axis { stroke: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .9rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .35rem; vertical-align: -.08rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 45%), 1fr)); gap: .8rem; max-width: 54rem; }
.pictures img { width: 100%; height: auto; display: block; border-radius: .3rem; }
)css";

std::string number(const std::optional<double>& value, int digits) { return value ? fixed(*value, digits) : "–"; }

std::string cell(const Estimate& value, int digits) {
  std::string result = "<td>" + number(value.mean, digits);
  if (value.deviation) result += " ± " + number(value.deviation, digits);
  if (value.low && value.high) result += "<small>[" + fixed(*value.low, digits) + ", " + fixed(*value.high, digits) + "]</small>";
  return result + "</td>";
}

std::string render(const ScoreTable& table) {
  std::string result = "<h3>" + html_escape(table.title) + "</h3>\n";
  if (!table.note.empty()) result += "<p class=\"note\">" + html_escape(table.note) + "</p>\n";
  result += "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">method</th>";
  for (const std::string& column : table.columns) result += "<th scope=\"col\">" + html_escape(column) + "</th>";
  result += "</tr></thead>\n<tbody>\n";
  for (const ScoreTable::Row& row : table.rows) {
    result += "<tr><th scope=\"row\">" + html_escape(row.name) + "</th>";
    for (const Estimate& value : row.values) result += cell(value, table.digits);
    result += "</tr>\n";
  }
  return result + "</tbody></table></div>\n";
}

std::string class_key(const std::vector<std::string>& names) {
  std::string result = "<p class=\"legend\">";
  for (size_t k = 1; k < names.size(); ++k) {
    const Rgb colour = class_colour(static_cast<int64_t>(k));
    result += concat("<span><i style=\"background:", css_colour(colour), "\"></i>", html_escape(names[k]), "</span> ");
  }
  return result + "</p>\n<p class=\"note\">Solid lines: prediction. Dashed, lighter lines: reference.</p>\n";
}

std::string render(const PictureRow& row) {
  std::string result = "<h3>" + html_escape(row.title) + "</h3>\n<div class=\"pictures\">\n";
  for (const Picture& picture : row.pictures) {
    result += concat("<figure><img alt=\"", html_escape(row.title + ", " + picture.caption), "\" width=\"", picture.image.width,
                     "\" height=\"", picture.image.height, "\" src=\"data:image/png;base64,", base64(encode_png(picture.image)),
                     "\"><figcaption>", html_escape(picture.caption), "</figcaption></figure>\n");
  }
  return result + "</div>\n";
}

std::string render(const Facts& facts) {
  std::string result = "<div class=\"scroll\"><table class=\"facts\"><tbody>\n";
  for (const auto& [name, value] : facts) {
    result += "<tr><td>" + html_escape(name) + "</td><td>" + html_escape(value) + "</td></tr>\n";
  }
  return result + "</tbody></table></div>\n";
}

}  // namespace

std::string format_estimate(const Estimate& value, int digits) {
  std::string result = number(value.mean, digits);
  if (value.deviation) result += " ± " + number(value.deviation, digits);
  if (value.low && value.high) result += " [" + fixed(*value.low, digits) + ", " + fixed(*value.high, digits) + "]";
  return result;
}

std::string render_page(const Page& page) {
  std::string body = "<h1>" + html_escape(page.title) + "</h1>\n";
  for (const std::string& paragraph : page.introduction) body += "<p>" + html_escape(paragraph) + "</p>\n";
  if (!page.tables.empty() || page.overview) body += "<h2>Scores</h2>\n";
  if (page.overview) body += "<div class=\"charts overview\">\n" + interval_chart(*page.overview) + "</div>\n";
  for (const ScoreTable& table : page.tables) body += render(table);
  if (!page.pictures.empty()) {
    body += "<h2>Slices</h2>\n" + class_key(page.class_names);
    for (const PictureRow& row : page.pictures) body += render(row);
  }
  if (!page.charts.empty()) {
    body += "<h2>Curves</h2>\n<div class=\"charts\">\n";
    for (const LineChart& chart : page.charts) body += line_chart(chart);
    body += "</div>\n";
  }
  for (const auto& [title, facts] : page.sections) body += "<h2>" + html_escape(title) + "</h2>\n" + render(facts);
  return concat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>", html_escape(page.title),
                "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n", body, "</body>\n</html>\n");
}

void write_page(const std::filesystem::path& path, const Page& page) { write_text_file(path, render_page(page)); }

}  // namespace tss
