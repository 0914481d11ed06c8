// A comparison for people, before it becomes Markdown, LaTeX or lines on a terminal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/comparison/comparison.h"

namespace tss {

struct DocumentCell {
  std::string text, detail;  // "83.56 ± 0.42", "[81.72, 85.22]"
  bool bold = false;
};

struct DocumentTable {
  std::string caption;
  std::vector<std::string> columns;  // the first names the rows
  std::vector<std::vector<DocumentCell>> rows;
};

struct Document {
  std::string title;
  std::vector<std::string> warnings;  // empty: the rows are comparable
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<DocumentTable> tables;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, std::string>> differences;  // row, what it has
};

// metrics: names of those shown by class, with mean ranks and tests (at least one); the others appear in the first table alone.
Document document_of(const Comparison& comparison, const std::vector<std::string>& metrics);

std::string render_markdown(const Document& document);  // GitHub's tables
// Tables and notes to \input; needs the packages booktabs and graphicx (wide tables are scaled to the line), and UTF-8 input,
// which LaTeX has had as its default since 2018.
std::string render_latex(const Document& document);
std::string render_text(const Document& document);  // for a terminal

}  // namespace tss
