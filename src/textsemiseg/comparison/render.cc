#include <cctype>
#include <map>

#include "textsemiseg/base/aligned_table.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/document.h"

namespace tss {
namespace {

constexpr const char* kWarning = "These rows are NOT comparable; nothing is bold";
constexpr const char* kDifferences = "What differs between rows by configuration";

// Characters that would start something in Markdown; an underscore inside a word does not.
std::string markdown(const std::string& text) {
  std::string out;
  const auto is_word = [&](size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || (text[i] & 0x80) != 0);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = c == '_' && i > 0 && is_word(i - 1) && is_word(i + 1);
    if (std::string("|*`<\\").find(c) != std::string::npos || (c == '_' && !inside)) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string markdown(const DocumentCell& cell) {
  const std::string text = cell.bold ? "**" + markdown(cell.text) + "**" : markdown(cell.text);
  return cell.detail.empty() ? text : text + " " + markdown(cell.detail);
}

std::string markdown_line(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

// LaTeX's own characters, and those outside ASCII that this program writes.
std::string latex(const std::string& text) {
  static const std::map<std::string, std::string> signs = {{"&", "\\&"},
                                                           {"%", "\\%"},
                                                           {"$", "\\$"},
                                                           {"#", "\\#"},
                                                           {"_", "\\_\\allowbreak{}"},
                                                           {"{", "\\{"},
                                                           {"}", "\\}"},
                                                           {"<", "$<$"},
                                                           {">", "$>$"},
                                                           {"|", "$|$"},
                                                           {"\\", "\\textbackslash{}"},
                                                           {"~", "\\textasciitilde{}"},
                                                           {"^", "\\textasciicircum{}"},
                                                           {"±", "$\\pm$"},
                                                           {"–", "--"},
                                                           {"−", "$-$"},
                                                           {"+", "$+$"},
                                                           {"↑", "$\\uparrow$"},
                                                           {"↓", "$\\downarrow$"},
                                                           {"\n", " "},
                                                           {"[", "{[}"},
                                                           {"]", "{]}"},
                                                           {"\"", "''"}};
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    while (i + length < text.size() && (text[i + length] & 0xC0) == 0x80) ++length;
    const std::string sign = text.substr(i, length);
    const auto found = signs.find(sign);
    out += found == signs.end() ? sign : found->second;
    i += length;
  }
  return out;
}

// A second line of the row for the intervals, where there are any.
std::string latex_row(const std::vector<DocumentCell>& row) {
  std::vector<std::string> first, second;
  bool details = false;
  for (const DocumentCell& cell : row) {
    first.push_back(cell.bold ? "\\textbf{" + latex(cell.text) + "}" : latex(cell.text));
    second.push_back(cell.detail.empty() ? "" : "{\\scriptsize " + latex(cell.detail) + "}");
    details = details || !cell.detail.empty();
  }
  return join(first, " & ") + " \\\\\n" + (details ? join(second, " & ") + " \\\\[2pt]\n" : "");
}

std::string latex_table(const DocumentTable& table) {
  std::vector<std::string> columns;
  for (const std::string& column : table.columns) columns.push_back(latex(column));
  std::string out =
      "\\begin{table}[htbp]\n\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}\n\\caption{" + latex(table.caption) + "}\n";
  out += "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{l" +
         std::string(table.columns.size() - 1, 'c') + "}\n\\toprule\n" + join(columns, " & ") + " \\\\\n\\midrule\n";
  for (const auto& row : table.rows) out += latex_row(row);
  return out + "\\bottomrule\n\\end{tabular}}\n\\end{table}\n\n";
}

std::string latex_items(const std::vector<std::string>& items) {
  std::string out = "\\begin{itemize}\n";
  for (const std::string& item : items) out += "\\item " + item + "\n";
  return out + "\\end{itemize}\n";
}

}  // namespace

std::string render_markdown(const Document& document) {
  std::string out = "# " + markdown(document.title) + "\n\n";
  if (!document.warnings.empty()) {
    out += concat("**", kWarning, ":**\n\n");
    for (const std::string& warning : document.warnings) out += "- " + markdown(warning) + "\n";
    out += "\n";
  }
  out += "| setting | |\n| --- | --- |\n";
  for (const auto& [name, value] : document.facts) out += markdown_line({markdown(name), markdown(value)});
  for (const DocumentTable& table : document.tables) {
    out += "\n## " + markdown(table.caption) + "\n\n";
    std::vector<std::string> head;
    std::string rule = "|";
    for (const std::string& column : table.columns) {
      rule += head.empty() ? " --- |" : " :-: |";
      head.push_back(markdown(column));
    }
    out += markdown_line(head) + rule + "\n";
    for (const auto& row : table.rows) {
      std::vector<std::string> cells;
      for (const DocumentCell& cell : row) cells.push_back(markdown(cell));
      out += markdown_line(cells);
    }
  }
  if (!document.notes.empty()) out += "\n## Notes\n\n";
  for (const std::string& note : document.notes) out += "- " + markdown(note) + "\n";
  if (!document.differences.empty()) out += concat("\n## ", kDifferences, "\n\n");
  for (const auto& [row, values] : document.differences) out += "- **" + markdown(row) + "**: " + markdown(values) + "\n";
  return out;
}

std::string render_latex(const Document& document) {
  std::string out = "% " + document.title + "\n% Needs \\usepackage{booktabs,graphicx}.\n";
  if (!document.warnings.empty()) {
    std::vector<std::string> items;
    for (const std::string& warning : document.warnings) items.push_back(latex(warning));
    out += concat("\\textbf{", kWarning, ":}\n") + latex_items(items);
  }
  for (const DocumentTable& table : document.tables) out += latex_table(table);
  std::vector<std::string> items;
  for (const auto& [name, value] : document.facts) items.push_back("\\textbf{" + latex(name) + "}: " + latex(value));
  for (const std::string& note : document.notes) items.push_back(latex(note));
  out += "{\\footnotesize\\sloppy\n" + latex_items(items);
  if (!document.differences.empty()) {
    items.clear();
    for (const auto& [row, values] : document.differences) items.push_back("\\textbf{" + latex(row) + "}: " + latex(values));
    out += concat("\\noindent ", kDifferences, ":\n") + latex_items(items);
  }
  return out + "\\par}\n";
}

std::string render_text(const Document& document) {
  std::string out = document.title + "\n\n";
  std::vector<std::vector<std::string>> facts;
  for (const auto& [name, value] : document.facts) facts.push_back({name, value});
  out += aligned(facts);
  for (const DocumentTable& table : document.tables) {
    std::vector<std::vector<std::string>> rows{table.columns};
    for (const auto& row : table.rows) {
      rows.emplace_back();
      for (const DocumentCell& cell : row)
        rows.back().push_back((cell.bold ? "*" : "") + cell.text + (cell.bold ? "*" : "") +
                              (cell.detail.empty() ? "" : " " + cell.detail));
    }
    out += "\n" + table.caption + "\n" + aligned(rows);
  }
  if (!document.notes.empty()) out += "\n";
  for (const std::string& note : document.notes) out += note + "\n";
  if (!document.differences.empty()) out += concat("\n", kDifferences, ":\n");
  for (const auto& [row, values] : document.differences) out += "  " + row + ": " + values + "\n";
  if (!document.warnings.empty()) {
    out += concat("\n", kWarning, ":\n");
    for (const std::string& warning : document.warnings) out += "  " + warning + "\n";
  }
  return out;
}

}  // namespace tss
