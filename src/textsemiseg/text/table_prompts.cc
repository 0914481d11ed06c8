#include "textsemiseg/text/table_prompts.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

using Words = std::vector<std::string>;

fs::path prompts_file(const fs::path& table, const fs::path& given) {
  if (!given.empty()) return given;
  for (const fs::path& beside : {table.parent_path() / "embedding_prompts.json", fs::path(table).replace_extension(".json")}) {
    if (fs::exists(beside)) return beside;
  }
  const std::string name = table.filename().string();
  throw InputError(table.string(), "has no list of its prompts",
                   "embedding_prompts.json beside it ({\"" + name + "\": [\"prompt of row 1\", ...]}) or text.prompts");
}

Words words_of(const std::string& text) {
  Words out;
  bool inside = false;
  for (const char c : to_lower_ascii(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte >= 0x80 || std::isalnum(byte) != 0;
    if (letter && !inside) out.emplace_back();
    if (letter) out.back() += c;
    inside = letter;
  }
  return out;
}

// Number of words that all prompts start with; at least one word of each is left.
size_t common_start(const std::vector<Words>& prompts) {
  if (prompts.size() < 2) return 0;
  size_t common = prompts[0].size();
  for (const Words& prompt : prompts) {
    const auto differs = std::mismatch(prompts[0].begin(), prompts[0].end(), prompt.begin(), prompt.end()).first;
    common = std::min({common, static_cast<size_t>(differs - prompts[0].begin()), std::max<size_t>(prompt.size(), 1) - 1});
  }
  return common;
}

bool contains(const Words& prompt, const Words& name) {
  return !name.empty() && std::search(prompt.begin(), prompt.end(), name.begin(), name.end()) != prompt.end();
}

}  // namespace

std::vector<std::string> read_table_prompts(const fs::path& table, const fs::path& given, int64_t rows) {
  const fs::path path = prompts_file(table, given);
  const std::string name = table.filename().string();
  json file;
  try {
    file = json::parse(read_text_file(path, kMostJsonBytes));
  } catch (const json::exception&) {
    throw InputError(path.string(), "is not JSON", "the prompts of " + name);
  }
  if (file.is_object()) {
    if (!file.contains(name)) throw InputError(path.string(), "has no entry '" + name + "'", "the list of that table's prompts");
    file = json(file[name]);
  }
  try {
    const auto prompts = file.get<std::vector<std::string>>();
    if (static_cast<int64_t>(prompts.size()) == rows) return prompts;
    throw InputError(path.string(), concat("lists ", prompts.size(), " prompts"), concat(rows, ", one for each row of ", name));
  } catch (const json::exception&) {
    throw InputError(path.string(), "the prompts of " + name + " are not a list of texts", "[\"prompt of row 1\", ...]");
  }
}

TableMatch match_class(const std::vector<std::string>& prompts, const std::string& text, bool background) {
  std::vector<Words> rows;
  for (const std::string& prompt : prompts) rows.push_back(words_of(prompt));
  const size_t start = common_start(rows);
  const Words name = words_of(text);
  std::vector<size_t> exact, containing;
  for (size_t row = 0; row < rows.size(); ++row) {
    const Words subject(rows[row].begin() + static_cast<std::ptrdiff_t>(start), rows[row].end());
    if (!name.empty() && (rows[row] == name || subject == name)) exact.push_back(row);
    if (!background && contains(rows[row], name)) containing.push_back(row);
  }
  const std::vector<size_t>& found = exact.empty() ? containing : exact;
  if (found.size() == 1) return {static_cast<int64_t>(found[0]), ""};
  if (found.empty()) return {-1, "no row names it"};
  std::vector<std::string> quoted;
  for (const size_t row : found) quoted.push_back("'" + prompts[row] + "'");
  return {-1, concat(found.size(), " rows name it (", join(quoted, ", "), ")")};
}

}  // namespace tss
