#include "textsemiseg/text/text_encoder.h"

#include <algorithm>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/unicode.h"

namespace tss {

TokenRows token_rows(const std::vector<std::vector<int64_t>>& prompts, int64_t length) {
  int64_t longest = 1;
  for (const auto& prompt : prompts) longest = std::max(longest, static_cast<int64_t>(prompt.size()));
  if (length < 0) length = longest;
  TORCH_CHECK(length >= longest, "token rows of length ", length, " cannot hold ", longest, " tokens");
  const auto n = static_cast<int64_t>(prompts.size());
  TokenRows rows{torch::zeros({n, length}, torch::kInt64), torch::empty({n}, torch::kInt64)};
  for (int64_t i = 0; i < n; ++i) {
    const auto& prompt = prompts[static_cast<size_t>(i)];
    TORCH_CHECK(!prompt.empty(), "a prompt without tokens");
    std::copy(prompt.begin(), prompt.end(), rows.ids.data_ptr<int64_t>() + i * length);
    rows.end.data_ptr<int64_t>()[i] = static_cast<int64_t>(prompt.size()) - 1;
  }
  return rows;
}

std::vector<int64_t> TextEncoder::prompt(const std::string& text, int64_t placeholders) const {
  std::vector<int64_t> tokens = tokenize(text);
  const int64_t room = context() - 2 - placeholders;
  if (room < 1) {
    throw InputError("text.prompt_length", concat("found ", placeholders),
                     concat("at most ", context() - 3, " for ", name(), ", which has ", context(), " positions"));
  }
  if (static_cast<int64_t>(tokens.size()) > room) {
    log_warning(concat("the text '", shortened(text), "' has ", tokens.size(), " tokens: only the first ", room, " are used"));
    tokens.resize(static_cast<size_t>(room));
  }
  std::vector<int64_t> out(static_cast<size_t>(1 + placeholders), placeholder_token());
  out[0] = start_token();
  out.insert(out.end(), tokens.begin(), tokens.end());
  out.push_back(end_token());
  return out;
}

TokenRows TextEncoder::rows(const std::vector<std::string>& texts, int64_t placeholders) const {
  std::vector<std::vector<int64_t>> prompts;
  for (const std::string& text : texts) prompts.push_back(prompt(text, placeholders));
  return token_rows(prompts);
}

torch::Tensor TextEncoder::embed_tokens(const torch::Tensor& ids) const {
  const torch::Tensor rows = torch::embedding(token_embedding(), ids.to(token_embedding().device()));
  return rows.scalar_type() == torch::kBFloat16 ? rows.to(torch::kFloat32) : rows;
}

torch::Tensor TextEncoder::forward_after(const torch::Tensor& /*start_states*/, const torch::Tensor& /*embedded*/,
                                         const torch::Tensor& /*end*/) {
  throw Error(name() + " has no states of a first token");
}

torch::Tensor TextEncoder::encode(const std::vector<std::string>& texts) {
  constexpr size_t kAtOnce = 128;  // bounds the memory of the states
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> out;
  for (size_t at = 0; at < texts.size(); at += kAtOnce) {
    const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(at);
    out.push_back(encode(rows({begin, begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, texts.size() - at))})));
  }
  return out.empty() ? torch::empty({0, dimension()}) : torch::cat(out);
}

void TextEncoder::store_in_bfloat16() {
  bfloat16_ = true;
  move(torch::TensorOptions().dtype(torch::kFloat32));
}

void TextEncoder::move(const torch::TensorOptions& target) {
  if (target.has_device()) to(target.device());
  if (!target.has_dtype()) return;
  const auto type = torch::typeMetaToScalarType(target.dtype());
  for (torch::Tensor& parameter : parameters()) {
    const bool half = bfloat16_ && type == torch::kFloat32 && parameter.dim() == 2;
    parameter.set_data(parameter.to(half ? torch::kBFloat16 : type));
  }
}

std::string class_prompt(const TextEncoder& encoder, std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return ends_with(text, encoder.default_template()) ? text : text + encoder.default_template();
}

}  // namespace tss
