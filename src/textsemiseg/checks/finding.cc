#include "textsemiseg/checks/finding.h"

#include <algorithm>
#include <tuple>

#include "textsemiseg/base/strings.h"

namespace tss {

const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    default:
      return "note";
  }
}

Json to_json(const Finding& finding) {
  return {{"severity", severity_name(finding.severity)},
          {"code", finding.code},
          {"cases", finding.cases},
          {"message", finding.message},
          {"advice", finding.advice}};
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(b.severity, a.code, a.cases) < std::tie(a.severity, b.code, b.cases);
  });
}

std::string few_of(const std::vector<std::string>& names, size_t most) {
  if (names.size() <= most) return join(names, ", ");
  return concat(join(std::vector(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most)), ", "), " and ",
                names.size() - most, " more");
}

}  // namespace tss
