#include "textsemiseg/page/short_paths.h"

#include <algorithm>
#include <filesystem>

namespace tss {
namespace {

constexpr const char* kBefore = " \t\n\"'`(=[{,;:<>|";  // a path may begin after one of these, or at the beginning
constexpr const char* kAfter = " \t\n\"'`)]},;<>|";

std::string last_name(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::filesystem::path(path).filename().string();
}

bool one_of(const char* letters, char letter) { return std::string(letters).find(letter) != std::string::npos; }

}  // namespace

std::string short_paths(std::string text, const std::vector<std::string>& known) {
  std::vector<std::string> longest_first;
  for (const std::string& path : known) {
    if (path.find('/') != std::string::npos && !last_name(path).empty()) longest_first.push_back(path);
  }
  std::sort(longest_first.begin(), longest_first.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const std::string& path : longest_first) {
    const std::string name = last_name(path);
    for (size_t at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
      const size_t end = at + path.size();
      const bool whole =
          (at == 0 || one_of(kBefore, text[at - 1])) && (end == text.size() || text[end] == '/' || one_of(kAfter, text[end]));
      // Of a path below it only what comes after: the loop below would not find its beginning any more.
      if (whole) text.replace(at, path.size(), name);
      at += whole ? name.size() : 1;
    }
  }
  for (size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at + 1)) {
    if (at > 0 && !one_of(kBefore, text[at - 1])) continue;
    size_t end = at;
    while (end < text.size() && !one_of(kAfter, text[end])) ++end;
    std::string path = text.substr(at, end - at), punctuation;
    while (!path.empty() && one_of(".:", path.back())) {
      punctuation = path.back() + punctuation;
      path.pop_back();
    }
    // " / " and "5 /3" are no paths.
    if (std::count(path.begin(), path.end(), '/') < 2 || path.find("//") == 0) continue;
    const std::string name = last_name(path);
    text.replace(at, end - at, name + punctuation);
    at += name.size() + punctuation.size();
    if (at >= text.size()) break;
  }
  return text;
}

void shorten_paths(Page& page, const std::vector<std::string>& known) {
  const auto shorten = [&](std::string& text) { text = short_paths(std::move(text), known); };
  const auto shorten_all = [&](std::vector<std::string>& texts) { std::for_each(texts.begin(), texts.end(), shorten); };
  const auto shorten_tables = [&](std::vector<PageTable>& tables) {
    for (PageTable& table : tables) {
      shorten(table.caption);
      shorten(table.note);
      shorten_all(table.columns);
      for (auto& row : table.rows) {
        for (PageCell& cell : row) {
          shorten(cell.text);
          shorten(cell.detail);
        }
      }
    }
  };
  shorten(page.title);
  shorten(page.result);
  shorten_all(page.introduction);
  shorten_all(page.warnings);
  for (PageSection& section : page.sections) {
    shorten_all(section.paragraphs);
    shorten_tables(section.tables);
    shorten_tables(section.folded);
    for (auto& [title, facts] : section.facts) {
      shorten(title);
      for (auto& [name, value] : facts) {
        shorten(name);
        shorten(value);
      }
    }
    if (section.overview) {
      for (auto& entry : section.overview->entries) shorten(entry.name);
    }
    for (std::vector<LineChart>* charts : {&section.charts, &section.more_charts}) {
      for (LineChart& chart : *charts) {
        for (Series& series : chart.series) shorten(series.name);
      }
    }
  }
  if (page.cases) {
    for (PageRow& row : page.cases->rows) shorten(row.name);
    for (PageCases::Still& still : page.cases->stills) shorten(still.caption);
    shorten_all(page.cases->notes);
  }
  if (page.live) shorten(page.live->state);
}

}  // namespace tss
