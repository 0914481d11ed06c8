#include "golden_check/golden.h"

#include <algorithm>
#include <cmath>

#include "golden_check/rounding.h"
#include "textsemiseg/base/error.h"

namespace golden {

uint64_t splitmix64(uint64_t x) {
  uint64_t z = x + 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

double u(uint64_t stream, uint64_t j) { return static_cast<double>(splitmix64((stream << 32) + j) >> 11) * 0x1.0p-52 - 1.0; }

std::vector<int64_t> positions(int64_t n, int64_t count) {
  std::vector<int64_t> out;
  for (int64_t k = 0; k < count; ++k)
    out.push_back(
        static_cast<int64_t>(splitmix64((uint64_t{424242} << 32) + static_cast<uint64_t>(k)) % static_cast<uint64_t>(n)));
  return out;
}

namespace {

int64_t product(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (const int64_t side : shape) n *= side;
  return n;
}

// Values computed in double by f(flat index), rounded to float32, moved as the current draw says, returned as float64.
template <class F>
torch::Tensor fill(const std::vector<int64_t>& shape, F f) {
  torch::Tensor out = torch::empty(shape, torch::kFloat64);
  double* data = out.data_ptr<double>();
  for (int64_t j = 0; j < out.numel(); ++j) data[j] = moved(static_cast<double>(static_cast<float>(f(j))));
  return out;
}

// r2 of tests/golden/README.md section 3 for every voxel of [B, X, Y, Z].
std::vector<double> radius_squared(int64_t seed, int64_t batch, const std::array<int64_t, 3>& sides,
                                   const std::array<double, 3>& radii) {
  std::vector<double> out;
  out.reserve(static_cast<size_t>(batch * sides[0] * sides[1] * sides[2]));
  for (int64_t b = 0; b < batch; ++b) {
    std::array<double, 3> centre;
    for (size_t a = 0; a < 3; ++a)
      centre[a] =
          static_cast<double>(sides[a]) * (0.5 + 0.1 * u(static_cast<uint64_t>(seed + 1), static_cast<uint64_t>(3 * b) + a));
    const auto term = [&](size_t a, int64_t i) {
      const double d = (static_cast<double>(i) - centre[a]) / (radii[a] * static_cast<double>(sides[a]));
      return d * d;
    };
    for (int64_t x = 0; x < sides[0]; ++x)
      for (int64_t y = 0; y < sides[1]; ++y)
        for (int64_t z = 0; z < sides[2]; ++z) out.push_back(term(0, x) + term(1, y) + term(2, z));
  }
  return out;
}

constexpr std::array<double, 3> kBlob{0.22, 0.22, 0.22};
constexpr std::array<double, 3> kLabel{0.30, 0.24, 0.20};

std::array<int64_t, 3> last_three(const std::vector<int64_t>& shape) {
  const size_t n = shape.size();
  return {shape[n - 3], shape[n - 2], shape[n - 1]};
}

}  // namespace

torch::Tensor noise(int64_t seed, const std::vector<int64_t>& shape, double amp) {
  return fill(shape, [&](int64_t j) { return amp * u(static_cast<uint64_t>(seed), static_cast<uint64_t>(j)); });
}

torch::Tensor volume(int64_t seed, const std::vector<int64_t>& shape) {
  const auto r2 = radius_squared(seed, shape[0], last_three(shape), kBlob);
  const int64_t voxels = shape[2] * shape[3] * shape[4];
  return fill(shape, [&](int64_t j) {
    const int64_t b = j / (voxels * shape[1]);
    return 0.5 * u(static_cast<uint64_t>(seed), static_cast<uint64_t>(j)) +
           1.5 * std::exp(-r2[static_cast<size_t>(b * voxels + j % voxels)] / 2);
  });
}

torch::Tensor label(int64_t seed, const std::vector<int64_t>& shape) {
  const auto r2 = radius_squared(seed, shape[0], last_three(shape), kLabel);
  torch::Tensor out = torch::empty(shape, torch::kInt64);
  for (int64_t j = 0; j < out.numel(); ++j) out.data_ptr<int64_t>()[j] = r2[static_cast<size_t>(j)] < 1 ? 1 : 0;
  return out;
}

torch::Tensor logits(int64_t seed, const std::vector<int64_t>& shape, double amp, double blob) {
  const auto r2 = radius_squared(seed, shape[0], last_three(shape), kBlob);
  const int64_t voxels = shape[2] * shape[3] * shape[4];
  return fill(shape, [&](int64_t j) {
    const int64_t b = j / (voxels * shape[1]);
    const int64_t c = j / voxels % shape[1];
    const double sign = shape[1] > 1 && c == 0 ? -1.0 : 1.0;
    return amp * u(static_cast<uint64_t>(seed), static_cast<uint64_t>(j)) +
           blob * sign * (2 * std::exp(-r2[static_cast<size_t>(b * voxels + j % voxels)] / 2) - 1);
  });
}

torch::Tensor text(int64_t seed, int64_t classes, int64_t dim, bool normalise) {
  torch::Tensor raw = torch::empty({classes, dim}, torch::kFloat64);
  for (int64_t j = 0; j < raw.numel(); ++j) raw.data_ptr<double>()[j] = u(static_cast<uint64_t>(seed), static_cast<uint64_t>(j));
  if (normalise) raw = raw / raw.norm(2, 1, true);
  raw = raw.to(torch::kFloat32).to(torch::kFloat64);
  for (int64_t j = 0; j < raw.numel(); ++j) raw.data_ptr<double>()[j] = moved(raw.data_ptr<double>()[j]);
  return raw;
}

torch::Tensor from_formula(const Json& field) {
  const std::string formula = field.at("formula");
  const int64_t seed = field.value("seed", int64_t{0});
  if (formula.rfind("text", 0) == 0)
    return text(seed, field.value("classes", int64_t{2}), field.value("dim", int64_t{512}),
                formula.find("L2-normalised") != std::string::npos);  // the other one is "not normalised"
  const auto shape = field.at("shape").get<std::vector<int64_t>>();
  if (formula == "volume") return volume(seed, shape);
  if (formula == "label") return label(seed, shape);
  if (formula == "empty") return torch::zeros(shape, torch::kInt64);
  if (formula == "all") return torch::ones(shape, torch::kInt64);
  if (formula == "logits") return logits(seed, shape, field.value("amp", 1.5), field.value("blob", 2.0));
  if (formula == "noise") return noise(seed, shape, field.value("amp", 1.0));
  throw tss::InputError("formula", "found '" + formula + "'", "one of tests/golden/README.md section 3");
}

torch::Tensor weight(int64_t index, const std::vector<int64_t>& shape, const std::string& kind, int64_t stream_offset) {
  const auto stream = static_cast<uint64_t>(index + stream_offset);
  const auto value = [&](int64_t j) { return u(stream, static_cast<uint64_t>(j)); };
  if (kind == "w") {
    const double scale = std::sqrt(6.0 / static_cast<double>(product(shape) / shape[0]));
    return fill(shape, [&](int64_t j) { return value(j) * scale; });
  }
  if (kind == "b") return fill(shape, [&](int64_t j) { return 0.1 * value(j); });
  if (kind == "bn_b") return fill(shape, [&](int64_t j) { return 0.5 + 0.1 * value(j); });
  if (kind == "s") return fill(shape, [&](int64_t j) { return 1 + 0.1 * value(j); });
  throw tss::InputError("parameter kind", "found '" + kind + "'", "w, b, bn_b or s");
}

void set_weights(torch::nn::Module& module, const Json& network, int64_t stream_offset) {
  torch::NoGradGuard no_grad;
  auto parameters = module.named_parameters();
  auto buffers = module.named_buffers();
  size_t used = 0;
  for (const auto& entry : network.at("parameters")) {
    const std::string name = entry[1];
    torch::Tensor* parameter = parameters.find(name);
    const auto shape = entry[2].get<std::vector<int64_t>>();
    if (!parameter) throw tss::InputError("parameter " + name, "is not in our network");
    if (parameter->sizes() != shape)
      throw tss::InputError("parameter " + name, c10::str("has shape ", parameter->sizes()), c10::str(torch::IntArrayRef(shape)));
    parameter->copy_(weight(entry[0], shape, entry[3], stream_offset));
    ++used;
  }
  if (used != parameters.size())
    throw tss::InputError("network", c10::str("has ", parameters.size(), " parameters"), c10::str(used, " as published"));
  for (const auto& entry : network.at("buffers")) {
    if (entry[0].is_null()) continue;
    const std::string name = entry[1];
    torch::Tensor* buffer = buffers.find(name);
    if (!buffer) throw tss::InputError("buffer " + name, "is not in our network");
    const auto stream = static_cast<uint64_t>(100000 + entry[0].get<int64_t>() + stream_offset);
    const bool variance = name.ends_with("running_var");
    buffer->copy_(fill(entry[2].get<std::vector<int64_t>>(), [&](int64_t j) {
      const double value = u(stream, static_cast<uint64_t>(j));
      return variance ? 1 + 0.1 * std::abs(value) : 0.1 * value;
    }));
  }
}

bool Checker::leave_to_nightly(const std::vector<int64_t>& shape) {
  const bool large = std::any_of(shape.begin() + 2, shape.end(), [](int64_t side) { return side >= 96; });
  if (!large || !float64() || nightly_) return false;
  ++left_;
  return true;
}

void Checker::record(const std::string& name, double error, double tolerance) {
  Line& line = lines_[name];
  ++line.compared;
  // A NaN must end up as the worst error.
  const bool worse = line.compared == 1 || !(error / tolerance <= line.error / line.tolerance);
  if (worse) {
    line.error = error;
    line.tolerance = tolerance;
    line.worst_case = case_;
  }
}

namespace {

struct Allowance {
  double float64, float32;  // tests/golden/README.md section 5
  const char* title;        // in rounding.json
};

Allowance allowance_of(Kind kind, bool norm) {
  switch (kind) {
    case Kind::kGradient:
      return norm ? Allowance{1e-6, 1e-3, "gradient norms"} : Allowance{1e-5, 1e-3, "gradients"};
    case Kind::kParameter:
      return {1e-7, 1e-4, "parameters"};
    case Kind::kOutput:
      return {1e-6, 1e-4, "outputs"};
    default:
      return {1e-7, 1e-4, "losses"};
  }
}

}  // namespace

void Checker::relative(const std::string& name, double error, Kind kind, bool norm) {
  const Allowance allowed = allowance_of(kind, norm);
  if (float64()) {
    double& spread = spreads_[allowed.title];
    spread = std::max(spread, error);
    return record(name, error, allowed.float64);
  }
  double tolerance = std::max(allowed.float32, kSafety * rounding_.value(allowed.title, 0.0));
  // A norm may be off by the root mean square of its elements' errors, which is no more than the largest of them.
  if (kind == Kind::kGradient && norm) tolerance = std::max(tolerance, rounding_.value("gradients", 0.0));
  record(name, error, tolerance);
}

void Checker::number(const std::string& name, double got, double expected, Kind kind) {
  if (kind == Kind::kMetric) return record(name, std::abs(got - expected), expected == 0 ? 1e-9 : 1e-6 * std::abs(expected));
  // Printed with 9 digits: nothing below 1e-8 of the value can be compared.
  relative(name, std::abs(got - expected) / std::max(std::abs(expected), 1e-8), kind, true);
}

void Checker::exact(const std::string& name, int64_t got, int64_t expected, int64_t allowed) {
  record(name, static_cast<double>(std::abs(got - expected)), allowed > 0 ? static_cast<double>(allowed) : 1e-300);
}

void Checker::equal(const std::string& name, bool ok, const std::string& detail) {
  record(detail.empty() || ok ? name : name + " (" + detail + ")", ok ? 0 : 1, 1e-300);
}

void Checker::tensor(const std::string& name, const torch::Tensor& got, const Json& field, Kind kind) {
  if (!got.defined()) return equal(name, false, "undefined");
  if (field.contains("shape")) {
    const auto shape = field.at("shape").get<std::vector<int64_t>>();
    if (got.sizes() != shape)
      return equal(name, false, c10::str("shape ", got.sizes(), ", expected ", torch::IntArrayRef(shape)));
  }
  const torch::Tensor flat = got.detach().to(torch::kCPU, torch::kFloat64).contiguous().flatten();
  const double root_mean_square = field.at("l2").get<double>() / std::sqrt(static_cast<double>(flat.numel()));
  if (kind == Kind::kGradient) number(name, flat.norm().item<double>(), field.at("l2"), Kind::kGradient);
  double scale = kind == Kind::kOutput && field.value("std", 0.0) > 0 ? field.at("std").get<double>() : root_mean_square;
  if (scale == 0) scale = 1;  // a tensor of zeros
  const auto at = field.at("pos").get<std::vector<int64_t>>();
  double worst = 0;
  for (size_t i = 0; i < at.size(); ++i) {
    const double difference = std::abs(flat.data_ptr<double>()[at[i]] - field.at("val")[i].get<double>());
    worst = !(difference <= worst) ? difference : worst;
  }
  relative(name, worst / scale, kind, false);
}

bool Checker::failed() const {
  return std::any_of(lines_.begin(), lines_.end(), [](const auto& line) { return line.second.failed(); });
}

}  // namespace golden
