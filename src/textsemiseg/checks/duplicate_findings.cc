#include "textsemiseg/checks/duplicate_findings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/population_findings.h"

namespace tss {
namespace {

std::string percent(double share) { return fixed(100 * share, share > 0.995 && share < 1 ? 1 : 0) + " %"; }

// Groups of cases that are connected by duplicates.
class Groups {
 public:
  explicit Groups(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t root(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(size_t a, size_t b) { parent_[std::max(root(a), root(b))] = std::min(root(a), root(b)); }

 private:
  std::vector<size_t> parent_;
};

}  // namespace

std::string describe(const DuplicateMatch& match, const std::string& first, const std::string& second) {
  constexpr double kAll = 1;
  std::string text;
  if (match.of_first == kAll && match.of_second == kAll) {
    text = second + " is the same scan as " + first;
  } else if (match.of_second == kAll) {
    text = concat(second, " is a crop (", percent(match.of_first), ") of ", first);
  } else if (match.of_first == kAll) {
    text = concat(first, " is a crop (", percent(match.of_second), ") of ", second);
  } else {
    text = concat(second, " and ", first, " are crops of one scan, sharing ", percent(match.of_first), " of ", first);
  }
  if (match.reordered()) text += ", its axes swapped or mirrored";
  if (match.equal) return text + ", voxel by voxel";
  text += concat(", with other intensities (times ", match.slope);
  if (std::abs(match.offset) > 1e-3 * std::abs(match.slope)) text += concat(", plus ", match.offset);
  return text + concat("; correlation ", fixed(match.correlation, 4), ")");
}

void judge_duplicates(const std::vector<CaseFacts>& cases, const std::function<Image(size_t)>& read,
                      std::vector<Finding>& findings) {
  std::vector<Sketch> sketches;
  for (const CaseFacts& one : cases) sketches.push_back(one.sketch);
  Groups groups(cases.size());
  std::map<size_t, std::vector<std::string>> texts;  // by any member of the group
  size_t held = cases.size();
  Image first;
  for (const DuplicateCandidate& candidate : duplicate_candidates(sketches)) {
    if (groups.root(candidate.first) == groups.root(candidate.second)) continue;
    if (held != candidate.first) first = read(candidate.first);
    held = candidate.first;
    const auto match = verify_duplicate(candidate, first, read(candidate.second));
    if (!match) continue;
    groups.join(candidate.first, candidate.second);
    texts[candidate.first].push_back(describe(*match, cases[candidate.first].id, cases[candidate.second].id));
  }
  std::map<size_t, std::vector<size_t>> members;
  for (size_t i = 0; i < cases.size(); ++i) members[groups.root(i)].push_back(i);
  for (const auto& [root, group] : members) {
    if (group.size() < 2) continue;
    Finding finding{
        Severity::kWarning, "duplicate", {}, "", "keep one of them; with another label on the other one, look at both"};
    std::set<std::string> sides;
    std::vector<std::string> parts, said;
    for (const size_t i : group) {
      finding.cases.push_back(cases[i].id);
      sides.insert(side_of(cases[i]));
      parts.push_back(concat(cases[i].id, " (", cases[i].role ? role_name(*cases[i].role) : side_of(cases[i]), ")"));
      if (const auto found = texts.find(i); found != texts.end())
        said.insert(said.end(), found->second.begin(), found->second.end());
    }
    finding.message = few_of(said, 6);
    if (cases[root].role || sides.size() > 1) finding.message += "; roles: " + few_of(parts, 6);
    if (sides.size() > 1) {
      finding.severity = Severity::kError;
      finding.code = "duplicate_in_two_roles";
      finding.advice = "scores on such cases are too good: leave one of them out of the split (prepare --split-file or lists)";
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace tss
