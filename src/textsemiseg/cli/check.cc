// textsemiseg check: a look through scans, raw or prepared, before training on them.
#include "textsemiseg/checks/check.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

#include "textsemiseg/base/aligned_table.h"
#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/repairs.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/source/file_patterns.h"

namespace tss {
namespace {

struct CheckArguments {
  std::string source, recipe, label_file, dataset, split, out, fix;
  CheckOptions options;
  bool json = false, cases = false, no_duplicates = false;
};

// Text for a terminal, in colours where it has them.
class Terminal {
 public:
  Terminal() : colours_(colours_wanted(STDOUT_FILENO)) {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60) width_ = std::min<size_t>(size.ws_col, 160);
  }
  std::string coloured(const char* code, const std::string& text) const {
    return colours_ ? concat("\033[", code, "m", text, "\033[0m") : text;
  }
  std::string bold(const std::string& text) const { return coloured("1", text); }
  std::string faint(const std::string& text) const { return coloured("2", text); }
  std::string severity(Severity severity) const {
    const char* code = severity == Severity::kError ? "1;31" : severity == Severity::kWarning ? "1;33" : "1;36";
    const std::string name = severity_name(severity);
    return coloured(code, name) + std::string(9 - name.size(), ' ');
  }
  // Broken between words; following lines start at the same column.
  std::string wrapped(const std::string& text, size_t indent) const {
    std::string out, line;
    for (const std::string& word : split(text, ' ')) {
      if (!line.empty() && indent + line.size() + 1 + word.size() > width_) {
        out += line + "\n" + std::string(indent, ' ');
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    return out + line;
  }

 private:
  bool colours_;
  size_t width_ = 120;
};

std::string number(double value) { return concat(std::round(value * 1000) / 1000); }

// "3" or "3 to 5 (median 4)"
std::string range_of(std::vector<double> values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string low = number(*least), high = number(*most);
  return low == high ? low : concat(low, " to ", high, " (median ", number(percentile(values, 50)), ")");
}

void print_overview(const CheckReport& report, const Terminal& terminal) {
  const auto labelled =
      std::count_if(report.cases.begin(), report.cases.end(), [](const CaseFacts& one) { return one.has_label; });
  std::cout << terminal.bold(report.name) << ": " << (report.roles.empty() ? report.layout + " layout, " : report.roles + "; ")
            << report.cases.size() << (report.cases.size() == 1 ? " case, " : " cases, ") << labelled
            << " with a label; looked through in " << format_duration(report.seconds) << "\n";
  for (const std::string& source : report.sources) std::cout << "  " << source << "\n";
  std::cout << "\n";
  std::vector<const CaseFacts*> readable;
  for (const CaseFacts& one : report.cases)
    if (one.readable) readable.push_back(&one);
  if (readable.empty()) return;
  std::vector<std::vector<std::string>> rows{{"", "x", "y", "z"}};
  const auto axes = [&](const char* title, const auto& value) {
    std::vector<std::string> row{title};
    for (size_t axis = 0; axis < 3; ++axis) {
      std::vector<double> values;
      for (const CaseFacts* one : readable) values.push_back(static_cast<double>(value(one->geometry)[axis]));
      row.push_back(range_of(values));
    }
    rows.push_back(row);
  };
  axes("voxels", [](const Geometry& g) { return g.size; });
  axes("spacing, mm", [](const Geometry& g) { return g.spacing; });
  std::cout << aligned(rows) << "\n";
  rows = {{"", "0.5 %", "median", "99.5 %"}};
  for (size_t c = 0; c < readable.front()->channels.size(); ++c) {
    std::vector<double> low, median, high;
    for (const CaseFacts* one : readable) {
      if (c >= one->channels.size()) continue;
      low.push_back(one->channels[c].low);
      median.push_back(one->channels[c].median);
      high.push_back(one->channels[c].high);
    }
    rows.push_back({readable.front()->channels.size() > 1 ? concat("channel ", c) : "intensity", range_of(low), range_of(median),
                    range_of(high)});
  }
  std::cout << aligned(rows) << "\n";
}

void print_classes(const CheckReport& report) {
  if (report.classes.empty()) return;
  const bool roles = !report.roles.empty();
  std::vector<std::vector<std::string>> rows{{"class", "", "labels"}};
  if (roles) rows.front() = {"class", "", "labelled", "validation", "test"};
  rows.front().insert(rows.front().end(), {"voxels", "share"});
  int64_t total = 0;
  for (const ClassPresence& one : report.classes) total += one.voxels;
  for (size_t k = 0; k < report.classes.size(); ++k) {
    const ClassPresence& one = report.classes[k];
    if (k >= report.class_names.size() && one.voxels == 0) continue;  // a gap among values that nobody has named
    std::vector<std::string> row{std::to_string(k), k < report.class_names.size() ? report.class_names[k] : ""};
    const auto cases = [&](Role role) {
      const auto found = one.cases.find(role);
      return std::to_string(found == one.cases.end() ? 0 : found->second);
    };
    if (roles)
      row.insert(row.end(), {cases(Role::kLabelled), cases(Role::kValidation), cases(Role::kTest)});
    else
      row.push_back(std::to_string(one.labels));
    row.push_back(std::to_string(one.voxels));
    row.push_back(total > 0 ? fixed(100 * static_cast<double>(one.voxels) / static_cast<double>(total), 3) + " %" : "");
    rows.push_back(row);
  }
  std::cout << aligned(rows) << "\n";
}

void print_cases(const CheckReport& report) {
  std::map<std::string, std::string> marks;
  for (const Finding& one : report.findings)
    for (const std::string& id : one.cases) marks[id] += (marks[id].empty() ? "" : ", ") + one.code;
  std::vector<std::vector<std::string>> rows{
      {"case", "role", "voxels", "mm", "0.5 %", "median", "99.5 %", "voxels by class", "found"}};
  for (const CaseFacts& one : report.cases) {
    std::vector<std::string> row{one.id, one.role ? role_name(*one.role) : one.test ? "test" : ""};
    if (one.readable) {
      const ChannelFacts& first = one.channels.front();
      row.insert(
          row.end(),
          {join(one.geometry.size, "x"),
           concat(number(one.geometry.spacing[0]), "x", number(one.geometry.spacing[1]), "x", number(one.geometry.spacing[2])),
           number(first.low), number(first.median), number(first.high), one.has_label ? join(one.class_voxels, " ") : "-"});
    }
    row.resize(8, "-");
    row.push_back(marks[one.id]);
    rows.push_back(row);
  }
  std::cout << aligned(rows) << "\n";
}

void print_findings(const CheckReport& report, bool all, const Terminal& terminal) {
  constexpr size_t kShown = 3, kIndent = 9;
  const std::string prefix = report.folder.string() + "/";
  const auto local = [&](std::string text) {  // paths as seen from the folder
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
    return text;
  };
  for (size_t i = 0; i < report.findings.size();) {
    const Finding& first = report.findings[i];
    size_t end = i;
    while (end < report.findings.size() && report.findings[end].code == first.code &&
           report.findings[end].severity == first.severity)
      ++end;
    std::cout << terminal.severity(first.severity) << terminal.bold(first.code);
    if (end - i > 1) std::cout << terminal.faint(concat("  ", end - i, " times"));
    std::cout << "\n";
    const size_t shown = all || end - i <= kShown + 1 ? end : i + kShown;
    for (size_t k = i; k < shown; ++k) {
      const Finding& one = report.findings[k];
      const std::string who = one.cases.empty() ? "" : few_of(one.cases) + ": ";
      std::cout << std::string(kIndent, ' ') << terminal.wrapped(who + local(one.message), kIndent) << "\n";
    }
    if (shown < end) {
      std::vector<std::string> ids;
      for (size_t k = shown; k < end; ++k)
        ids.insert(ids.end(), report.findings[k].cases.begin(), report.findings[k].cases.end());
      std::cout << std::string(kIndent, ' ')
                << terminal.wrapped(ids.empty() ? "and so on; --cases shows all" : "the same in " + few_of(ids, 12), kIndent)
                << "\n";
    }
    std::cout << std::string(kIndent, ' ') << terminal.faint(terminal.wrapped("-> " + local(first.advice), kIndent)) << "\n\n";
    i = end;
  }
  const int64_t errors = report.count(Severity::kError), warnings = report.count(Severity::kWarning);
  const std::string counts =
      concat(errors, errors == 1 ? " error, " : " errors, ", warnings, warnings == 1 ? " warning" : " warnings");
  std::cout << (report.sound() ? terminal.coloured("1;32", counts) : terminal.coloured("1;31", counts))
            << (report.sound() ? ": nothing here makes training unsound" : ": training on this would be unsound") << "\n";
}

void repair(const Source& source, const CheckReport& report, const std::string& folder) {
  const std::vector<Repair> repairs = repair_source(source, report.findings, folder);
  int64_t written = 0;
  for (const Repair& one : repairs) {
    if (one.file.empty()) {
      log_warning("left as it is: " + one.what);
    } else {
      ++written;
      log_info(concat(one.file.string(), ": ", one.what));
    }
  }
  if (written == 0)
    log_info("--fix: nothing here can be corrected without a person's decision; nothing was written");
  else
    log_info(concat(folder, ": ", written, written == 1 ? " corrected file" : " corrected files",
                    " and links to the others; check it again, and prepare it in place of the source"));
}

void run(const CheckArguments& arguments) {
  if (arguments.source.empty() == arguments.dataset.empty()) throw UsageError("check: one of --source and --dataset is needed");
  if (!arguments.fix.empty() && arguments.source.empty()) throw UsageError("check: --fix goes with --source");
  if (!arguments.split.empty() && arguments.dataset.empty()) throw UsageError("check: --split goes with --dataset");
  if (arguments.options.full && arguments.dataset.empty()) throw UsageError("check: --full goes with --dataset");
  if (!arguments.recipe.empty() && arguments.source.empty()) throw UsageError("check: --recipe goes with --source");
  if (!arguments.label_file.empty() && arguments.source.empty()) throw UsageError("check: --label-file goes with --source");
  CheckOptions options = arguments.options;
  options.duplicates = !arguments.no_duplicates;
  Source source;
  CheckReport report;
  if (!arguments.source.empty()) {
    PublishedDataset published;
    if (!arguments.recipe.empty()) published = read_published_dataset(arguments.recipe);
    SourceOptions files;
    files.label_file = arguments.label_file;
    source = find_source(arguments.source, published.dataset, published.recipe.name, files);
    if (!arguments.fix.empty()) require_repairable(source, arguments.fix);
    report = check_source(source, known_classes(source, published.dataset, published.recipe.name), options);
  } else {
    report = check_dataset(arguments.dataset, arguments.split, options);
  }
  if (!arguments.out.empty()) write_json(arguments.out, to_json(report));
  if (arguments.json) {
    std::cout << to_json(report).dump(2) << "\n";
  } else {
    const Terminal terminal;
    print_overview(report, terminal);
    print_classes(report);
    if (arguments.cases) print_cases(report);
    print_findings(report, arguments.cases, terminal);
  }
  if (!arguments.fix.empty()) repair(source, report, arguments.fix);
  if (report.sound()) return;
  const Finding& first = report.findings.front();
  const int64_t errors = report.count(Severity::kError);
  throw InputError(report.folder.string(),
                   concat(errors, errors == 1 ? " error: " : " errors, the first: ", first.code,
                          first.cases.empty() ? "" : " in ", few_of(first.cases, 3)),
                   "scans that training can learn from");
}

}  // namespace

std::function<void()> declare_check(CLI::App& app) {
  auto arguments = std::make_shared<CheckArguments>();
  app.add_option("--source", arguments->source, "a folder of scans as they came")->type_name("PATH");
  app.add_option("--recipe", arguments->recipe, "how the source's files lie and what its labels mean, as for prepare")
      ->type_name("RECIPE");
  app.add_option("--label-file", arguments->label_file, "which files of the source are labels, as for prepare")
      ->type_name("PATTERN");
  app.add_option("--dataset", arguments->dataset, "a prepared dataset")->type_name("FOLDER");
  app.add_option("--split", arguments->split, "a split file or a fold's name instead of split.json")->type_name("FILE");
  app.add_flag("--cases", arguments->cases, "a line per case, and every finding instead of a few of each kind");
  app.add_flag("--no-duplicates", arguments->no_duplicates, "leaves out the search for scans that are there twice");
  app.add_flag("--full", arguments->options.full,
               "with --dataset: reads every scan again and compares it with what was prepared");
  app.add_option("--out", arguments->out, "writes everything found as JSON into this file")->type_name("PATH");
  app.add_option("--fix", arguments->fix, "a new folder: the source with what can safely be corrected corrected, the rest linked")
      ->type_name("FOLDER");
  app.add_option("--threads", arguments->options.threads, "0: one per core");
  app.add_flag("--json", arguments->json, "everything found, for machines, on standard output");
  return [arguments] { run(*arguments); };
}

}  // namespace tss
