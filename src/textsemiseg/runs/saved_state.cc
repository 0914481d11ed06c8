#include "textsemiseg/runs/saved_state.h"

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
std::optional<T> field_of(const Json& state, const char* key, const fs::path& file) {
  const auto found = state.find(key);
  if (found == state.end() || found->is_null()) return std::nullopt;
  T value{};
  if (!config_detail::convert(*found, value))
    throw InputError(file.string() + ": " + key, "found " + found->dump(), config_detail::expected_type<T>());
  return value;
}

}  // namespace

std::optional<SavedState> read_saved_state(const RunFolder& run, const std::string& which) {
  const fs::path file = run.train_state(which);
  if (!fs::exists(file)) return std::nullopt;
  const Json state = read_json(file);
  if (!state.is_object()) throw InputError(file.string(), "is " + type_name_of(state), "the state of a training");
  return SavedState{field_of<int64_t>(state, "iteration", file), field_of<int64_t>(state, "iterations", file),
                    field_of<double>(state, "best_score", file), field_of<int64_t>(state, "best_iteration", file),
                    field_of<std::string>(state, "encoder_hash", file)};
}

}  // namespace tss
