#include "textsemiseg/text/vector_text.h"

#include <cmath>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/drawn.h"
#include "textsemiseg/text/table_prompts.h"
#include "textsemiseg/weights/safetensors.h"
#include "textsemiseg/weights/single_tensor.h"

namespace tss {
namespace fs = std::filesystem;
namespace F = torch::nn::functional;
namespace {

torch::Tensor unit_rows(const torch::Tensor& rows) { return F::normalize(rows, F::NormalizeFuncOptions().dim(1)); }

struct Table {
  torch::Tensor rows;  // [R, d] float
  std::vector<std::string> prompts;
};

Table read_table(const fs::path& path, const fs::path& prompts) {
  Table table;
  if (to_lower_ascii(path.extension().string()) == ".safetensors") {
    std::vector<torch::Tensor> rows;
    for (const auto& [name, tensor] : read_safetensors(path).tensors) {
      if (tensor.numel() == 0 || tensor.numel() != tensor.size(-1) || (!rows.empty() && tensor.numel() != rows[0].numel())) {
        throw InputError(path.string(), "tensor '" + name + "' has shape " + shape_text(tensor.sizes()),
                         rows.empty() ? "[d] or [1, d]" : concat("[", rows[0].numel(), "], as the ones before it"));
      }
      table.prompts.push_back(name);
      rows.push_back(tensor.flatten().to(torch::kFloat32));
    }
    if (rows.empty()) throw InputError(path.string(), "holds no tensor", "one text embedding per prompt");
    table.rows = torch::stack(rows);
  } else {
    table.rows = read_tensor(path);
    if (table.rows.dim() != 2 || table.rows.numel() == 0 || !table.rows.is_floating_point()) {
      throw InputError(path.string(), concat("holds ", torch::toString(table.rows.scalar_type()), " of shape ",
                                             shape_text(table.rows.sizes())),
                       "a table of text embeddings, floats of shape [rows, d]");
    }
    table.prompts = read_table_prompts(path, prompts, table.rows.size(0));
    table.rows = table.rows.to(torch::kFloat32);
  }
  const torch::Tensor norms = table.rows.norm(2, 1);
  for (int64_t row = 0; row < table.rows.size(0); ++row) {
    const double norm = norms[row].item<double>();
    if (!(norm > 0) || std::isinf(norm)) {
      throw InputError(path.string(), concat("row ", row + 1, " ('", table.prompts[static_cast<size_t>(row)], "') has norm ", norm),
                       "a finite vector other than 0");
    }
  }
  return table;
}

constexpr const char* kLearned = "learned unit vector";

}  // namespace

VectorText::VectorText(const torch::Tensor& base, std::vector<ClassText> classes, std::string hash)
    : base_(unit_rows(base.detach())), classes_(std::move(classes)), hash_(std::move(hash)) {
  TORCH_CHECK(base_.size(0) == static_cast<int64_t>(classes_.size()), base_.size(0), " vectors for ", classes_.size(), " classes");
  residual_ = register_parameter("residual", torch::zeros_like(base_));
}

torch::Tensor VectorText::features() { return unit_rows(base_ + residual_); }

void VectorText::move_frozen(const torch::TensorOptions& target) { base_ = base_.to(target); }

std::shared_ptr<VectorText> learned_text(const std::vector<std::string>& class_names, int64_t dimension, uint64_t seed) {
  std::vector<ClassText> classes;
  for (const std::string& name : class_names) classes.push_back({name, kLearned});
  const auto k = static_cast<int64_t>(class_names.size());
  return std::make_shared<VectorText>(drawn_normal(k, dimension, 1.0, seed, kVectorNumbers), std::move(classes), "");
}

std::shared_ptr<VectorText> table_text(const fs::path& path, const fs::path& prompts, const std::vector<std::string>& class_names,
                                       uint64_t seed) {
  const Table table = read_table(path, prompts);
  const std::vector<TableMatch> matches = match_classes(table.prompts, class_names);
  torch::Tensor base = drawn_normal(static_cast<int64_t>(class_names.size()), table.rows.size(1), 1.0, seed, kVectorNumbers);
  std::vector<ClassText> classes;
  for (size_t k = 0; k < class_names.size(); ++k) {
    const TableMatch& match = matches[k];
    if (match.row >= 0) {
      base[static_cast<int64_t>(k)] = table.rows[match.row];
      classes.push_back({class_names[k], concat("table ", path.filename().string(), ", row ", match.row + 1, " '",
                                                table.prompts[static_cast<size_t>(match.row)], "'")});
    } else {
      const std::string line = concat(path.filename().string(), ": class '", class_names[k], "' gets a learned unit vector (",
                                      match.reason, ")");
      k == 0 ? log_info(line) : log_warning(line);  // hardly any table has the background
      classes.push_back({class_names[k], kLearned});
    }
  }
  return std::make_shared<VectorText>(base, std::move(classes), hash_of({{"table", table.rows}}));
}

}  // namespace tss
