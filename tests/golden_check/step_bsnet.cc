// step_bsnet: the method's step and the engine, with the file's small networks in place of ours, in two and three dimensions.
#include <algorithm>
#include <cmath>

#include "golden_check/rounding.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/methods/bs_net.h"
#include "textsemiseg/modules/ema.h"

namespace golden {
namespace {

// A network of convolutions with the weights of a list, [stream, name, shape, kind].
class ConvolutionsImpl : public torch::nn::Module {
 public:
  ConvolutionsImpl(const Json& list, int64_t stream_offset) {
    for (const auto& entry : list) {
      std::string name = entry[1];
      std::replace(name.begin(), name.end(), '.', '_');
      register_parameter(name, weight(entry[0], entry[2].get<std::vector<int64_t>>(), entry[3], stream_offset));
    }
  }
  torch::Tensor value(std::string name) {
    std::replace(name.begin(), name.end(), '.', '_');
    return named_parameters()[name];
  }
  torch::Tensor convolve(const torch::Tensor& x, const std::string& layer, int64_t stride = 1) {
    const torch::Tensor w = value(layer + ".weight"), b = value(layer + ".bias");
    const int64_t padding = w.size(2) / 2;
    return w.dim() == 5 ? torch::conv3d(x, w, b, stride, padding) : torch::conv2d(x, w, b, stride, padding);
  }
};
TORCH_MODULE(Convolutions);

torch::Tensor segment(Convolutions& net, const torch::Tensor& x) {
  return net->convolve(torch::relu(net->convolve(torch::relu(net->convolve(x, "c1")), "c2")), "c3");
}

// The critic in the dimensions of its weights.
torch::Tensor judge(Convolutions& net, const torch::Tensor& mask, const torch::Tensor& x) {
  torch::Tensor current = net->convolve(mask, "conv0", 2) + net->convolve(x, "conv1", 2);
  for (const char* layer : {"conv2", "conv3", "conv4", "conv5"})
    current = torch::leaky_relu(net->convolve(current, layer, 2), 0.2);
  return torch::linear(current.flatten(2).amax(2), net->value("classifier.weight"), net->value("classifier.bias"));
}

Json without_last_side(Json list) {  // a 3D list of weights as a 2D one
  for (auto& entry : list)
    if (entry[2].size() == 5) entry[2].erase(4);
  return list;
}

class StandIn : public tss::Method {
 public:
  StandIn(const Json& networks, const Json& critic, double lambda) : lambda_(lambda) {
    options_.variant = "reference";
    student_ = register_module("f_a", Convolutions(networks, 0));
    teacher_ = register_module("f_b", Convolutions(networks, 65536));
    critic_ = register_module("critic", Convolutions(critic, 131072));
  }
  std::vector<tss::ParameterGroup> parameter_groups() override {
    return {
        {"student", student_->parameters(), 1}, {"teacher", teacher_->parameters(), 0.1}, {"critic", critic_->parameters(), 1}};
  }
  void train_step(const tss::Batch& batch, tss::Context& context) override {
    const tss::BsNetNetworks networks = {
        [&](const torch::Tensor& x) { return segment(student_, x); },
        [&](const torch::Tensor& x) { return segment(teacher_, x); },
        [&](const torch::Tensor& p, const torch::Tensor& x) { return judge(critic_, p, x); },
        [&](double alpha) { tss::update_average(*teacher_, *student_, alpha); },
        [&](double alpha) { tss::update_average(*student_, *teacher_, alpha); },
    };
    tss::bs_net_step(options_, lambda_, batch, networks, context);
  }
  torch::Tensor predict(const torch::Tensor& windows) override { return torch::softmax(segment(student_, windows), 1); }

 private:
  tss::BsNetOptions options_;
  double lambda_;
  Convolutions student_{nullptr}, teacher_{nullptr}, critic_{nullptr};
};

// r2 of the formulas with the term of the third axis left out, and what follows from it.
double radius_squared_2d(int64_t seed, int64_t b, const std::array<int64_t, 2>& sides, const std::array<int64_t, 2>& at,
                         const std::array<double, 2>& radii) {
  double sum = 0;
  for (size_t a = 0; a < 2; ++a) {
    const auto side = static_cast<double>(sides[a]);
    const double centre = side * (0.5 + 0.1 * u(static_cast<uint64_t>(seed + 1), static_cast<uint64_t>(3 * b) + a));
    sum += std::pow((static_cast<double>(at[a]) - centre) / (radii[a] * side), 2);
  }
  return sum;
}

torch::Tensor volume_2d(int64_t seed, const std::vector<int64_t>& shape) {
  torch::Tensor out = torch::empty(shape, torch::kFloat64);
  for (int64_t j = 0; j < out.numel(); ++j) {
    const int64_t x = j / shape[3] % shape[2], y = j % shape[3], b = j / (shape[1] * shape[2] * shape[3]);
    const double r2 = radius_squared_2d(seed, b, {shape[2], shape[3]}, {x, y}, {0.22, 0.22});
    out.data_ptr<double>()[j] =
        moved(static_cast<float>(0.5 * u(static_cast<uint64_t>(seed), static_cast<uint64_t>(j)) + 1.5 * std::exp(-r2 / 2)));
  }
  return out;
}

torch::Tensor label_2d(int64_t seed, const std::vector<int64_t>& shape) {
  torch::Tensor out = torch::empty(shape, torch::kInt64);
  for (int64_t j = 0; j < out.numel(); ++j) {
    const int64_t x = j / shape[2] % shape[1], y = j % shape[2], b = j / (shape[1] * shape[2]);
    out.data_ptr<int64_t>()[j] = radius_squared_2d(seed, b, {shape[1], shape[2]}, {x, y}, {0.30, 0.24}) < 1;
  }
  return out;
}

tss::Batch batch_of(const Json& c, torch::Dtype dtype) {
  const auto shape = c.at("image").at("shape").get<std::vector<int64_t>>(),
             label_shape = c.at("label").at("shape").get<std::vector<int64_t>>();
  const int64_t seed = c.at("image").at("seed");
  const bool flat = shape.size() == 4;
  return {(flat ? volume_2d(seed, shape) : volume(seed, shape)).to(dtype),
          (flat ? label_2d(seed, label_shape) : label(seed, label_shape)).narrow(0, 0, c.at("labelled"))};
}

void check_critic(const Json& c, const Json& weights, Checker& check) {
  tss::Critic critic(1);
  critic->to(check.dtype());
  set_weights(*critic, {{"parameters", weights}, {"buffers", Json::array()}});
  const torch::Tensor mask = torch::sigmoid(from_formula(c.at("mask_probability"))).to(check.dtype());
  check.tensor("critic", critic->forward(mask, from_formula(c.at("image")).to(check.dtype())), c.at("output"), Kind::kOutput);
}

}  // namespace

void check_step_bsnet(const Json& file, Checker& check) {
  const Json& networks = file.at("stand_in_network");
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    if (c.contains("mask_probability")) {
      check_critic(c, file.at("critic_parameters_3d"), check);
      continue;
    }
    const tss::Batch batch = batch_of(c, check.dtype());
    const bool flat = batch.image.dim() == 4;
    Json critic = file.at("critic_parameters_3d");
    if (flat) critic = without_last_side(critic);
    if (flat) critic[2][2][1] = batch.image.size(1);  // the image's channels
    const double lambda = 0.1 * tss::gaussian_ramp(c.at("epoch"), c.at("epochs"));
    StandIn method(networks.at(flat ? "parameters_2d" : "parameters_3d"), critic, lambda);
    method.to(check.dtype());
    tss::OptimiserOptions options;
    options.kind = "adam";
    options.learning_rate = 1e-3;
    options.beta2 = 0.99;
    options.schedule = "constant";
    tss::Optimisation engine(method, options);
    const int64_t first = c.at("t_first");
    for (size_t s = 0; s < c.at("steps").size(); ++s) {
      engine.step(batch, 0, first + static_cast<int64_t>(s), 30'000);
      for (const auto& [name, value] : c.at("steps")[s].items())
        check.number(name, engine.logged().at(name).item<double>(), value, Kind::kLoss);
    }
    for (const auto& [name, field] : c.at("parameters_after").items()) {
      const size_t colon = name.find(": ");
      auto* network = std::dynamic_pointer_cast<ConvolutionsImpl>(method.named_children()[name.substr(0, colon)]).get();
      check.tensor("parameter " + name, network->value(name.substr(colon + 2)), field, Kind::kParameter);
    }
  }
}

}  // namespace golden
