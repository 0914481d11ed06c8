#include "textsemiseg/checks/population_findings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr size_t kFewestCompared = 8;  // cases that can be compared
constexpr double kFar = 6;             // robust standard deviations
constexpr double kOtherUnit = 10;      // factor between ranges
constexpr double kOtherSpacing = 2, kOtherExtent = 2.5;
constexpr double kUsual = 0.9;  // share of the cases that have a class for its absence to be odd

std::string number(double value) {
  const double size = std::abs(value);
  return fixed(value, size >= 100 || size == 0 ? 0 : size >= 1 ? 1 : 3);
}

double median_of(std::vector<double> values) { return percentile(values, 50); }

// One finding per case that stands out, or one note when many do.
void add_outliers(std::vector<Finding> found, size_t compared, const std::string& what, std::vector<Finding>& findings) {
  if (found.size() * 4 < compared) {
    findings.insert(findings.end(), found.begin(), found.end());
    return;
  }
  std::vector<std::string> ids;
  for (const Finding& one : found) ids.push_back(one.cases.front());
  findings.push_back(
      {Severity::kNote, found.front().code, ids,
       concat(what, " differs widely between the cases (", ids.size(), " of ", compared, " are far from the median)"),
       "expected of scans from several places; look whether a recipe with a fixed window or spacing suits all of them"});
}

void judge_intensities(const std::vector<const CaseFacts*>& cases, size_t channel, std::vector<Finding>& findings) {
  std::vector<double> low, high, range;
  for (const CaseFacts* one : cases) {
    low.push_back(one->channels[channel].low);
    high.push_back(one->channels[channel].high);
    range.push_back(high.back() - low.back());
  }
  const double usual = median_of(range), usual_low = median_of(low), usual_high = median_of(high);
  if (!(usual > 0)) return;
  const auto low_scores = robust_scores(low, 0.1 * usual), high_scores = robust_scores(high, 0.1 * usual);
  std::vector<Finding> units, outliers;
  const std::string where = cases.front()->channels.size() > 1 ? concat("channel ", channel, ": ") : "";
  for (size_t i = 0; i < cases.size(); ++i) {
    if (cases[i]->channels[channel].constant()) continue;
    const std::string message = concat(where, "intensities from ", number(low[i]), " to ", number(high[i]),
                                       " (0.5 and 99.5 %), the median case from ", number(usual_low), " to ", number(usual_high));
    if (range[i] >= kOtherUnit * usual || range[i] <= usual / kOtherUnit) {
      units.push_back({Severity::kWarning,
                       "intensity_units",
                       {cases[i]->id},
                       message,
                       "other units? A fixed window (HU) would be wrong for this case; z-scores per case put up with it"});
    } else if (std::max(std::abs(low_scores[i]), std::abs(high_scores[i])) > kFar) {
      outliers.push_back(
          {Severity::kWarning,
           "intensity_outlier",
           {cases[i]->id},
           message,
           "look at the scan: another scanner or sequence, an offset (HU + 1024), metal, or padding with an odd value"});
    }
  }
  if (!units.empty()) add_outliers(std::move(units), cases.size(), where + "the range of intensities", findings);
  if (!outliers.empty()) add_outliers(std::move(outliers), cases.size(), where + "the range of intensities", findings);
}

// measure: one value per axis of a case; factor: from which on it is unusual.
void judge_geometry(const std::vector<const CaseFacts*>& cases, const std::function<Vector3(const Geometry&)>& measure,
                    double factor, const std::string& code, const std::string& what, const std::string& advice,
                    std::vector<Finding>& findings) {
  std::array<std::vector<double>, 3> values;
  for (const CaseFacts* one : cases)
    for (size_t axis = 0; axis < 3; ++axis) values[axis].push_back(measure(one->geometry)[axis]);
  const Vector3 usual{median_of(values[0]), median_of(values[1]), median_of(values[2])};
  std::vector<Finding> found;
  for (size_t i = 0; i < cases.size(); ++i) {
    bool odd = false;
    for (size_t axis = 0; axis < 3; ++axis)
      odd = odd || values[axis][i] > factor * usual[axis] || values[axis][i] < usual[axis] / factor;
    if (!odd) continue;
    const auto text = [&](const Vector3& v) { return concat(number(v[0]), " x ", number(v[1]), " x ", number(v[2]), " mm"); };
    found.push_back({Severity::kWarning,
                     code,
                     {cases[i]->id},
                     concat(what, " ", text({values[0][i], values[1][i], values[2][i]}), ", the median case ", text(usual)),
                     advice});
  }
  if (!found.empty()) add_outliers(std::move(found), cases.size(), what, findings);
}

void judge_classes(const std::vector<const CaseFacts*>& all, const std::vector<std::string>& names,
                   std::vector<Finding>& findings) {
  size_t classes = 0;
  for (const CaseFacts* one : all) classes = std::max(classes, one->class_voxels.size());
  const auto voxels = [](const CaseFacts* one, size_t k) { return k < one->class_voxels.size() ? one->class_voxels[k] : 0; };
  for (size_t k = 1; k < classes; ++k) {
    const std::string name = k < names.size() ? concat("class ", k, " '", names[k], "'") : concat("class ", k);
    std::vector<const CaseFacts*> cases, with;
    std::copy_if(all.begin(), all.end(), std::back_inserter(cases),
                 [&](const CaseFacts* one) { return one->groups.tells_apart(static_cast<int64_t>(k)); });
    std::vector<double> logs;
    for (const CaseFacts* one : cases) {
      if (voxels(one, k) == 0) continue;
      with.push_back(one);
      const Vector3& s = one->geometry.spacing;
      logs.push_back(std::log(static_cast<double>(voxels(one, k)) * s[0] * s[1] * s[2]));
    }
    if (with.size() < cases.size() && static_cast<double>(with.size()) >= kUsual * static_cast<double>(cases.size())) {
      for (const CaseFacts* one : cases) {
        const bool empty = std::none_of(one->class_voxels.begin() + 1, one->class_voxels.end(), [](int64_t n) { return n > 0; });
        if (voxels(one, k) > 0 || empty) continue;
        findings.push_back({Severity::kWarning,
                            "class_missing",
                            {one->id},
                            concat(name, " is not in its label; ", with.size(), " of ", cases.size(), " cases have it"),
                            "if it was forgotten, complete the label or treat the case as unlabelled"});
      }
    }
    if (with.size() < kFewestCompared) continue;
    const double usual = median_of(logs);
    const auto scores = robust_scores(logs, std::log(1.5));
    std::vector<Finding> odd;
    for (size_t i = 0; i < with.size(); ++i) {
      if (std::abs(scores[i]) <= kFar) continue;
      odd.push_back({Severity::kWarning,
                     "class_volume",
                     {with[i]->id},
                     concat(name, " fills ", number(std::exp(logs[i])), " mm^3, in the median case ", number(std::exp(usual))),
                     "look at the label: a stray click, a leak, or another class under this value?"});
    }
    if (!odd.empty()) add_outliers(std::move(odd), with.size(), name + "'s volume", findings);
  }
}

}  // namespace

std::vector<double> robust_scores(const std::vector<double>& values, double least) {
  const double centre = median_of(values);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - centre));
  const double scale = std::max(1.4826 * median_of(distances), least);
  std::vector<double> scores;
  for (const double value : values) scores.push_back(scale > 0 ? (value - centre) / scale : 0);
  return scores;
}

void judge_population(const std::vector<CaseFacts>& cases, const std::vector<std::string>& class_names,
                      std::vector<Finding>& findings) {
  std::vector<const CaseFacts*> readable, labelled;
  for (const CaseFacts& one : cases) {
    if (one.readable) readable.push_back(&one);
    if (one.readable && one.has_label) labelled.push_back(&one);
  }
  if (readable.size() >= kFewestCompared) {
    const size_t channels = readable.front()->channels.size();
    const bool alike =
        std::all_of(readable.begin(), readable.end(), [&](const auto* one) { return one->channels.size() == channels; });
    for (size_t c = 0; alike && c < channels; ++c) judge_intensities(readable, c, findings);
    judge_geometry(
        readable, [](const Geometry& g) { return g.spacing; }, kOtherSpacing, "spacing_outlier", "spacing",
        "a recipe with a spacing brings all to one; a wrong header has to be corrected", findings);
    judge_geometry(
        readable,
        [](const Geometry& g) {
          Vector3 extent{};
          for (size_t axis = 0; axis < 3; ++axis) extent[axis] = g.spacing[axis] * static_cast<double>(g.size[axis]);
          return extent;
        },
        kOtherExtent, "extent_outlier", "field of view", "another part of the body, a crop, or a wrong spacing in the header",
        findings);
  }
  if (labelled.size() >= kFewestCompared) judge_classes(labelled, class_names, findings);
}

std::string side_of(const CaseFacts& one) {
  if (!one.role) return one.test ? "test" : "training";
  if (*one.role == Role::kValidation) return "validation";
  return *one.role == Role::kTest ? "test" : "training";
}

// A part with a number, then what tells scans of one patient apart.
std::string patient_of_name(const std::string& id) {
  static const std::regex pattern(
      "(.*[0-9].*?)[-_.](?:(?:frame|ses|session|time|timepoint|tp|t|visit|scan|phase|ph|exam|study|series|day|week|month)[-_]?[0-"
      "9]+"
      "|pre|post|before|after|baseline|followup|fu[0-9]*|left|right|l|r|ed|es|[0-9]{1,2}|[a-d])",
      std::regex::icase | std::regex::optimize);
  std::smatch match;
  return std::regex_match(id, match, pattern) ? match[1].str() : "";
}

void judge_patients(const std::vector<CaseFacts>& cases, std::vector<Finding>& findings) {
  std::map<std::string, std::vector<const CaseFacts*>> known, guessed;
  for (const CaseFacts& one : cases) {
    if (!one.patient.empty()) {
      known[one.patient].push_back(&one);
    } else if (const std::string name = patient_of_name(one.id); !name.empty()) {
      guessed[name].push_back(&one);
    }
  }
  const auto describe = [](const std::vector<const CaseFacts*>& group, Finding& finding) {
    std::set<std::string> sides;
    std::vector<std::string> parts;
    for (const CaseFacts* one : group) {
      finding.cases.push_back(one->id);
      sides.insert(side_of(*one));
      parts.push_back(concat(one->id, " (", side_of(*one), ")"));
    }
    finding.message = few_of(parts, 6);
    return sides.size() > 1;
  };
  for (const auto& [patient, group] : known) {
    if (group.size() < 2) continue;
    Finding finding{Severity::kNote, "patient_repeated", {}, "", "keep them in one role when you make a split"};
    if (describe(group, finding)) {
      finding.severity = Severity::kError;
      finding.code = "patient_in_two_roles";
      finding.advice =
          "scores on such cases are too good: move all scans of a patient to one role (prepare --split-file or lists)";
    }
    finding.message = "one patient by DICOM: " + finding.message;
    findings.push_back(std::move(finding));
  }
  for (const auto& [name, group] : guessed) {
    // Names that all look alike are numbered, not grouped by patient.
    if (group.size() < 2 || group.size() * 2 > cases.size()) continue;
    Finding finding{Severity::kWarning, "patient_names", {}, "", "if these are scans of one patient, move them to one role"};
    if (!describe(group, finding)) continue;
    finding.message = concat("by their names scans of one patient, '", name, "': ", finding.message);
    findings.push_back(std::move(finding));
  }
}

}  // namespace tss
