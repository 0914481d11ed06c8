#include "textsemiseg/dataset/make_split.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_lists.h"

namespace tss {
namespace {

constexpr uint64_t kFoldDraw = 1;  // the iteration word of Stream::kSplit: 0 draws the split, 1 the folds

std::vector<std::string> shuffled(std::vector<std::string> ids, uint64_t seed, uint64_t draw) {
  std::sort(ids.begin(), ids.end());  // so that the order of the files on the disk plays no part
  std::vector<std::string> out;
  for (const int64_t i : Random(seed, Stream::kSplit, draw).permutation(static_cast<int64_t>(ids.size()))) {
    out.push_back(ids[static_cast<size_t>(i)]);
  }
  return out;
}

void require_labelled(int64_t labelled, int64_t available, const std::string& option) {
  if (labelled > available) {
    throw InputError(option, concat("asks for ", labelled, " labelled cases"),
                     concat("at most ", available, ", the training cases that have a label"));
  }
  if (labelled < 1) {
    throw InputError(option, available == 0 ? "no training case has a label" : "the labelled set would be empty",
                     "at least one labelled case");
  }
}

// Labels that do not tell all classes apart teach, and others test: where there are others.
bool merged_beside_others(const std::vector<SplitCase>& cases, const SplitCase& item) {
  const auto tells_all = [](const SplitCase& one) { return one.has_label && !one.merged; };
  return item.merged && std::any_of(cases.begin(), cases.end(), tells_all);
}

struct Known {
  std::set<std::string> all, with_label;
  std::set<std::string> own_test, own_validation;  // the source's own parts
  std::set<std::string> added;                     // unlabelled scans named beside the source
  std::set<std::string> merged;                    // with a label that does not tell all classes apart, beside others that do
  bool own(const std::string& id) const { return own_test.contains(id) || own_validation.contains(id); }
};

// A list and what to call it in messages; nothing where it was not given.
struct List {
  std::string name;
  std::vector<std::string> ids;
  bool given() const { return !name.empty(); }
};
struct Lists {
  List train, validation, test;
};

List list_of_file(const std::string& file) { return file.empty() ? List{} : List{file, read_id_list(file)}; }

Lists lists_of_fold(const std::string& file, int64_t fold) {
  const ListedFold listed = read_fold(file, fold);
  const auto list = [&](const char* part, const std::vector<std::string>& ids) {
    return ids.empty() ? List{} : List{concat(file, " (fold ", fold, ", ", part, ")"), ids};
  };
  return {list("train", listed.train), list("val", listed.validation), {}};
}

Lists lists_of_published(const std::string& name, const Known& known) {
  const PublishedSplit split = published_split(name);
  std::vector<std::string> train = split.train, test = split.test;
  if (split.first_for_training > 0) {
    std::vector<std::string> ids;
    std::copy_if(known.with_label.begin(), known.with_label.end(), std::back_inserter(ids),
                 [&](const std::string& id) { return !known.own(id); });
    if (static_cast<int64_t>(ids.size()) != split.first_for_training + split.last_for_testing) {
      throw InputError("--split " + name, concat("the source has ", ids.size(), " training cases with a label"),
                       concat(split.first_for_training + split.last_for_testing));
    }
    train.assign(ids.begin(), ids.begin() + split.first_for_training);
    test.assign(ids.end() - split.last_for_testing, ids.end());
  }
  const auto about = std::count_if(split.warning_about.begin(), split.warning_about.end(),
                                   [&](const auto& id) { return known.all.contains(id); });
  if (about > 0) log_warning("--split " + name + ": " + split.warning);
  const auto list = [&](const char* part, const std::vector<std::string>& ids) {
    return ids.empty() ? List{} : List{"--split " + name + " (" + part + ")", ids};
  };
  return {list("train", train), list("validation", split.validation), list("test", test)};
}

// A list against the cases there are.
std::vector<std::string> listed_ids(const List& list, const Known& known, bool allow_missing) {
  std::vector<std::string> present, missing;
  std::set<std::string> seen;
  for (const std::string& line : list.ids) {
    const std::string id = id_of_line(line, known.all);
    if (!seen.insert(id).second) throw InputError(list.name, "case '" + id + "' is listed twice", "every case once");
    (known.all.contains(id) ? present : missing).push_back(id);
  }
  if (missing.empty()) return present;
  if (!allow_missing) {
    throw InputError(list.name,
                     concat("case '", missing.front(), "' is not in the source",
                            missing.size() > 1 ? concat(" (nor are ", missing.size() - 1, " others)") : ""),
                     "an id of the source; --allow-missing leaves such cases out");
  }
  log_warning(concat(list.name, ": ", missing.size(), " of ", missing.size() + present.size(),
                     " listed cases are not in the source and are left out"));
  return present;
}

Split split_from_lists(const Known& known, const SplitOptions& options) {
  const Lists lists =
      !options.fold_list.empty() ? lists_of_fold(options.fold_list, options.fold)
      : !options.published.empty()
          ? lists_of_published(options.published, known)
          : Lists{list_of_file(options.train_list), list_of_file(options.validation_list), list_of_file(options.test_list)};
  Split split;
  std::set<std::string> held_out;
  const auto held_out_role = [&](Role role, const List& list) {
    if (!list.given()) return;
    auto ids = listed_ids(list, known, options.allow_missing);
    for (const std::string& id : ids) {
      if (!known.with_label.contains(id)) throw InputError(list.name, "case '" + id + "' has no label", "a case with a label");
      if (!held_out.insert(id).second)
        throw InputError(list.name, "case '" + id + "' is also in another list", "every case in one list");
    }
    split.roles[role] = std::move(ids);
  };
  held_out_role(Role::kValidation, lists.validation);
  held_out_role(Role::kTest, lists.test);
  const auto own_role = [&](Role role, const List& list, const std::set<std::string>& ids) {
    if (list.given()) return;
    for (const std::string& id : ids)
      if (held_out.insert(id).second) split.roles[role].push_back(id);
  };
  own_role(Role::kTest, lists.test, known.own_test);
  own_role(Role::kValidation, lists.validation, known.own_validation);
  std::vector<std::string> training;
  if (!lists.train.given()) {
    for (const std::string& id : shuffled({known.all.begin(), known.all.end()}, options.seed, 0)) {
      if (!held_out.contains(id) && !known.own(id) && !known.merged.contains(id)) training.push_back(id);
    }
    std::stable_partition(training.begin(), training.end(), [&](const auto& id) { return known.with_label.contains(id); });
  } else {
    training = listed_ids(lists.train, known, options.allow_missing);
    for (const std::string& id : training) {
      if (!held_out.contains(id)) continue;
      if (!lists.test.given() && known.own_test.contains(id))
        throw InputError(lists.train.name, "case '" + id + "' belongs to the source's own test part",
                         "training cases, or --test-list to say which cases are the test");
      if (!lists.validation.given() && known.own_validation.contains(id))
        throw InputError(lists.train.name, "case '" + id + "' belongs to the source's own validation part",
                         "training cases, or --validation-list to say which cases are for validation");
      throw InputError(lists.train.name, "case '" + id + "' is also in another list", "every case in one list");
    }
    for (const std::string& id : known.added)
      if (std::find(training.begin(), training.end(), id) == training.end()) training.push_back(id);
  }
  const std::string wanted = options.labelled.empty() ? "10%" : options.labelled;
  const int64_t labelled = parse_amount("--labelled", wanted, static_cast<int64_t>(training.size()));
  const int64_t available =
      std::count_if(training.begin(), training.end(), [&](const auto& id) { return known.with_label.contains(id); });
  require_labelled(labelled, available, "--labelled " + wanted);
  for (const std::string& id : known.merged) {
    const bool listed = std::find(training.begin(), training.end(), id) != training.end();
    if (!listed && !held_out.contains(id) && !known.own(id)) split.roles[Role::kLabelled].push_back(id);
  }
  for (size_t i = 0; i < training.size(); ++i) {
    const bool first = static_cast<int64_t>(i) < labelled;
    if (first && !known.with_label.contains(training[i])) {
      throw InputError(lists.train.name, concat("case '", training[i], "', one of the first ", labelled, ", has no label"),
                       "cases with a label at the head of the list");
    }
    split.roles[first ? Role::kLabelled : Role::kUnlabelled].push_back(training[i]);
  }
  return split;
}

Split seeded_split(const std::vector<SplitCase>& cases, const SplitOptions& options) {
  Split split;
  std::vector<std::string> with_label, without_label, merged;
  for (const SplitCase& item : cases) {
    if (item.test)
      split.roles[Role::kTest].push_back(item.id);
    else if (item.validation)
      split.roles[Role::kValidation].push_back(item.id);
    else if (merged_beside_others(cases, item))
      merged.push_back(item.id);
    else
      (item.has_label ? with_label : without_label).push_back(item.id);
  }
  const bool own_test = !split.roles[Role::kTest].empty();
  if (own_test && !options.test.empty()) {
    throw InputError("--test " + options.test,
                     concat("the source has a test part of its own (", split.roles[Role::kTest].size(),
                            " cases: imagesTs with labelsTs, a list \"test\", or a folder of that name)"),
                     "no --test");
  }
  const bool own_validation = !split.roles[Role::kValidation].empty();
  if (own_validation && !options.validation.empty()) {
    throw InputError("--validation " + options.validation,
                     concat("the source has a validation part of its own (", split.roles[Role::kValidation].size(),
                            " cases: a list \"validation\", imagesVa, a fold, or a folder of that name)"),
                     "no --validation");
  }
  const auto order = shuffled(with_label, options.seed, 0);
  const int64_t total = static_cast<int64_t>(order.size());
  const int64_t test = own_test ? 0 : parse_amount("--test", options.test.empty() ? "20%" : options.test, total);
  const int64_t validation =
      own_validation ? 0 : parse_amount("--validation", options.validation.empty() ? "10%" : options.validation, total);
  const int64_t left = total - test - validation;
  if (left < 0) {
    throw InputError(concat("--test ", test, ", --validation ", validation), concat("together ", test + validation, " cases"),
                     concat("at most ", total, ", the cases that have a label"));
  }
  std::string wanted = options.labelled;
  int64_t labelled = left;
  const bool several = !merged.empty();  // then nobody has labels to spare
  if (!wanted.empty() || (without_label.empty() && !several)) {
    if (wanted.empty()) wanted = "10%";
    labelled = parse_amount("--labelled", wanted, left + static_cast<int64_t>(without_label.size()));
    if (options.labelled.empty()) labelled = std::max<int64_t>(labelled, std::min<int64_t>(1, left));
  }
  require_labelled(labelled, left, "--labelled" + (wanted.empty() ? "" : " " + wanted));
  auto next = order.begin();
  const auto take = [&](Role role, int64_t count) {
    split.roles[role].insert(split.roles[role].end(), next, next + count);
    next += count;
  };
  take(Role::kTest, test);
  take(Role::kValidation, validation);
  take(Role::kLabelled, labelled);
  split.roles[Role::kLabelled].insert(split.roles[Role::kLabelled].end(), merged.begin(), merged.end());
  take(Role::kUnlabelled, left - labelled);
  auto& unlabelled = split.roles[Role::kUnlabelled];
  unlabelled.insert(unlabelled.end(), without_label.begin(), without_label.end());
  return split;
}

}  // namespace

int64_t parse_amount(const std::string& option, const std::string& text, int64_t total) {
  const std::string trimmed = trim(text);
  if (ends_with(trimmed, "%")) {
    const double percent = parse_number(option, trimmed.substr(0, trimmed.size() - 1));
    if (!(percent >= 0 && percent <= 100)) throw InputError(option, trimmed, "0% to 100%");
    return static_cast<int64_t>(std::nearbyint(percent / 100.0 * static_cast<double>(total)));
  }
  const long count = parse_integer(option, trimmed);
  if (count < 0) throw InputError(option, trimmed, "a number of cases or a percentage");
  return count;
}

void SplitOptions::check() const {
  const auto amount = [](const char* option, const std::string& text) {
    if (!text.empty()) parse_amount(option, text, 1);
  };
  amount("--labelled", labelled);
  amount("--validation", validation);
  amount("--test", test);
  if (!test.empty() && !test_list.empty()) throw InputError("--test", "given together with --test-list", "one of them");
  if (!validation.empty() && !validation_list.empty())
    throw InputError("--validation", "given together with --validation-list", "one of them");
  const bool lists = lists_given();
  if (!published.empty() && !(train_list.empty() && validation_list.empty() && test_list.empty()))
    throw InputError("--split " + published, "given together with lists", "one of them");
  if (!fold_list.empty() && !(train_list.empty() && validation_list.empty() && test_list.empty()))
    throw InputError("--split " + fold_list, "given together with lists", "one of them");
  if (lists && !test.empty()) throw InputError("--test", "given together with lists", "--test-list beside --train-list");
  if (lists && !validation.empty())
    throw InputError("--validation", "given together with lists", "--validation-list beside --train-list");
  if (folds < 0 || folds == 1) throw InputError("--folds", std::to_string(folds), "0 (none) or at least 2");
}

bool SplitOptions::lists_given() const {
  return !(train_list.empty() && validation_list.empty() && test_list.empty() && published.empty() && fold_list.empty());
}

bool SplitOptions::any_given() const { return lists_given() || !(labelled.empty() && validation.empty() && test.empty()); }

Split make_split(const std::vector<SplitCase>& cases, const SplitOptions& options) {
  options.check();
  Known known;
  for (const SplitCase& item : cases) {
    known.all.insert(item.id);
    if (item.has_label) known.with_label.insert(item.id);
    if (item.test) known.own_test.insert(item.id);
    if (item.validation) known.own_validation.insert(item.id);
    if (item.added) known.added.insert(item.id);
    if (merged_beside_others(cases, item)) known.merged.insert(item.id);
  }
  Split split = options.lists_given() ? split_from_lists(known, options) : seeded_split(cases, options);
  split.made_by = write_options(options);
  return split;
}

std::vector<Split> make_folds(const std::vector<SplitCase>& cases, const Split& split, int64_t folds, uint64_t seed) {
  std::set<std::string> with_label, merged;
  for (const SplitCase& item : cases) {
    if (merged_beside_others(cases, item))
      merged.insert(item.id);
    else if (item.has_label)
      with_label.insert(item.id);
  }
  std::vector<std::string> pool, without_label, labelled_always;
  for (const Role role : {Role::kLabelled, Role::kUnlabelled, Role::kValidation}) {
    for (const std::string& id : split.cases(role)) {
      const bool keeps = merged.contains(id) && role != Role::kUnlabelled;
      (keeps ? labelled_always : with_label.contains(id) ? pool : without_label).push_back(id);
    }
  }
  if (static_cast<int64_t>(pool.size()) < folds) {
    throw InputError("--folds " + std::to_string(folds), concat(pool.size(), " cases with a label outside the test role"),
                     "at least one per fold");
  }
  const auto order = shuffled(pool, seed, kFoldDraw);
  const auto& split_labelled = split.cases(Role::kLabelled);
  const auto wanted = static_cast<size_t>(
      std::count_if(split_labelled.begin(), split_labelled.end(), [&](const std::string& id) { return !merged.contains(id); }));
  std::vector<Split> out;
  for (int64_t fold = 0; fold < folds; ++fold) {
    Split part;
    std::vector<std::string> training;
    for (size_t i = 0; i < order.size(); ++i) {
      (static_cast<int64_t>(i) % folds == fold ? part.roles[Role::kValidation] : training).push_back(order[i]);
    }
    const size_t labelled = std::min(wanted, training.size());
    part.roles[Role::kLabelled].assign(training.begin(), training.begin() + static_cast<std::ptrdiff_t>(labelled));
    auto& part_labelled = part.roles[Role::kLabelled];
    part_labelled.insert(part_labelled.end(), labelled_always.begin(), labelled_always.end());
    auto& unlabelled = part.roles[Role::kUnlabelled];
    unlabelled.assign(training.begin() + static_cast<std::ptrdiff_t>(labelled), training.end());
    unlabelled.insert(unlabelled.end(), without_label.begin(), without_label.end());
    part.roles[Role::kTest] = split.cases(Role::kTest);
    part.made_by = {{"fold", fold}, {"folds", folds}, {"seed", seed}};
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace tss
