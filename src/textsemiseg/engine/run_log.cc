#include "textsemiseg/engine/run_log.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"

namespace tss {

RunLog::RunLog(const std::filesystem::path& path, int64_t keep_until, std::function<void(const Json&)> written)
    : path_(path), written_(std::move(written)) {
  if (std::filesystem::exists(path)) {
    std::istringstream lines(read_text_file(path));
    std::string kept, line;
    while (std::getline(lines, line)) {
      // A line cut short by a kill is dropped too.
      const Json parsed = Json::parse(line, nullptr, false);
      if (!parsed.is_discarded() && parsed.value("iteration", int64_t{0}) <= keep_until) kept += line + "\n";
    }
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

double RunLog::write_step(int64_t iteration, double learning_rate, double seconds) {
  Json line;
  line["iteration"] = iteration;
  line["learning_rate"] = learning_rate;
  line["seconds"] = std::round(seconds * 1000) / 1000;
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
