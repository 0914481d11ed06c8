// Which row of a table of text embeddings belongs to a class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tss {

// The prompts of a table's rows, in order, from a JSON file: a list, or an object that holds the list under the table's file name.
// prompts: that file; when empty, embedding_prompts.json or <table's stem>.json beside the table.
// Throws InputError when there is none or the number of prompts is not `rows`.
std::vector<std::string> read_table_prompts(const std::filesystem::path& table, const std::filesystem::path& prompts,
                                            int64_t rows);

struct TableMatch {
  int64_t row = -1;    // -1: none
  std::string reason;  // why none: "no row names it", "3 rows name it ('...', '...', ...)"
};

// A text of a class gets the row whose prompt it is, or which it is once the words that all prompts start with are taken off
// ("A computerized tomography of a Pancreas"). Failing that, a foreground class gets the one row whose prompt contains it;
// the background does not: a prompt that speaks of a background means another thing.
// Letters of either case are equal; signs between words count as blanks.
TableMatch match_class(const std::vector<std::string>& prompts, const std::string& text, bool background);

}  // namespace tss
