#include "textsemiseg/page/page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/page/page_assets.h"
#include "textsemiseg/report/colours.h"

namespace tss {
namespace {

// JSON inside a script element: the only sequence that could end it is broken up.
std::string data_script(const std::string& id, const std::string& json) {
  std::string text;
  text.reserve(json.size() + 64);
  for (const char c : json) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return "<script type=\"application/json\" id=\"" + html_escape(id) + "\">" + text + "</script>\n";
}

std::string paragraph(const std::string& text, const char* style = "") {
  return concat("<p", *style ? concat(" class=\"", style, "\"") : "", ">", html_escape(text), "</p>\n");
}

std::string render(const PageCell& cell, const char* tag) {
  std::string out = concat("<", tag);
  if (std::string(tag) == "th") out += " scope=\"row\"";
  if (cell.shade > 0) out += concat(" style=\"--shade:", fixed(cell.shade, 3), "\" class=\"shaded\"");
  out += ">";
  out += cell.bold ? "<strong>" + html_escape(cell.text) + "</strong>" : html_escape(cell.text);
  if (!cell.detail.empty()) out += "<small>" + html_escape(cell.detail) + "</small>";
  return out + concat("</", tag, ">");
}

std::string render(const PageTable& table, bool captioned = true) {
  // The caption stands outside of what scrolls sideways, so that it wraps on a phone.
  std::string out = "<div class=\"table\">\n";
  out += captioned && !table.caption.empty() ? "<h3>" + html_escape(table.caption) + "</h3>\n" : "";
  out += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + html_escape(table.caption) + "\"><table>\n";
  out += "<thead><tr>";
  for (const std::string& column : table.columns) out += "<th scope=\"col\">" + html_escape(column) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) out += render(row[i], i == 0 ? "th" : "td");
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (!table.note.empty()) out += paragraph(table.note, "note");
  return out + "</div>\n";
}

std::string render(const Facts& facts) {
  std::string out = "<dl>\n";
  for (const auto& [name, value] : facts) out += "<dt>" + html_escape(name) + "</dt><dd>" + html_escape(value) + "</dd>\n";
  return out + "</dl>\n";
}

std::string folded(const std::string& summary, const std::string& body) {
  return "<details><summary>" + html_escape(summary) + "</summary>\n" + body + "</details>\n";
}

nlohmann::json chart_data(const std::vector<LineChart>& charts) {
  nlohmann::json out = nlohmann::json::array();
  for (const LineChart& chart : charts) {
    nlohmann::json series = nlohmann::json::array();
    for (const Series& one : chart.series) {
      nlohmann::json x = nlohmann::json::array(), y = nlohmann::json::array();
      for (const auto& [px, py] : drawn_points(one.points)) {
        x.push_back(px);
        y.push_back(py);  // not finite: null
      }
      series.push_back({{"name", one.name}, {"colour", css_colour(series_colour(one.colour))}, {"x", x}, {"y", y}});
    }
    nlohmann::json entry{{"title", chart.title}, {"x_label", chart.x_label}, {"series", series}};
    if (chart.y_low) entry["low"] = *chart.y_low;
    if (chart.y_high) entry["high"] = *chart.y_high;
    out.push_back(entry);
  }
  return out;
}

// The first `open` ones are shown at once.
std::string render_charts(const std::vector<LineChart>& charts, size_t open, const std::string& section) {
  if (!page_assets().interactive())
    return paragraph(
        "This program was built without uPlot (npm was not at hand): no curves. Their values are in log.jsonl and tensorboard/ "
        "of each run.",
        "note");
  const auto figures = [&](size_t begin, size_t end) {
    std::string out = "<div class=\"charts\">\n";
    for (size_t i = begin; i < end; ++i)
      out += concat("<figure class=\"curve\" data-section=\"", section, "\" data-chart=\"", i, "\"><figcaption>",
                    html_escape(charts[i].title), "</figcaption></figure>\n");
    return out + "</div>\n";
  };
  std::string out = figures(0, open);
  if (open < charts.size())
    out +=
        folded("More curves: each class, terms of the loss, weights and switches, learning rate", figures(open, charts.size()));
  return out + data_script("charts-" + section, chart_data(charts).dump());
}

std::string class_key(const std::vector<std::string>& names) {
  std::string out = "<p class=\"legend\">";
  for (size_t k = 1; k < names.size(); ++k)
    out += concat("<span><i style=\"background:", css_colour(class_colour(static_cast<int64_t>(k))), "\"></i>",
                  html_escape(names[k]), "</span> ");
  return out + "</p>\n";
}

std::string still_pictures(const PageCases& cases) {
  std::string out =
      class_key(cases.class_names) +
      paragraph("Solid lines: prediction. Dashed, lighter lines: reference. From left: axial, coronal, sagittal.", "note");
  std::string current;
  for (const PageCases::Still& still : cases.stills) {
    const std::string id = cases.ids[still.index];
    if (id != current)
      out += (current.empty() ? "" : "</div>\n") +
             concat("<h3>", html_escape(id), "</h3>\n<div class=\"stills\" data-case=\"", html_escape(id), "\">\n");
    current = id;
    const std::string alt =
        concat("Axial, coronal and sagittal slice of ", id, " with the outlines of the reference and of the prediction of ",
               cases.rows[still.row].name, "; ", still.caption);
    out += concat("<figure><img alt=\"", html_escape(alt), "\" width=\"", still.picture.width, "\" height=\"",
                  still.picture.height, "\" src=\"data:image/png;base64,", base64(encode_png(still.picture)), "\"><figcaption>",
                  html_escape(concat(cases.rows[still.row].name, ": ", still.caption)), "</figcaption></figure>\n");
  }
  return current.empty() ? "" : out + "</div>\n";
}

std::string render(const PageCases& cases, const std::string& overview) {
  // On a wide screen the viewer stands beside the plot of cases.
  std::string out = "<div class=\"beside\">\n<div>\n" + overview +
                    "<div id=\"cases-plot\"></div>\n</div>\n<div id=\"case-panel\"></div>\n</div>\n";
  for (const std::string& note : cases.notes) out += paragraph(note, "note");
  const std::string stills = still_pictures(cases);
  if (!page_assets().interactive()) {
    out += paragraph(
        "This program was built without NiiVue and uPlot (npm was not at hand): still pictures instead of the viewer.", "note");
  }
  if (!stills.empty()) out += "<details id=\"stills\"><summary>Still pictures</summary>\n" + stills + "</details>\n";
  out += data_script("cases-data", to_json(cases).dump());
  for (const auto& [id, text] : cases.volumes) {
    if (page_assets().interactive()) out += data_script("volume-" + id, text);
  }
  return out;
}

std::string render(const PageSection& section, const Page& page) {
  const std::string headline = concat("<h2 id=\"", section.id, "-title\">", html_escape(section.title), "</h2>");
  std::string out;
  for (const std::string& text : section.paragraphs) out += paragraph(text);
  const bool beside = section.cases && page.cases;
  const std::string overview =
      section.overview ? "<div class=\"overview\">\n" + interval_chart(*section.overview) + "</div>\n" : "";
  out += beside ? render(*page.cases, overview) : overview;
  for (const PageTable& table : section.tables) out += render(table);
  for (const PageTable& table : section.folded) out += folded(table.caption, render(table, false));
  std::vector<LineChart> charts = section.charts;
  charts.insert(charts.end(), section.more_charts.begin(), section.more_charts.end());
  if (!charts.empty()) out += render_charts(charts, section.charts.size(), section.id);
  for (const auto& [title, facts] : section.facts) out += title.empty() ? render(facts) : folded(title, render(facts));
  out = section.closed ? "<details class=\"part\"><summary>" + headline + "</summary>\n" + out + "</details>\n"
                       : headline + "\n" + out;
  return concat("<section id=\"", section.id, "\" aria-labelledby=\"", section.id, "-title\">\n", out, "</section>\n");
}

std::string live_bar(const PageLive& live) {
  const double share = live.iterations > 0 ? static_cast<double>(live.iteration) / static_cast<double>(live.iterations) : 0;
  return concat("<div id=\"live\" role=\"status\" data-reload=\"", live.reload_seconds, "\" data-written=\"", live.written, "\">",
                "<progress max=\"1\" value=\"", fixed(share, 4), "\" aria-label=\"training progress\"></progress><p>",
                html_escape(live.state), "</p></div>\n");
}

std::string script(std::string_view text) { return concat("<script>", text, "</script>\n"); }

}  // namespace

std::string render_page(const Page& page) {
  const PageAssets& assets = page_assets();
  const bool viewer = page.cases && !page.cases->volumes.empty() && assets.interactive();
  const bool curves = std::any_of(page.sections.begin(), page.sections.end(),
                                  [](const PageSection& s) { return !s.charts.empty() || !s.more_charts.empty(); });
  std::string body =
      "<header>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<h1>" + html_escape(page.title) + "</h1>\n";
  if (!page.result.empty()) body += paragraph(page.result, "result");
  for (const std::string& text : page.introduction) body += paragraph(text, "lead");
  if (page.live) body += live_bar(*page.live);
  if (!page.warnings.empty()) {
    body += "<div class=\"warning\" role=\"note\">\n";
    for (const std::string& warning : page.warnings) body += paragraph(warning);
    body += "</div>\n";
  }
  body += "</header>\n<nav aria-label=\"Parts of this page\">\n";
  for (const PageSection& section : page.sections)
    body += concat("<a href=\"#", section.id, "\">", html_escape(section.title), "</a>\n");
  body += "</nav>\n<main id=\"main\">\n";
  for (const PageSection& section : page.sections) body += render(section, page);
  body += "</main>\n";
  std::string head = concat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                            "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
                            html_escape(page.title), "</title>\n");
  if (viewer || (curves && assets.interactive()))
    head += concat("<!-- Licences of the libraries in this page:\n", assets.notices, "\n-->\n");
  head += concat("<style>", curves ? assets.uplot_style : "", assets.style, "</style>\n");
  if (curves && assets.interactive()) body += script(assets.uplot);
  if (viewer) body += script(assets.niivue);
  body += script(assets.script);
  return head + "</head>\n<body>\n" + body + "</body>\n</html>\n";
}

size_t write_page(const std::filesystem::path& path, const Page& page) {
  const std::string text = render_page(page);
  write_text_file(path, text);
  return text.size();
}

}  // namespace tss
