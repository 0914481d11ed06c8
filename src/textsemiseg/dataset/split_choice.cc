#include "textsemiseg/dataset/split_choice.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/dataset/make_split.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

fs::path split_path(const PrepareOptions& options) { return options.dataset / "split.json"; }

bool stands(const PrepareOptions& options) { return !options.dataset.empty() && fs::exists(split_path(options)); }

// The first option given that says roles in another way than a file does; empty: none.
std::string option_beside_file(const SplitOptions& split) {
  const std::pair<const char*, bool> given[] = {
      {"--labelled", !split.labelled.empty()},
      {"--validation", !split.validation.empty()},
      {"--test", !split.test.empty()},
      {"--train-list", !split.train_list.empty()},
      {"--validation-list", !split.validation_list.empty()},
      {"--test-list", !split.test_list.empty()},
      {"--seed", split.seed_given && split.folds == 0},
  };
  for (const auto& [name, is_given] : given) {
    if (is_given) return name;
  }
  return "";
}

// What the options and the source ask for; nullopt where they leave it open.
std::optional<Split> asked_for(const PrepareOptions& options, const DatasetRecord& record) {
  SplitOptions split = options.split;
  fs::path file = options.split_file;
  const bool fold_list = fs::is_regular_file(file) && is_fold_list(file);
  if (options.fold && !fold_list && !file.empty())
    throw InputError(concat("--fold ", *options.fold), "given together with --split " + options.split_file,
                     "--split with nnU-Net's splits_final.json, or none where dataset.json has folds");
  if (fold_list) {
    split.fold_list = fs::absolute(file).lexically_normal().string();
    split.fold = options.fold.value_or(0);
    file.clear();
  } else if (fs::is_regular_file(file)) {
    if (const std::string other = option_beside_file(split); !other.empty())
      throw InputError("--split " + file.string(), "given together with " + other, "the file alone: it says every role");
  } else if (!file.empty()) {
    published_split(options.split_file);
    split.published = options.split_file;
    file.clear();
  } else if (!split.any_given() && record.sources.empty() && fs::exists(record.source / "split.json")) {
    file = record.source / "split.json";
  }
  if (!file.empty()) return read_split(file);
  // The seed alone says how to draw, not what; of an existing split it is compared with its own.
  if (split.any_given() || !stands(options) || (options.overwrite && split.seed_given))
    return make_split(split_cases(record), split);
  return std::nullopt;
}

// The seed that a split was drawn with; nullopt where it was not drawn.
std::optional<uint64_t> seed_of(const Split& split) {
  const Json& by = split.made_by;
  if (!by.is_object() || !by.contains("seed") || !by.at("seed").is_number_integer()) return std::nullopt;
  if (by.value("train_list", "") != "" || by.value("published", "") != "" || by.value("fold_list", "") != "") return std::nullopt;
  return by.at("seed").get<uint64_t>();
}

// Files that prepare --folds wrote, by number.
std::map<int64_t, Split> folds_in(const fs::path& folder) {
  std::map<int64_t, Split> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string(), prefix = "fold_";
    if (!starts_with(stem, prefix) || entry.path().extension() != ".json" || !entry.is_regular_file()) continue;
    const std::string number = stem.substr(prefix.size());
    if (number.empty() || number.size() > 4 ||
        !std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); }))
      continue;
    const Json json = read_json(entry.path());
    if (!json.is_object() || !json.contains("made_by") || !json.at("made_by").is_object() || !json.at("made_by").contains("fold"))
      continue;
    const int64_t k = parse_integer(stem, number);
    if (number == std::to_string(k)) found[k] = read_split(entry.path());
  }
  return found;
}

fs::path fold_path(const PrepareOptions& options, int64_t k) { return options.dataset / "folds" / concat("fold_", k, ".json"); }

// A drawn split gives every case a role, so that one without came later.
void warn_of_newcomers(const Split& split, const DatasetRecord& record, const fs::path& file) {
  std::set<std::string> with_role;
  for (const auto& [role, ids] : split.roles) with_role.insert(ids.begin(), ids.end());
  std::vector<std::string> without;
  for (const SourceCase& item : record.cases) {
    if (!with_role.contains(item.id)) without.push_back(item.id);
  }
  if (without.empty()) return;
  log_warning(concat(file.string(), ": ", without.size(), " cases of the source have no role (", without.front(),
                     without.size() > 1 ? ", ..." : "", "): they are used for nothing; --overwrite with --seed ",
                     split.made_by.at("seed").dump(), " and the amounts draws a split with them"));
}

std::string describe(int64_t folds, const Json& seed) { return concat(folds, " folds (seed ", seed.dump(), ")"); }

}  // namespace

SplitChoice choose_split(const PrepareOptions& options, const DatasetRecord& record) {
  const auto check = [cases = split_cases(record)](const Split& split, const std::string& subject, const std::string& remedy) {
    check_roles(split, cases, subject, remedy);
    if (split.cases(Role::kLabelled).empty())
      throw InputError(subject, "the labelled set is empty", remedy.empty() ? "at least one labelled case" : remedy);
  };
  const auto asked = asked_for(options, record);
  const fs::path file = split_path(options);
  SplitChoice choice{stands(options) ? read_split(file) : *asked, stands(options)};
  const bool same = !asked || choice.split.same_roles(*asked);
  if (!choice.kept || (options.overwrite && !same)) {
    check(*asked, "split", "");
    return {*asked, false};
  }
  if (!same) {
    throw InputError(file.string(),
                     "holds another split (" + choice.split.describe() + ") than the options give (" + asked->describe() + ")",
                     "the same roles, no split options to keep it, or --overwrite to replace it");
  }
  const auto seed = seed_of(choice.split);
  if (!asked && options.split.seed_given && seed && *seed != options.split.seed) {
    throw InputError(file.string(), concat("was drawn with seed ", *seed, ", now ", options.split.seed),
                     "the same seed, no --seed to keep it, or --overwrite to replace it");
  }
  check(choice.split, file.string(),
        "a split of the cases there are: --labelled, --validation and --test, lists, or --split, with --overwrite");
  if (seed) warn_of_newcomers(choice.split, record, file);
  return choice;
}

FoldChoice choose_folds(const PrepareOptions& options, const DatasetRecord& record, const SplitChoice& choice) {
  FoldChoice out;
  const SplitOptions& asked = options.split;
  if (asked.folds > 0) out.folds = make_folds(split_cases(record), choice.split, asked.folds, asked.seed);
  if (options.dataset.empty()) return out;
  const fs::path folder = options.dataset / "folds";
  const auto existing = folds_in(folder);
  for (int64_t k = 0; k < asked.folds; ++k) {
    if (fs::exists(fold_path(options, k)) && !existing.contains(k))
      throw InputError(fold_path(options, k).string(), "was not written by prepare --folds",
                       "another name, so that it is not replaced");
  }
  bool same = std::ssize(existing) == std::ssize(out.folds);
  for (const auto& [k, fold] : existing)
    same = same && k < std::ssize(out.folds) && fold.same_roles(out.folds[static_cast<size_t>(k)]);
  if (existing.empty() || same || (asked.folds == 0 && choice.kept)) return out;
  if (!options.overwrite) {
    const Json& by = existing.begin()->second.made_by;
    throw InputError(folder.string(),
                     concat("holds ", describe(std::ssize(existing), by.value("seed", Json())), ", now ",
                            asked.folds == 0 ? "another split" : describe(asked.folds, asked.seed)),
                     "the same --folds and --seed, no --folds to keep them, or --overwrite to replace them");
  }
  for (const auto& [k, fold] : existing) out.removed.push_back(fold_path(options, k));
  if (asked.folds == 0)
    log_warning(concat(folder.string(), ": the ", existing.size(),
                       " folds of the split that is replaced are removed; --folds makes new ones"));
  return out;
}

}  // namespace tss
