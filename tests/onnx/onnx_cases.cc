// Writes ONNX files beside inputs and what LibTorch makes of them; compare.py runs the files in onnxruntime.
//   onnx_cases FOLDER: FOLDER/<case>/{model.onnx, case.json, input_<i>.npy, expected_<i>.npy}
#include <cstdio>

#include "support/untrained_run.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/onnx/convert.h"
#include "textsemiseg/onnx/export.h"
#include "textsemiseg/onnx/file.h"

namespace tss {
namespace {

namespace fs = std::filesystem;
namespace nn = torch::nn;
namespace F = torch::nn::functional;

using Shape = std::vector<int64_t>;
using Function = std::function<torch::Tensor(const torch::Tensor&)>;

void write_tensor(const fs::path& path, const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.detach().to(torch::kFloat32).contiguous();
  write_npy(path, NpyType::kFloat32, plain.sizes().vec(), plain.data_ptr());
}

void write_pairs(const fs::path& folder, const Function& function, const std::vector<Shape>& shapes, Json about) {
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const torch::Tensor input = torch::randn(shapes[i]);
    write_tensor(folder / concat("input_", i, ".npy"), input);
    write_tensor(folder / concat("expected_", i, ".npy"), function(input.clone()));
  }
  about["inputs"] = shapes.size();
  write_json(folder / "case.json", about);
}

struct RunCase {
  std::string name, method, options;  // TOML
  int64_t classes, channels;
  Shape patch;
  std::string free_sizes;  // what the file must say; empty: whatever was found
};

Json configuration(const RunCase& one) {
  Json tree = parse_toml(one.options, one.name);
  tree["method"] = one.method;
  tree["dataset"] = "none";
  tree["sampler"]["patch"] = one.patch;
  return tree;
}

constexpr const char* kTiny = "[network]\nwidths = [4, 8, 8]\ndepths = [1, 1, 1]\n";

// Through a run folder and export_onnx, as the program does it.
void write_run_case(const fs::path& folder, const RunCase& one) {
  const fs::path run = folder / "run";
  std::vector<std::string> classes{"background"};
  for (int64_t k = 1; k < one.classes; ++k) classes.push_back(concat("organ ", k));
  testing::write_untrained_run(run, configuration(one), classes, one.channels);
  const Stopwatch watch;
  export_onnx(run, folder / "model.onnx");
  const double seconds = watch.seconds();
  const LoadedRun loaded = load_run(run);
  loaded.method->begin_prediction();
  const auto shape = [&](int64_t n, int64_t more) {
    return Shape{n, one.channels, one.patch[0] + more, one.patch[1] + 2 * more, one.patch[2] + 3 * more};
  };
  // Those that the file does not allow are left out by compare.py.
  std::vector<Shape> shapes{shape(1, 0), shape(3, 0)};
  const bool other_window = one.free_sizes.empty() ? !loaded.method->fixed_window() : one.free_sizes == "batch, window";
  if (other_window) shapes.push_back(shape(5, loaded.config.network.side_multiple()));
  write_pairs(folder, [&](const torch::Tensor& x) { return loaded.method->predict(x); }, shapes,
              {{"kind", "run"},
               {"free_sizes", one.free_sizes},
               {"class_names", classes},
               {"seconds", seconds},
               {"bytes", fs::file_size(folder / "model.onnx")},
               {"limit", 1e-4}});
  fs::remove_all(run);
}

std::vector<RunCase> run_cases() {
  const std::string tiny = kTiny;
  const auto text = [&](const std::string& options) {
    return tiny + "[text_semiseg.tmr]\ndimension = 16\nheads = 2\n" + options;
  };
  const std::string reference = tiny + "[text_semiseg]\nvariant = \"reference\"\n";
  const Shape even{16, 12, 8}, odd{13, 10, 15};
  const std::string all = "batch, window";
  return {
      {"supervised_2", "supervised", tiny, 2, 1, even, all},
      {"supervised_3_two_channels", "supervised", tiny, 3, 2, even, all},
      {"supervised_odd_sides", "supervised", tiny, 2, 1, odd, "batch"},
      {"instance_norm_odd_sides", "supervised", tiny + "normalisation = \"instance\"\n", 2, 1, {49, 35, 41}, "batch"},
      {"mc_net_2", "mc_net", tiny, 2, 1, even, all},
      {"urpc_unet3d_3", "urpc", tiny + "[urpc]\nbackbone = \"unet3d\"\n", 3, 1, even, ""},
      {"urpc_unet3d_odd_sides", "urpc", tiny + "[urpc]\nbackbone = \"unet3d\"\n", 2, 1, odd, "batch"},
      {"mc_net_3_odd_sides", "mc_net", tiny, 3, 1, odd, "batch"},
      {"text_2", "text_semiseg", text(""), 2, 1, even, "batch"},
      {"text_3", "text_semiseg", text(""), 3, 1, even, "batch"},
      {"text_3_odd_sides", "text_semiseg", text(""), 3, 1, odd, "batch"},
      {"text_visual_queries", "text_semiseg", text("attention = \"visual_queries\"\n"), 3, 1, even, "batch"},
      {"text_queries", "text_semiseg", text("attention = \"text_queries\"\n"), 3, 1, even, "batch"},
      {"text_repeat", "text_semiseg", text("fusion = \"repeat\"\n"), 3, 1, even, all},
      {"text_none", "text_semiseg", text("fusion = \"none\"\n"), 2, 1, even, all},
      {"reference_2", "text_semiseg", reference, 2, 1, even, "batch"},
      {"reference_odd_sides", "text_semiseg", reference, 2, 1, odd, "batch"},
      {"full_supervised", "supervised", "", 2, 1, {48, 32, 64}, all},
      {"full_text", "text_semiseg", "", 2, 1, {48, 32, 64}, "batch"},
      {"full_reference", "text_semiseg", "[text_semiseg]\nvariant = \"reference\"\n", 2, 1, {48, 48, 32}, "batch"},
  };
}

// Every method there is, so that a new one is tried too. Five levels: as many as any of them needs.
std::vector<RunCase> method_cases() {
  std::vector<RunCase> cases;
  for (const MethodInfo& info : methods())
    cases.push_back({"method_" + info.name,
                     info.name,
                     "[network]\nwidths = [4, 8, 8, 16, 16]\ndepths = [1, 1, 1, 1, 1]\n",
                     2,
                     1,
                     {32, 48, 32},
                     ""});
  return cases;
}

struct FunctionCase {
  std::string name;
  Function function;
  bool batch = true;  // free
  Shape shape{2, 4, 6, 5, 8};
};

torch::Tensor weight(Shape shape) {
  torch::Tensor out = torch::randn(shape) * 0.3;
  return out;
}

template <class M>
Function module(M m) {
  m->eval();
  for (auto& parameter : m->parameters()) parameter.requires_grad_(false).add_(torch::randn_like(parameter), 0.1);
  return [m](const torch::Tensor& x) mutable { return m->forward(x); };
}

Function resized(const F::InterpolateFuncOptions& options) {
  return [options](const torch::Tensor& x) { return F::interpolate(x, options); };
}

// One or more operations that no present method may use, so that those to come find them right.
std::vector<FunctionCase> function_cases() {
  using T = const torch::Tensor&;
  const std::vector<double> twice{2, 2, 2};
  const Shape to{9, 7, 10}, two{2, 2, 2};
  const auto interpolate = [] { return F::InterpolateFuncOptions(); };
  const torch::Tensor w = weight({3, 8}), bias = weight({3}), other = weight({4, 1, 1, 8}), table = weight({2, 8, 3});
  const torch::Tensor keys = weight({2, 4, 6, 7, 8}), mask = weight({5, 7}) > 0, soft = weight({5, 7});
  return {
      {"conv",
       module(nn::Conv3d(nn::Conv3dOptions(4, 6, {3, 1, 2}).stride({2, 1, 1}).padding({2, 0, 1}).dilation({2, 1, 1}).groups(2)))},
      {"conv_no_bias", module(nn::Conv3d(nn::Conv3dOptions(4, 3, 1).bias(false)))},
      {"conv_transpose",
       module(nn::ConvTranspose3d(nn::ConvTranspose3dOptions(4, 6, 3).stride(2).padding(1).output_padding(1).groups(2)))},
      {"batch_norm", module(nn::BatchNorm3d(4))},
      {"batch_norm_plain", module(nn::BatchNorm3d(nn::BatchNorm3dOptions(4).affine(false)))},
      {"instance_norm", module(nn::InstanceNorm3d(nn::InstanceNorm3dOptions(4).affine(true)))},
      {"instance_norm_plain", module(nn::InstanceNorm3d(4))},
      {"group_norm", module(nn::GroupNorm(nn::GroupNormOptions(2, 4)))},
      {"layer_norm", module(nn::LayerNorm(nn::LayerNormOptions({5, 8})))},
      {"linear", [=](T x) { return F::linear(x, w, bias); }},
      {"linear_no_bias", [=](T x) { return F::linear(x, w); }},
      {"dropout", module(nn::Sequential(nn::Dropout(0.5), nn::Dropout3d(0.5)))},
      {"activations",
       [](T x) {
         return torch::cat({torch::leaky_relu(x, 0.1), torch::elu(x, 0.7), torch::silu(x), torch::relu6(x), torch::selu(x),
                            F::softplus(x), torch::tanh(x), torch::sigmoid(x)},
                           1);
       }},
      {"gelu", [](T x) { return torch::cat({torch::gelu(x), torch::gelu(x, "tanh")}, 1); }},
      {"prelu", module(nn::PReLU(nn::PReLUOptions().num_parameters(4)))},
      {"arithmetic",
       [](T x) { return (1 - x) * 2 / (x.square() + 3) - x.add(x, 0.5) + 1.5 / (x.abs() + 1) - torch::sub(x, x.abs(), 2); }},
      {"in_place",
       [](T x) {
         torch::Tensor y = x * 2;
         y.add_(1).relu_().mul_(x);
         return y;
       }},
      {"powers",
       [](T x) {
         return torch::exp(x * 0.1) + torch::log(x.abs() + 1) + torch::sqrt(x.abs() + 0.5) + torch::rsqrt(x.square() + 1) +
                x.pow(3) + torch::erf(x) + torch::reciprocal(x.abs() + 1) - x.neg();
       }},
      {"clamp", [](T x) { return x.clamp(-0.5, 0.4) + x.clamp_min(0.1) + torch::clamp_max(x, 0.2) + torch::hardtanh(x); }},
      {"comparison",
       [](T x) {
         return torch::where(x > 0.1, x, x * 3) + (x <= 0).to(torch::kFloat32) + x.masked_fill((x > 1).logical_and(x < 2), -1);
       }},
      {"maximum", [](T x) { return torch::maximum(x, x * 0.5) + torch::minimum(x, x.square()) + torch::max(x, -x); }},
      {"broadcast", [=](T x) { return x * other + other; }},
      {"filled_like", [](T x) { return torch::ones_like(x) + torch::zeros_like(x) + torch::full_like(x, 0.5) + x; }},
      {"softmax", [](T x) { return torch::softmax(x, 1) + torch::log_softmax(x, -1); }},
      {"matmul", [=](T x) { return torch::matmul(x, w.t()); }},
      {"bmm",
       [=](T x) {
         return torch::bmm(x.flatten(1, 3), table) + torch::baddbmm(torch::zeros({1}), x.flatten(1, 3), table, 1, 0.5);
       },
       false},
      {"addmm", [=](T x) { return torch::addmm(bias, x.reshape({-1, 8}), w.t(), 2, 0.5); }},
      {"einsum", [=](T x) { return torch::einsum("ncxyz,kz->nkxyc", {x, w}); }},
      {"attention", [=](T x) { return torch::scaled_dot_product_attention(x, keys, keys); }, false},
      {"attention_mask",
       [=](T x) {
         return torch::scaled_dot_product_attention(x, keys, keys, mask.logical_or(torch::eye(5, 7).to(torch::kBool))) +
                torch::scaled_dot_product_attention(x, keys, keys, soft);
       },
       false},
      {"trilinear_corners", resized(interpolate().scale_factor(twice).mode(torch::kTrilinear).align_corners(true))},
      {"trilinear", resized(interpolate().scale_factor(twice).mode(torch::kTrilinear).align_corners(false))},
      {"trilinear_size_corners", resized(interpolate().size(to).mode(torch::kTrilinear).align_corners(true)), false},
      {"trilinear_size", resized(interpolate().size(to).mode(torch::kTrilinear).align_corners(false)), false},
      {"nearest", resized(interpolate().scale_factor(twice).mode(torch::kNearest))},
      {"nearest_size", resized(interpolate().size(to).mode(torch::kNearest)), false},
      {"bilinear",
       resized(interpolate().scale_factor(std::vector<double>{2, 3}).mode(torch::kBilinear).align_corners(true)),
       true,
       {2, 3, 5, 4}},
      {"max_pool", module(nn::MaxPool3d(nn::MaxPool3dOptions(3).stride(2).padding(1)))},
      {"average_pool", module(nn::AvgPool3d(nn::AvgPool3dOptions(3).stride(2).padding(1)))},
      {"average_pool_inside", module(nn::AvgPool3d(nn::AvgPool3dOptions(2).padding(1).count_include_pad(false)))},
      {"adaptive_pool",
       [](T x) {
         return torch::adaptive_avg_pool3d(x, {1, 1, 1}) + torch::adaptive_avg_pool3d(x, {3, 5, 2}).mean() +
                std::get<0>(torch::adaptive_max_pool3d(x, {1, 1, 1}));
       }},
      {"pad", [](T x) { return F::pad(x, F::PadFuncOptions({1, 2, 0, 1, 3, 0}).value(0.5)); }},
      {"pad_replicate", [](T x) { return F::pad(x, F::PadFuncOptions({1, 2, 2, 1, 3, 0}).mode(torch::kReplicate)); }},
      {"pad_reflect", [](T x) { return F::pad(x, F::PadFuncOptions({1, 2, 2, 1}).mode(torch::kReflect)); }, true, {2, 3, 5, 4}},
      {"cut",
       [](T x) {
         return x.narrow(2, 1, 3).slice(3, 1, 5, 2).slice(4, -3).index({torch::indexing::Slice(), torch::indexing::Slice(1, 3)});
       }},
      {"select", [](T x) { return x.select(2, 3) + x.select(2, -1); }},
      {"flip", [](T x) { return x.flip({2, -1}) + x; }},
      {"join", [](T x) { return torch::stack({x, x * 2}, 1).flatten(1, 2) + torch::cat({x, -x}, 1); }},
      {"split",
       [](T x) {
         const auto a = x.chunk(3, 2);
         const auto b = x.split_with_sizes({1, 3}, 1);
         const auto c = x.unbind(4);
         return a[0] + a[2] + b[0].narrow(2, 0, 2) + c[1].unsqueeze(-1).narrow(2, 0, 2);
       }},
      {"axes",
       [](T x) { return x.permute({0, 2, 3, 4, 1}).transpose(1, -1).movedim(1, 3).squeeze(1).unsqueeze(0).flatten(0, 1); }},
      {"views",
       [](T x) { return x.view({x.size(0), 2, 2, 6, 40}).transpose(1, 2).reshape({x.size(0), 4, -1}).unflatten(2, {10, 24}); }},
      {"expand",
       [](T x) {
         return x.mean({2}, true).expand_as(x) + x.narrow(3, 0, 1).expand({-1, -1, -1, 5, -1}) +
                x.mean({2, 3, 4}, true).repeat({1, 1, 6, 5, 8});
       }},
      {"sums",
       [](T x) {
         return x.sum({1, 2}) + x.mean({1, 2}) + x.amax({1, 2}) + x.amin({1, 2}) + x.sum({1}).norm(2, 1) +
                std::get<0>(x.max(1)).mean(1);
       }},
      {"variance", [](T x) { return x.var({2, 3, 4}, true) + x.std({2, 3, 4}, false); }},
      {"normalise", [](T x) { return F::normalize(x, F::NormalizeFuncOptions().dim(1)); }},
      {"constants",
       [=](T x) { return x + torch::arange(8).to(torch::kFloat32) * w.sum() + torch::zeros({1, 1, 1, 5, 1}) + bias.mean(); }},
  };
}

void write_function_case(const fs::path& folder, const FunctionCase& one) {
  OnnxSource source;
  source.subject = one.name;
  source.function = one.function;
  source.input = "x";
  source.output = "y";
  OnnxSizes sizes;
  OnnxGraph graph = onnx_graph_with_free_sizes(source, torch::randn(one.shape), std::nullopt, &sizes);
  graph.name = one.name;
  graph.metadata["textsemiseg.free_sizes"] = sizes.batch ? "batch" : "none";
  write_onnx(folder / "model.onnx", graph);
  std::vector<Shape> shapes{one.shape};
  if (one.batch) {
    shapes.push_back(one.shape);
    shapes.back()[0] = 5;
  }
  write_pairs(folder, one.function, shapes,
              {{"kind", "operation"}, {"free_sizes", one.batch ? "batch" : "none"}, {"limit", 2e-5}});
}

}  // namespace
}  // namespace tss

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: onnx_cases FOLDER\n");
    return 2;
  }
  torch::manual_seed(4);
  tss::set_log_level(tss::LogLevel::kQuiet);
  const std::filesystem::path folder = argv[1];
  int failed = 0;
  const auto attempt = [&](const std::string& name, const auto& action) {
    try {
      action();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
      ++failed;
    }
  };
  for (const auto& one : tss::run_cases()) attempt(one.name, [&] { tss::write_run_case(folder / one.name, one); });
  for (const auto& one : tss::method_cases()) attempt(one.name, [&] { tss::write_run_case(folder / one.name, one); });
  for (const auto& one : tss::function_cases()) attempt(one.name, [&] { tss::write_function_case(folder / one.name, one); });
  return failed == 0 ? 0 : 1;
}
