// Makes splits: drawn with a seed, from lists, as folds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/dataset/split.h"

namespace tss {

// "9" or "10%" (of `total`, rounded to the nearest whole number; halves to even).
int64_t parse_amount(const std::string& option, const std::string& text, int64_t total);

struct SplitOptions {
  std::string
      labelled;  // "9", "10%" of the training cases; "": every training case with a label if there are cases without, else 10%
  std::string validation;  // number or share of the cases with a label; "": 10%, or none when lists are given
  std::string test;        // the same; "": the source's own test part, else 20%, or none when lists are given
  std::string train_list, validation_list, test_list;  // *.list files
  std::string published;                               // a name of configs/splits, in place of lists
  std::string fold_list;                               // nnU-Net's splits_final.json, in place of lists, and the fold of it
  int64_t fold = 0;
  bool allow_missing = false;  // leave out listed ids that the source does not have
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
    v("fold_list", fold_list);
    v("fold", fold);
    v("folds", folds);
    v("seed", seed);
  }
  void check() const;  // throws InputError naming the option
  bool lists_given() const;
  bool any_given() const;  // anything besides seed and folds that asks for a certain split
};

// The source's own test and validation parts have these roles, unless a list says another, and are never training unless lists of both
// kinds say so. A seeded split, or the one the lists give (then the first n of the training list are labelled). Test cases are drawn first, then
// validation, then labelled, all along one permutation of the cases with a label: with the same seed a larger labelled
// set contains the smaller one, and the test set stays. Labels that do not tell all classes apart are labelled cases beside those that
// `labelled` counts, unless a list gives them a role; where no label tells all apart they are drawn as any other.
// Throws InputError naming the option and how many cases there are.
Split make_split(const std::vector<SplitCase>& cases, const SplitOptions& options);

// Cross-validation: the cases of the training and validation roles that have a label are cut into `folds` parts; fold k
// validates on part k and trains on the others, with as many labelled cases as the split. The test role stays; labels that do not tell all
// classes apart stay labelled.
std::vector<Split> make_folds(const std::vector<SplitCase>& cases, const Split& split, int64_t folds, uint64_t seed);

}  // namespace tss
