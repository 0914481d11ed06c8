#include "textsemiseg/engine/run_log.h"

#include <cmath>
#include <limits>
#include <optional>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Empty: not a line of a log.
std::optional<int64_t> iteration_of(const std::string& line) {
  const Json parsed = Json::parse(line, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("iteration")) return {};
  int64_t iteration = 0;
  if (!config_detail::convert(parsed.at("iteration"), iteration) || iteration < 0) return {};
  return iteration;
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& path, int64_t keep_until, std::function<void(const Json&)> written)
    : path_(path), written_(std::move(written)) {
  if (std::filesystem::exists(path)) {
    std::istringstream lines(read_text_file(path, kMostLogBytes));
    std::string kept, line;
    size_t unreadable = 0;
    while (std::getline(lines, line)) {
      // A line cut short by a kill is one of them.
      const std::optional<int64_t> iteration = iteration_of(line);
      if (!iteration)
        ++unreadable;
      else if (*iteration <= keep_until)
        kept += line + "\n";
    }
    if (unreadable > 0)
      log_warning(concat(path.string(), ": ", unreadable, unreadable == 1 ? " line was" : " lines were", " no line of a log and ",
                         unreadable == 1 ? "was" : "were", " dropped; curves have gaps there"));
    write_text_file(path, kept);
  }
  out_.open(path, std::ios::app);
  if (!out_) throw InputError(path.string(), "cannot be opened for writing", "a writable run folder");
}

void RunLog::add(const std::map<std::string, torch::Tensor>& terms) {
  for (const auto& [name, value] : terms) {
    auto& sum = sums_[name];
    const torch::Tensor as_double = value.to(torch::kFloat64);
    sum = sum.defined() ? sum + as_double : as_double;
    ++counts_[name];
  }
}

double RunLog::write_step(int64_t iteration, double learning_rate, double seconds, int64_t skipped) {
  Json line;
  line["iteration"] = iteration;
  line["learning_rate"] = learning_rate;
  line["seconds"] = std::round(seconds * 1000) / 1000;
  if (skipped > 0) line["skipped_steps"] = skipped;
  double loss = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, sum] : sums_) {
    const double mean = sum.item<double>() / static_cast<double>(counts_[name]);
    line[name] = mean;
    if (name == "loss") loss = mean;
  }
  sums_.clear();
  counts_.clear();
  write(line);
  return loss;
}

void RunLog::write(const Json& line) {
  out_ << line.dump() << "\n" << std::flush;
  if (!out_) throw Error(path_.string() + ": cannot be written; is the disk full?");
  if (written_) written_(line);
}

}  // namespace tss
