#include "textsemiseg/runs/recorded_text_encoder.h"

#include <algorithm>
#include <regex>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// "BERT ... (MiniLM), 4 prompt vectors per class, mean of 2 texts" -> "BERT ... (MiniLM)"; "table t.pth, row 3 'liver'" -> "table t.pth".
std::string without_class_part(const std::string& source) {
  static const std::regex prompts(", (no prompt vectors|\\d+ (shared )?prompt vectors).*$");
  static const std::regex rows(", (mean of )?row \\d+ '.*$");
  if (starts_with(source, "table ")) return std::regex_replace(source, rows, "");
  if (starts_with(source, "learned unit vector")) return "learned unit vector";
  return std::regex_replace(source, prompts, "");
}

// Weights that every run draws from its seed are no encoder of its own.
bool drawn_from_the_seed(const std::string& name) { return name.find("random weights") != std::string::npos; }

}  // namespace

bool RecordedTextEncoder::same_as(const RecordedTextEncoder& other) const {
  if (!used() || !other.used()) return true;
  return name == other.name && (hash.empty() || other.hash.empty() || hash == other.hash);
}

std::string RecordedTextEncoder::describe(bool with_hash) const {
  return name + (with_hash && !hash.empty() ? ", weights " + hash.substr(0, 8) : "");
}

RecordedTextEncoder recorded_text_encoder(const std::vector<std::string>& sources, const std::string& hash) {
  std::vector<std::string> names;
  for (const std::string& source : sources) {
    const std::string name = without_class_part(source);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  // Classes that no row of a table names have learned vectors: the table comes first, whichever class that is.
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return starts_with(b, "learned") && !starts_with(a, "learned");
  });
  const std::string name = join(names, " and ");
  return {name, drawn_from_the_seed(name) ? "" : hash};
}

}  // namespace tss
