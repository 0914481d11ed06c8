// Which case plays which role. A role belongs to the split, never to a file's presence alone; only a case with a label can be
// anything but unlabelled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/io/config.h"

namespace tss {

enum class Role { kLabelled, kUnlabelled, kValidation, kTest };
inline constexpr Role kRoles[] = {Role::kLabelled, Role::kUnlabelled, Role::kValidation, Role::kTest};
const char* role_name(Role role);
Role role_from_name(const std::string& name);  // throws InputError

struct Split {
  std::map<Role, std::vector<std::string>> roles;  // ids in order; the order of labelled + unlabelled is the training list's
  Json made_by;                                    // how it was made; kept in the file for the record, may be null

  const std::vector<std::string>& cases(Role role) const;
  // "9 labelled, 81 unlabelled, 10 validation, 20 test"
  std::string describe() const;
  bool same_roles(const Split& other) const;
};

// Throws InputError naming file and field: unknown role, an id twice, not lists of ids.
Split read_split(const std::filesystem::path& path);
void write_split(const std::filesystem::path& path, const Split& split);

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

// "9" or "10%" (of `total`, rounded to the nearest whole number; halves to even).
int64_t parse_amount(const std::string& option, const std::string& text, int64_t total);

struct SplitCase {
  std::string id;
  bool has_label = false;
  bool test = false;  // the source's own test part
};

struct SplitOptions {
  std::string
      labelled;  // "9", "10%" of the training cases; "": every training case with a label if there are cases without, else 10%
  std::string validation;  // number or share of the cases with a label; "": 10%, or none when lists are given
  std::string test;        // the same; "": the source's own test part, else 20%, or none when lists are given
  std::string train_list, validation_list, test_list;  // *.list files
  std::string published;                               // a name of configs/splits, in place of lists
  bool allow_missing = false;                          // leave out listed ids that the source does not have
  int64_t folds = 0;
  uint64_t seed = 0;
  bool seed_given = false;  // then an existing split of another seed is not kept silently

  template <class V>
  void visit(V& v) {
    v("labelled", labelled);
    v("validation", validation);
    v("test", test);
    v("train_list", train_list);
    v("validation_list", validation_list);
    v("test_list", test_list);
    v("published", published);
    v("folds", folds);
    v("seed", seed);
  }
  void check() const;  // throws InputError naming the option
  bool lists_given() const;
  bool any_given() const;  // anything besides seed and folds that asks for a certain split
};

// Throws InputError naming subject, role and id: an id that no case has, a role besides unlabelled for a case without a label.
// remedy: what the message says to do instead of what the role should hold.
void check_roles(const Split& split, const std::vector<SplitCase>& cases, const std::string& subject,
                 const std::string& remedy = "");

// The source's own test part is the test role, unless a test list says another, and is never training unless a training list names
// it. A seeded split, or the one the lists give (then the first n of the training list are labelled). Test cases are drawn first, then
// validation, then labelled, all along one permutation of the cases with a label: with the same seed a larger labelled
// set contains the smaller one, and the test set stays. Throws InputError naming the option and how many cases there are.
Split make_split(const std::vector<SplitCase>& cases, const SplitOptions& options);

// Cross-validation: the cases of the training and validation roles that have a label are cut into `folds` parts; fold k
// validates on part k and trains on the others, with as many labelled cases as the split. The test role stays.
std::vector<Split> make_folds(const std::vector<SplitCase>& cases, const Split& split, int64_t folds, uint64_t seed);

}  // namespace tss
