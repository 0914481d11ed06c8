#include <cstdlib>

#include "golden_check/golden.h"

namespace golden {

void check_formulas(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    const std::string id = c.at("id");
    check.begin_case(id);
    const auto values = [&](const char* name, const torch::Tensor& got, const Json& expected) {
      for (size_t i = 0; i < expected.size(); ++i)
        check.number(name, got.flatten()[static_cast<int64_t>(i)].item<double>(), expected[i], Kind::kMetric);
    };
    if (id == "splitmix64") {
      for (size_t i = 0; i < c.at("x_decimal").size(); ++i) {
        const uint64_t x = std::strtoull(c.at("x_decimal")[i].get<std::string>().c_str(), nullptr, 10);
        check.equal(id, splitmix64(x) == std::strtoull(c.at("result_hex")[i].get<std::string>().c_str(), nullptr, 16));
      }
    } else if (id == "u") {
      for (size_t i = 0; i < c.at("value").size(); ++i)
        check.number(id, u(c.at("stream_and_j")[i][0], c.at("stream_and_j")[i][1]), c.at("value")[i], Kind::kMetric);
    } else if (id == "positions") {
      check.equal(id, positions(c.at("n"), 12) == c.at("first_12").get<std::vector<int64_t>>());
      check.equal(id, positions(c.at("n2"), 12) == c.at("first_12_of_n2").get<std::vector<int64_t>>());
    } else if (id.starts_with("parameter_")) {
      const torch::Tensor w = weight(c.at("index"), c.at("shape").get<std::vector<int64_t>>(), c.at("kind"));
      values("parameter", w, c.at("first_4"));
      check.number("parameter", w.flatten()[-1].item<double>(), c.at("last"), Kind::kMetric);
      check.number("parameter", w.sum().item<double>(), c.at("sum"), Kind::kMetric);
    } else if (id == "buffers") {
      torch::nn::BatchNorm3d layer(16);
      layer->to(torch::kFloat64);
      set_weights(*layer, Json{{"parameters", {{0, "weight", {16}, "s"}, {1, "bias", {16}, "b"}}},
                               {"buffers",
                                {{c.at("buffer_number"), "running_mean", {16}}, {c.at("buffer_number"), "running_var", {16}}}}});
      values("running_mean", layer->running_mean, c.at("running_mean_first_4"));
      values("running_var", layer->running_var, c.at("running_var_first_4"));
    } else if (id.starts_with("label_")) {
      const torch::Tensor y = label(c.at("seed"), c.at("shape").get<std::vector<int64_t>>());
      const torch::Tensor per_sample = y.sum({1, 2, 3});
      for (size_t b = 0; b < c.at("voxels").size(); ++b)
        check.exact("label voxels", per_sample[static_cast<int64_t>(b)].item<int64_t>(), c.at("voxels")[b]);
      check.exact("label positions", (y.flatten() * torch::arange(y.numel())).sum().item<int64_t>(), c.at("flat_index_sum"));
    } else if (id == "loss_weights") {
      for (size_t j = 0; j < c.at("values").size(); ++j)
        check.number(id, 1 + 0.5 * u(31337, j), c.at("values")[j], Kind::kMetric);
    } else {
      const Json& field = c.at("values");
      const auto shape = field.at("shape").get<std::vector<int64_t>>();
      const int64_t seed = c.at("seed");
      const torch::Tensor got = id.starts_with("volume")   ? volume(seed, shape)
                                : id.starts_with("logits") ? logits(seed, shape, c.at("amp"), c.at("blob"))
                                : id.starts_with("noise")  ? noise(seed, shape, c.at("amp"))
                                                           : text(seed, shape[0], shape[1], c.at("normalised"));
      check.tensor(id.substr(0, id.find('_')), got, field, Kind::kOutput);
      check.number("l2", got.norm().item<double>(), field.at("l2"), Kind::kMetric);
    }
  }
}

}  // namespace golden
