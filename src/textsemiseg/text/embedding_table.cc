#include "textsemiseg/text/embedding_table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/table_prompts.h"
#include "textsemiseg/weights/npz.h"
#include "textsemiseg/weights/safetensors.h"
#include "textsemiseg/weights/single_tensor.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::string ending_of(const fs::path& path) { return to_lower_ascii(path.extension().string()); }

}  // namespace

TextTable read_text_table(const fs::path& path, const fs::path& prompts) {
  TextTable table;
  const std::string ending = to_lower_ascii(path.extension().string());
  if (ending == ".safetensors" || ending == ".npz") {
    std::vector<torch::Tensor> rows;
    for (const auto& [name, tensor] : ending == ".npz" ? read_npz(path) : read_safetensors(path).tensors) {
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
      throw InputError(path.string(),
                       concat("holds ", torch::toString(table.rows.scalar_type()), " of shape ", shape_text(table.rows.sizes())),
                       "a table of text embeddings, floats of shape [rows, d]");
    }
    table.prompts = read_table_prompts(path, prompts, table.rows.size(0));
    table.rows = table.rows.to(torch::kFloat32);
  }
  const torch::Tensor norms = table.rows.norm(2, 1);
  for (int64_t row = 0; row < table.rows.size(0); ++row) {
    const double norm = norms[row].item<double>();
    if (!(norm > 0) || std::isinf(norm)) {
      throw InputError(path.string(),
                       concat("row ", row + 1, " ('", table.prompts[static_cast<size_t>(row)], "') has norm ", norm),
                       "a finite vector other than 0");
    }
  }
  return table;
}

bool is_text_table(const fs::path& path) {
  if (!fs::is_regular_file(path)) return false;
  const std::string ending = ending_of(path);
  if (ending == ".npz" || ending == ".npy") return true;
  if (ending == ".pth" || ending == ".pt") {
    const fs::path own = fs::path(path).replace_extension(".json"), shared = path.parent_path() / "embedding_prompts.json";
    return fs::exists(own) ||
           (fs::exists(shared) &&
            nlohmann::json::parse(read_text_file(shared, kMostJsonBytes), nullptr, false).contains(path.filename()));
  }
  if (ending != ".safetensors") return false;
  const TensorMap tensors = read_safetensors(path).tensors;
  return std::all_of(tensors.begin(), tensors.end(), [&](const auto& one) {
    return one.second.dim() > 0 && one.second.numel() == tensors.begin()->second.size(-1);
  });
}

void write_text_table(const fs::path& path, const TextTable& table, const std::string& encoder) {
  const std::string ending = ending_of(path);
  const fs::path names = fs::path(path).replace_extension(".json");
  for (const fs::path& file : {path, names}) {
    if (fs::exists(file) && (file == path || ending == ".npy")) throw InputError(file.string(), "exists", "a new name");
  }
  if (std::set<std::string>(table.prompts.begin(), table.prompts.end()).size() != table.prompts.size())
    throw InputError(path.string(), "two rows would have the same prompt", "every text once");
  TensorMap named;
  for (size_t row = 0; row < table.prompts.size(); ++row)
    named[table.prompts[row]] = table.rows[static_cast<int64_t>(row)].contiguous();
  if (ending == ".safetensors") {
    write_safetensors(path, {named, {{"format", "pt"}, {"encoder", encoder}}});
  } else if (ending == ".npz") {
    write_npz(path, named);
  } else if (ending == ".npy") {
    const torch::Tensor rows = table.rows.contiguous();
    write_npy(path, NpyType::kFloat32, {rows.size(0), rows.size(1)}, rows.data_ptr<float>());
    write_text_file(names, nlohmann::json(table.prompts).dump(2) + "\n");
  } else {
    throw InputError(path.string(), "ends in '" + ending + "'", ".safetensors, .npz or .npy");
  }
}

}  // namespace tss
