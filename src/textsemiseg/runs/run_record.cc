#include "textsemiseg/runs/run_record.h"

#include <filesystem>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

void require_fields(const Json& section, const std::vector<const char*>& names, const std::string& where) {
  for (const char* name : names) {
    if (!section.is_object() || !section.contains(name))
      throw InputError(where, concat("lacks '", name, "'"), "the record of a run, as train writes it");
  }
}

}  // namespace

void RecordedTexts::read_config(const Json& json, const std::string& field, const std::string& source) {
  if (!json.is_array()) throw InputError(source + ": " + field, "found " + type_name_of(json), "a list");
  list.clear();
  for (size_t k = 0; k < json.size(); ++k) {
    const std::string where = concat(field, "[", k, "]");
    FieldReader reader(json[k], where, source);
    require_fields(json[k], {"class", "source"}, source + ": " + where);
    list.emplace_back().visit(reader);
  }
}

Json RecordedTexts::write_config() const {
  Json out = Json::array();
  for (const RecordedText& text : list) out.push_back(write_options(text));
  return out;
}

RunRecord read_run_record(const RunFolder& run) {
  namespace fs = std::filesystem;
  const fs::path path = run.record();
  if (!fs::exists(path)) throw InputError(run.path.string(), "has no run.json", "the folder of a run (train --run)");
  const Json json = read_json(path);
  require_fields(
      json,
      {"dataset", "dataset_folder", "classes", "channels", "recipe", "texts", "protocol", "selection", "split", "environment"},
      path.string());
  RunRecord record;
  FieldReader reader(json, "", path.string());
  record.visit(reader);
  record.name = fs::weakly_canonical(run.path).filename().string();
  return record;
}

Json run_record_json(const RunRecord& record) {
  Json out = write_options(record);
  for (const char* name : {"cases", "phases", "initial_weights", "training_facts", "origin"}) {
    if (out[name].is_null()) out.erase(name);
  }
  return out;
}

void write_run_record(const RunFolder& run, const RunRecord& record) { write_json(run.record(), run_record_json(record)); }

}  // namespace tss
