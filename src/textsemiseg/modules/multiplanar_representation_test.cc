#include "textsemiseg/modules/multiplanar_representation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/numeric_gradient.h"
#include "support/testing.h"

namespace tss::multiplanar_representation_test {

using namespace testing;  // the loops of support/naive.h
using ::testing::HasSubstr;

constexpr int64_t kTextDimension = 7;

MultiplanarOptions small_options(const std::string& attention) {
  MultiplanarOptions options;
  options.channels = 5;
  options.size = {2, 3, 4};
  options.text_dimension = kTextDimension;
  options.dimension = 8;
  options.heads = 2;
  options.dropout = 0;
  options.attention = attention;
  return options;
}

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

// Parameters by name, as rows.
class Weights {
 public:
  explicit Weights(const torch::nn::Module& module, std::string prefix = "")
      : named_(module.named_parameters()), prefix_(prefix) {}
  Weights below(const std::string& name) const { return Weights(named_, prefix_ + name + "."); }
  Rows matrix(const std::string& name) const { return rows_of(named_[prefix_ + name]); }
  Row vector(const std::string& name) const { return row_of(named_[prefix_ + name]); }
  Rows apply(const std::string& layer, const Rows& x) const {
    return linear(x, matrix(layer + ".weight"), vector(layer + ".bias"));
  }
  Rows apply_without_bias(const std::string& layer, const Rows& x) const { return linear(x, matrix(layer + ".weight")); }
  Rows norm(const std::string& layer, const Rows& x) const {
    return layer_norm(x, vector(layer + ".weight"), vector(layer + ".bias"));
  }

 private:
  Weights(torch::OrderedDict<std::string, torch::Tensor> named, std::string prefix) : named_(std::move(named)), prefix_(prefix) {}
  torch::OrderedDict<std::string, torch::Tensor> named_;
  std::string prefix_;
};

Row head(const Row& x, size_t h, size_t size) {
  return {x.begin() + static_cast<int64_t>(h * size), x.begin() + static_cast<int64_t>((h + 1) * size)};
}

// softmax over j of q . k_j / sqrt(size), on the channels of one head.
Row attention_weights(const Row& q, const Rows& keys, size_t h, size_t size) {
  Row scores;
  for (const Row& k : keys) scores.push_back(dot(head(q, h, size), head(k, h, size)) / std::sqrt(static_cast<double>(size)));
  return softmax(scores);
}

Rows naive_self_attention(const Weights& w, const Rows& x, size_t heads) {
  const Rows q = w.apply_without_bias("q_proj", x), k = w.apply_without_bias("k_proj", x), v = w.apply_without_bias("v_proj", x);
  const size_t size = q[0].size() / heads;
  Rows out(x.size(), Row(q[0].size(), 0.0));
  for (size_t h = 0; h < heads; ++h)
    for (size_t i = 0; i < x.size(); ++i) {
      const Row a = attention_weights(q[i], k, h, size);
      for (size_t j = 0; j < x.size(); ++j)
        for (size_t c = h * size; c < (h + 1) * size; ++c) out[i][c] += a[j] * v[j][c];
    }
  return w.apply("proj", out);
}

// Eq. 2. The queries are the K texts, so its result has K rows and is no plane; contracting the weights over the texts gives every
// token back what all texts together assign to it.
Rows naive_text_queries(const Weights& w, const Rows& tokens, const Rows& text, size_t heads) {
  const Rows q = w.apply("w_q", text), k = w.apply("w_k", tokens), v = w.apply("w_v", tokens);
  Rows out(tokens.size(), Row(v[0].size(), 0.0));
  for (size_t h = 0; h < heads; ++h)
    for (const Row& query : q) {
      const Row a = attention_weights(query, k, h, 64);
      for (size_t j = 0; j < tokens.size(); ++j)
        for (size_t c = h * 64; c < (h + 1) * 64; ++c) out[j][c] += a[j] * v[j][c];
    }
  return w.apply("to_out.0", out);
}

// The other reading: tokens ask, texts answer.
Rows naive_visual_queries(const Weights& w, const Rows& tokens, const Rows& text, size_t heads) {
  const Rows q = w.apply("w_q", tokens), k = w.apply("w_k", text), v = w.apply("w_v", text);
  Rows out(tokens.size(), Row(v[0].size(), 0.0));
  for (size_t h = 0; h < heads; ++h)
    for (size_t j = 0; j < tokens.size(); ++j) {
      const Row a = attention_weights(q[j], k, h, 64);
      for (size_t t = 0; t < text.size(); ++t)
        for (size_t c = h * 64; c < (h + 1) * 64; ++c) out[j][c] += a[t] * v[t][c];
    }
  return w.apply("to_out.0", out);
}

Rows naive_text_attention(const Weights& w, const Rows& tokens, const Rows& text, const MultiplanarOptions& options) {
  return (options.attention == "text_queries" ? naive_text_queries : naive_visual_queries)(w, tokens, text,
                                                                                           static_cast<size_t>(options.heads));
}

// Token (r, c) of the plane that collapses `axis`: mean of the feature along it, embedded, plus its position vector.
Rows naive_tokens(const Weights& w, const torch::Tensor& feature, int64_t n, int64_t axis, const Rows& positions) {
  const char* names[] = {"Axial", "Sagittal", "Coronal"};
  const auto f = feature.accessor<double, 5>();
  const std::array<int64_t, 3> side = {feature.size(2), feature.size(3), feature.size(4)};
  const int64_t a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
  Rows means;
  for (int64_t r = 0; r < side[static_cast<size_t>(a)]; ++r)
    for (int64_t c = 0; c < side[static_cast<size_t>(b)]; ++c) {
      Row mean(static_cast<size_t>(feature.size(1)), 0.0);
      for (size_t channel = 0; channel < mean.size(); ++channel)
        for (int64_t s = 0; s < side[static_cast<size_t>(axis)]; ++s) {
          std::array<int64_t, 3> at{};
          at[static_cast<size_t>(axis)] = s;
          at[static_cast<size_t>(a)] = r;
          at[static_cast<size_t>(b)] = c;
          mean[channel] +=
              f[n][static_cast<int64_t>(channel)][at[0]][at[1]][at[2]] / static_cast<double>(side[static_cast<size_t>(axis)]);
        }
      means.push_back(mean);
    }
  return w.norm("norm1", sum(w.apply(std::string("to_patch_embedding_") + names[axis] + ".1", means), positions));
}

Rows stored_positions(const torch::nn::Module& block, int64_t axis) {
  const char* names[] = {"positional_encoding_Axial", "positional_encoding_Sagittal", "positional_encoding_Coronal"};
  return rows_of(block.named_parameters()[names[axis]][0]);
}

// Eq. 3: every voxel gets the value of each plane at its projection, weighted, plus the feature once. (As printed the equation sums
// over x, y and z; a sum would leave one number for the whole volume.)
torch::Tensor naive_block(const torch::nn::Module& block, const torch::Tensor& feature, const torch::Tensor& text,
                          const MultiplanarOptions& options) {
  const Weights w(block);
  const char* outputs[] = {"to_out_Axial.0", "to_out_Sagittal.0", "to_out_Coronal.0"};
  const Row plane_weights = w.vector("view_weights");
  torch::Tensor out = feature.detach().clone();
  auto o = out.accessor<double, 5>();
  for (int64_t n = 0; n < feature.size(0); ++n)
    for (int64_t axis = 0; axis < 3; ++axis) {
      Rows x = naive_tokens(w, feature, n, axis, stored_positions(block, axis));
      x = w.norm("norm2", sum(x, naive_self_attention(w.below("img_attn"), x, static_cast<size_t>(options.heads))));
      x = sum(x, naive_text_attention(w.below("img_txt_attn"), x, rows_of(text), options));
      Rows hidden = w.apply("mlp.0", w.norm("norm3", x));
      for (Row& row : hidden)
        for (double& v : row) v = gelu(v);
      x = sum(x, w.apply("mlp.3", hidden));
      const Rows plane = w.apply(outputs[axis], x);
      const int64_t columns = axis == 2 ? feature.size(3) : feature.size(4);
      for (int64_t c = 0; c < feature.size(1); ++c)
        for (int64_t i = 0; i < feature.size(2); ++i)
          for (int64_t j = 0; j < feature.size(3); ++j)
            for (int64_t k = 0; k < feature.size(4); ++k) {
              const int64_t token = axis == 0 ? j * columns + k : axis == 1 ? i * columns + k : i * columns + j;
              o[n][c][i][j][k] +=
                  plane_weights[static_cast<size_t>(axis)] * plane[static_cast<size_t>(token)][static_cast<size_t>(c)];
            }
    }
  return out;
}

using Mode = std::tuple<std::string, int64_t>;  // attention, K

class MultiplanarModes : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    torch::manual_seed(1);
    options_ = small_options(std::get<0>(GetParam()));
    classes_ = std::get<1>(GetParam());
  }
  MultiplanarRepresentation block() {
    MultiplanarRepresentation out(options_);
    out->to(torch::kFloat64);
    torch::NoGradGuard no_grad;
    for (auto& parameter : out->parameters())
      parameter.add_(0.3 * torch::randn_like(parameter));  // norms and weights are not 1 and 0
    return out;
  }
  MultiplanarOptions options_;
  int64_t classes_ = 2;
};

TEST_P(MultiplanarModes, TextAttentionEqualsEquation2) {
  TextAttention attention(options_);
  attention->to(torch::kFloat64);
  const torch::Tensor tokens = draw({2, 6, 8}), text = draw({classes_, kTextDimension}) * 5;
  const torch::Tensor out = attention->forward(tokens, text);
  ASSERT_EQ(out.sizes(), tokens.sizes());
  for (int64_t n = 0; n < 2; ++n) {
    const Rows expected = naive_text_attention(Weights(*attention), rows_of(tokens[n]), rows_of(text), options_);
    for (int64_t j = 0; j < 6; ++j)
      for (int64_t c = 0; c < 8; ++c)
        EXPECT_NEAR(out[n][j][c].item<double>(), expected[static_cast<size_t>(j)][static_cast<size_t>(c)], 1e-6);
  }
}

TEST_P(MultiplanarModes, BlockEqualsEquation3) {
  auto net = block();
  const torch::Tensor feature = draw({2, 5, 2, 3, 4}), text = draw({classes_, kTextDimension});
  const torch::Tensor out = net->forward(feature, text);
  EXPECT_LT(largest_difference(out, naive_block(*net, feature, text, options_)), 1e-6);
  torch::NoGradGuard no_grad;
  net->named_parameters()["view_weights"].zero_();
  EXPECT_TRUE(torch::equal(net->forward(feature, text), feature)) << "F_v enters once";
}

TEST_P(MultiplanarModes, GradientsEqualCentralDifferences) {
  auto net = block();
  const torch::Tensor feature = draw({2, 5, 2, 3, 4}).requires_grad_(true);
  const torch::Tensor text = draw({classes_, kTextDimension}).requires_grad_(true);
  const torch::Tensor weights = draw({2, 5, 2, 3, 4});
  auto tensors = parameters_of(*net);
  tensors.emplace_back("feature", feature);
  tensors.emplace_back("text", text);
  const auto check = check_gradients([&] { return (weights * net->forward(feature, text)).sum(); }, tensors);
  EXPECT_LT(check.error, 1e-5) << check;
  EXPECT_GT(text.grad().abs().max().item<double>(), 0);
}

// The sum over the texts does not know their order, so the block cannot know which class a text names.
TEST_P(MultiplanarModes, OrderOfTheTextsChangesNothing) {
  auto net = block();
  const torch::Tensor feature = draw({2, 5, 2, 3, 4}), text = draw({classes_, kTextDimension});
  const torch::Tensor out = net->forward(feature, text), swapped = net->forward(feature, text.flip({0}));
  EXPECT_LT(largest_difference(out, swapped), 1e-13);
  const torch::Tensor others = net->forward(feature, draw({classes_, kTextDimension}));
  EXPECT_GT(largest_difference(out, others) / out.abs().max().item<double>(), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Modes, MultiplanarModes,
                         ::testing::Combine(::testing::Values("text_queries", "visual_queries"), ::testing::Values(2, 3)));

// Bilinear with align_corners = false: the centre of cell i of m cells lies at (i + 1/2) n / m - 1/2 of n cells.
Rows naive_resized(const Rows& grid, int64_t rows, int64_t columns, int64_t new_rows, int64_t new_columns) {
  Rows out;
  for (int64_t r = 0; r < new_rows; ++r)
    for (int64_t c = 0; c < new_columns; ++c) {
      const auto place = [](int64_t i, int64_t n, int64_t m) {
        return std::max(0.0, (static_cast<double>(i) + 0.5) * static_cast<double>(n) / static_cast<double>(m) - 0.5);
      };
      const double y = place(r, rows, new_rows), x = place(c, columns, new_columns);
      const auto y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x);
      const int64_t y1 = std::min(y0 + 1, rows - 1), x1 = std::min(x0 + 1, columns - 1);
      const double fy = y - static_cast<double>(y0), fx = x - static_cast<double>(x0);
      Row value;
      for (size_t d = 0; d < grid[0].size(); ++d) {
        const auto at = [&](int64_t i, int64_t j) { return grid[static_cast<size_t>(i * columns + j)][d]; };
        value.push_back((1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) + fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1)));
      }
      out.push_back(value);
    }
  return out;
}

TEST(Multiplanar, PositionsAreInterpolatedForAnotherWindow) {
  torch::manual_seed(2);
  const MultiplanarOptions options = small_options("text_queries");
  MultiplanarRepresentation net(options);
  net->to(torch::kFloat64);
  const torch::Tensor feature = draw({1, 5, 4, 3, 2});  // the block was made for 2 x 3 x 4
  EXPECT_EQ(net->forward(feature, draw({2, kTextDimension})).sizes(), feature.sizes());
  const std::array<std::array<int64_t, 4>, 3> planes = {{{3, 4, 3, 2}, {2, 4, 4, 2}, {2, 3, 4, 3}}};  // stored and asked sides
  for (int64_t axis = 0; axis < 3; ++axis) {
    const auto& p = planes[static_cast<size_t>(axis)];
    const Rows positions = naive_resized(stored_positions(*net, axis), p[0], p[1], p[2], p[3]);
    const Rows expected = naive_tokens(Weights(*net), feature, 0, axis, positions);
    const torch::Tensor tokens = net->embed(feature, axis)[0];
    ASSERT_EQ(tokens.size(0), static_cast<int64_t>(expected.size()));
    for (int64_t j = 0; j < tokens.size(0); ++j)
      for (int64_t c = 0; c < tokens.size(1); ++c)
        EXPECT_NEAR(tokens[j][c].item<double>(), expected[static_cast<size_t>(j)][static_cast<size_t>(c)], 1e-6) << axis;
  }
}

// One token per plane: the softmax over one key is 1 whatever the text.
TEST(Multiplanar, OneTokenPerPlaneCannotSeeTheText) {
  torch::manual_seed(3);
  MultiplanarOptions options = small_options("text_queries");
  options.patch = options.size;
  MultiplanarRepresentation net(options);
  net->to(torch::kFloat64);
  const torch::Tensor feature = draw({1, 5, 2, 3, 4});
  EXPECT_TRUE(torch::equal(net->forward(feature, draw({2, kTextDimension})), net->forward(feature, draw({2, kTextDimension}))));
  const auto error = [&](std::vector<int64_t> sizes) {
    return input_error_of([&] { net->forward(draw(sizes), draw({2, kTextDimension})); });
  };
  EXPECT_THAT(error({1, 5, 2, 3, 8}),
              HasSubstr("window: gives a 3 x 8 plane of deepest features; expected the training patch's size"));
  EXPECT_THAT(error({1, 5, 4, 3, 4}), HasSubstr("window: gives a 4 x 4 plane"));
  EXPECT_THAT(error({1, 5, 2, 4, 4}), HasSubstr("window: gives a 4 x 4 plane"));
}

TEST(Multiplanar, DropoutActsInTrainingOnly) {
  torch::manual_seed(4);
  MultiplanarOptions options = small_options("text_queries");
  options.dropout = 0.5;
  MultiplanarRepresentation net(options);
  const torch::Tensor feature = torch::randn({1, 5, 2, 3, 4}), text = torch::randn({2, kTextDimension});
  EXPECT_FALSE(torch::equal(net->forward(feature, text), net->forward(feature, text)));
  net->eval();
  EXPECT_TRUE(torch::equal(net->forward(feature, text), net->forward(feature, text)));
}

TEST(MultiplanarOptions, ErrorsNameTheField) {
  const auto error = [](const auto& change) {
    MultiplanarOptions options;
    change(options);
    return input_error_of([&] { MultiplanarRepresentation block(options); });
  };
  EXPECT_THAT(error([](auto& o) { o.attention = "both"; }),
              HasSubstr("tmr.attention: found 'both'; expected text_queries or visual_queries"));
  EXPECT_THAT(error([](auto& o) { o.heads = 7; }), HasSubstr("tmr.heads: found 7; expected a divisor of tmr.dimension, 512"));
  EXPECT_THAT(error([](auto& o) { o.heads = 0; }), HasSubstr("tmr.heads: found 0"));
  EXPECT_THAT(error([](auto& o) { o.dimension = 0; }), HasSubstr("tmr.dimension: found 0"));
  EXPECT_THAT(error([](auto& o) { o.dropout = 1; }), HasSubstr("tmr.dropout: found 1"));
  EXPECT_THAT(error([](auto& o) { o.patch = {1, 4, 1}; }),
              HasSubstr("tmr.patch: found 4; expected a divisor of the feature's side, 6"));
}

}  // namespace tss::multiplanar_representation_test
