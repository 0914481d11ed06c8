#include "golden_check/runner_list.h"
#include "textsemiseg/inference/sliding_window.h"

namespace golden {
namespace {

// The closed-form network of the files: logits of both classes, [N, 2, X, Y, Z].
torch::Tensor fake_logits(const torch::Tensor& windows) {
  const auto axis = [&](int64_t a, std::vector<int64_t> shape) {
    return torch::arange(windows.size(a), windows.options()).reshape(shape);
  };
  const torch::Tensor ramp = 0.02 * axis(2, {-1, 1, 1}) - 0.01 * axis(3, {1, -1, 1}) + 0.015 * axis(4, {1, 1, -1});
  return torch::cat({-0.5 * windows + 0.1 - 0.5 * ramp, 2 * windows - 0.6 + ramp}, 1);
}

torch::Tensor foreground(const torch::Tensor& windows) {
  return torch::softmax(fake_logits(windows), 1).narrow(1, 1, 1).expand({-1, 2, -1, -1, -1});
}
torch::Tensor both_classes(const torch::Tensor& windows) { return torch::softmax(fake_logits(windows), 1); }
torch::Tensor sigmoid_of_one(const torch::Tensor& windows) {
  return torch::sigmoid(fake_logits(windows).narrow(1, 1, 1)).expand({-1, 2, -1, -1, -1});
}

}  // namespace

void check_windows(const Json& file, Checker& check) {
  const std::string name = file.at("file");
  const bool argmax = name == "windows_argmax";
  const tss::WindowFunction function = argmax ? both_classes : name == "windows_foreground" ? foreground : sigmoid_of_one;
  for (const Json& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::WindowOptions options;
    options.patch = c.at("patch").get<std::vector<int64_t>>();
    options.stride = {c.at("stride_xy"), c.at("stride_xy"), c.at("stride_z")};
    options.weights = "constant";
    const auto size = c.at("size").get<std::vector<int64_t>>();
    for (size_t a = 0; a < 3; ++a) {
      const tss::AxisPadding pad = tss::window_padding(size[a], options.patch[a]);
      check.exact("padding", pad.low, c.at("pad_low")[a]);
      check.exact("padding", pad.high, c.at("pad_high")[a]);
      std::vector<int64_t> starts = tss::window_starts(size[a] + pad.low + pad.high, options.patch[a], options.stride[a]);
      for (int64_t& s : starts) s -= pad.low;
      check.equal("starts", starts == c.at("starts_in_original_coordinates")[a].get<std::vector<int64_t>>());
    }
    const torch::Tensor image = from_formula(c.at("image"))[0].to(check.dtype());
    torch::Tensor score = torch::empty({2, size[0], size[1], size[2]}, image.options());
    const int64_t windows =
        tss::sliding_window_slabs(image, options, function, torch::kCPU,
                                  [&](int64_t x, const torch::Tensor& p) { score.narrow(1, x, p.size(1)).copy_(p); });
    check.exact("windows", windows, c.at("windows"));
    check.tensor("score", score, c.at("score"), Kind::kOutput);
    check.equal("whole volume", torch::equal(score, tss::sliding_window(image, options, function)));
    const torch::Tensor label = (argmax ? score.argmax(0) : (score[1] > 0.5).to(torch::kInt64)).flatten();
    check.exact("label voxels", label.sum().item<int64_t>(), c.at("label_voxels"), 3);
    check.exact("label flat index sum", (label * torch::arange(label.numel())).sum().item<int64_t>(),
                c.at("label_flat_index_sum"), 3 * label.numel());
  }
}

}  // namespace golden
