// Lists of case ids: a file of one's own, and those that papers or their programs were published with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tss {

// One id per line, in order; blank lines are skipped. Throws InputError naming file and id: an id twice, no id at all.
std::vector<std::string> read_id_list(const std::filesystem::path& path);

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
