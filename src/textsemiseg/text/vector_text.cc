#include "textsemiseg/text/vector_text.h"

#include <utility>

#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/drawn.h"
#include "textsemiseg/text/embedding_table.h"
#include "textsemiseg/text/table_prompts.h"
#include "textsemiseg/text/unit_rows.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLearned = "learned unit vector";

}  // namespace

VectorText::VectorText(const torch::Tensor& base, std::vector<ClassText> classes, std::string hash)
    : base_(unit_rows(base.detach())), classes_(std::move(classes)), hash_(std::move(hash)) {
  TORCH_CHECK(base_.size(0) == static_cast<int64_t>(classes_.size()), base_.size(0), " vectors for ", classes_.size(),
              " classes");
  residual_ = register_parameter("residual", torch::zeros_like(base_));
}

torch::Tensor VectorText::features() { return unit_rows(base_ + residual_); }

void VectorText::move_frozen(const torch::TensorOptions& target) { base_ = base_.to(target); }

std::shared_ptr<VectorText> learned_text(const std::vector<std::string>& class_names, int64_t dimension, uint64_t seed) {
  std::vector<ClassText> classes;
  for (const std::string& name : class_names) classes.push_back({name, kLearned, {}, true});
  const auto k = static_cast<int64_t>(class_names.size());
  return std::make_shared<VectorText>(drawn_normal(k, dimension, 1.0, seed, kVectorNumbers), std::move(classes), "");
}

std::shared_ptr<VectorText> table_text(const fs::path& path, const fs::path& prompts, const std::vector<std::string>& class_names,
                                       const std::vector<std::vector<std::string>>& class_texts, uint64_t seed) {
  const TextTable table = read_text_table(path, prompts);
  const torch::Tensor units = unit_rows(table.rows);
  torch::Tensor base = drawn_normal(static_cast<int64_t>(class_names.size()), table.rows.size(1), 1.0, seed, kVectorNumbers);
  std::vector<ClassText> classes;
  for (size_t k = 0; k < class_names.size(); ++k) {
    std::vector<torch::Tensor> found;
    std::vector<std::string> rows, reasons;
    for (const std::string& text : class_texts[k]) {
      const TableMatch match = match_class(table.prompts, text, k == 0);
      if (match.row < 0) {
        reasons.push_back(match.reason);
        continue;
      }
      found.push_back(units[match.row]);
      rows.push_back(concat("row ", match.row + 1, " '", table.prompts[static_cast<size_t>(match.row)], "'"));
    }
    if (!found.empty()) {
      base[static_cast<int64_t>(k)] = torch::stack(found).mean(0);
      classes.push_back({class_names[k],
                         concat("table ", path.filename().string(), ", ", found.size() > 1 ? "mean of " : "", join(rows, ", ")),
                         class_texts[k]});
    } else {
      const std::string line = concat(path.filename().string(), ": class '", class_names[k], "' gets a learned unit vector (",
                                      join(reasons, "; "), ")");
      k == 0 ? log_info(line) : log_warning(line);  // hardly any table has the background
      classes.push_back({class_names[k], kLearned, class_texts[k], true});
    }
  }
  return std::make_shared<VectorText>(base, std::move(classes), hash_of({{"table", table.rows}}));
}

}  // namespace tss
