// Lists of case ids: a file of one's own, and those that papers or their programs were published with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace tss {

// One id per line, in order; blank lines are skipped. UTF-8 or, with its byte order mark, UTF-16. Throws InputError naming file and id: an
// id twice, no id at all, another encoding.
std::vector<std::string> read_id_list(const std::filesystem::path& path);
// The id that a line means: itself, or the case of a file name or path ("imagesTr/c0.nii.gz", "c0_0000.nii.gz"); the line where neither is
// known.
std::string id_of_line(const std::string& line, const std::set<std::string>& known);

// nnU-Net's splits_final.json: [{"train": [ids], "val": [ids]}, ...], a list of folds.
struct ListedFold {
  std::vector<std::string> train, validation;
};
// Whether a file is such a list, and not a split of one's own.
bool is_fold_list(const std::filesystem::path& path);
// Throws InputError: no such fold, lists that are none.
ListedFold read_fold(const std::filesystem::path& path, int64_t fold);

// The lists of a paper or its code, as in configs/splits/<name>.toml.
struct PublishedSplit {
  std::string source;
  std::string warning;                     // empty: none
  std::vector<std::string> warning_about;  // ids; it is given where one of them is among the cases
  std::vector<std::string> train, validation, test;
  int64_t first_for_training = 0, last_for_testing = 0;  // in place of lists: of the source's cases with a label, in order of id

  template <class V>
  void visit(V& v) {
    v("source", source);
    v("warning", warning);
    v("warning_about", warning_about);
    v("train", train);
    v("validation", validation);
    v("test", test);
    v("first_for_training", first_for_training);
    v("last_for_testing", last_for_testing);
  }
};
std::vector<std::string> published_split_names();
PublishedSplit published_split(const std::string& name);  // throws InputError with the names known

}  // namespace tss
