// Reads the case files of tests/golden (tests/golden/README.md defines the formulas) and compares results with them.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace golden {

using Json = nlohmann::json;

// tests/golden/README.md section 1.
uint64_t splitmix64(uint64_t x);
double u(uint64_t stream, uint64_t j);
std::vector<int64_t> positions(int64_t n, int64_t count);

// tests/golden/README.md section 3. Every tensor is computed in double, rounded to float32 and returned as `dtype`; labels as int64.
torch::Tensor noise(int64_t seed, const std::vector<int64_t>& shape, double amp = 1.0);                      // float64
torch::Tensor volume(int64_t seed, const std::vector<int64_t>& shape);                                       // [B, C, X, Y, Z]
torch::Tensor label(int64_t seed, const std::vector<int64_t>& shape);                                        // [B, X, Y, Z]
torch::Tensor logits(int64_t seed, const std::vector<int64_t>& shape, double amp = 1.5, double blob = 2.0);  // [B, C, X, Y, Z]
torch::Tensor text(int64_t seed, int64_t classes, int64_t dim, bool normalise);                              // [K, d]
// A tensor from a {"formula": ..., "seed": ..., "shape": ...} field.
torch::Tensor from_formula(const Json& field);

// tests/golden/README.md section 2: gives every parameter and buffer of `module` its formula value, found by the names in `network`
// ("parameters", "buffers"). `rename` maps a published name to ours; stream_offset is the "weight stream offset".
void set_weights(torch::nn::Module& module, const Json& network, int64_t stream_offset = 0);
// The formula value of one parameter.
torch::Tensor weight(int64_t index, const std::vector<int64_t>& shape, const std::string& kind, int64_t stream_offset = 0);

// tests/golden/README.md section 5.
enum class Kind { kOutput, kLoss, kGradient, kParameter, kMetric };

// Compares and keeps the largest error per name, as a share of its tolerance.
class Checker {
 public:
  // rounding: {kind of quantity: spread} of the file, which float32 results are held to (rounding.h).
  Checker(torch::Dtype dtype, bool nightly, Json rounding) : dtype_(dtype), nightly_(nightly), rounding_(std::move(rounding)) {}
  torch::Dtype dtype() const { return dtype_; }
  bool float64() const { return dtype_ == torch::kFloat64; }
  // Cases with a side of 96 or more are float32 in the ordinary run, float64 nightly; true when this case is to be left to the
  // nightly run (and counted as such).
  bool leave_to_nightly(const std::vector<int64_t>& shape);

  void begin_case(const std::string& id) {
    case_ = id;
    ++cases_;
  }
  void number(const std::string& name, double got, double expected, Kind kind);
  void exact(const std::string& name, int64_t got, int64_t expected, int64_t allowed = 0);
  void equal(const std::string& name, bool ok, const std::string& detail = "");
  // Field {shape, mean, std, l2, pos, val} of tests/golden/README.md section 4 against a tensor.
  void tensor(const std::string& name, const torch::Tensor& got, const Json& field, Kind kind);

  struct Line {
    double error = 0;      // largest error met
    double tolerance = 0;  // its allowance
    int64_t compared = 0;
    std::string worst_case;
    bool failed() const { return !(error <= tolerance); }
  };
  const std::map<std::string, Line>& lines() const { return lines_; }
  // {kind of quantity: largest relative error} of a float64 run.
  const std::map<std::string, double>& spreads() const { return spreads_; }
  int64_t cases() const { return cases_; }
  int64_t left_to_nightly() const { return left_; }
  bool failed() const;

 private:
  void relative(const std::string& name, double error, Kind kind, bool norm);
  void record(const std::string& name, double error, double tolerance);
  torch::Dtype dtype_;
  bool nightly_;
  Json rounding_;
  std::string case_;
  int64_t cases_ = 0;
  int64_t left_ = 0;
  std::map<std::string, Line> lines_;
  std::map<std::string, double> spreads_;
};

// A runner checks one whole file. Its kind of file is told by the file's "file" field.
using Runner = void (*)(const Json& file, Checker& checker);
// The one list (runners.cc): every file name that can be run. Names not in it are pending.
const std::map<std::string, Runner>& runners();

}  // namespace golden
