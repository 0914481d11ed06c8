#include "textsemiseg/runs/study_record.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Null is written where there is nothing to say, and read as if nothing stood there.
Json without_nulls(const Json& section) {
  Json out = Json::object();
  for (const auto& [key, value] : section.items()) {
    if (!value.is_null()) out[key] = value;
  }
  return out;
}

void require_row(const Json& row, const std::string& where, const std::string& source) {
  const Json fields = row.is_object() ? row : Json::object();
  if (const Json name = fields.value("name", Json()); !name.is_string())
    throw InputError(source + ": " + where + ".name", "found " + type_name_of(name), "text");
  std::vector<std::string> runs;
  if (const Json found = fields.value("runs", Json()); !config_detail::convert(found, runs))
    throw InputError(source + ": " + where + ".runs", "found " + type_name_of(found), "a list of folders");
}

}  // namespace

void StudyRecordRows::read_config(const Json& json, const std::string& field, const std::string& source) {
  list.clear();
  for (size_t r = 0; r < json.size(); ++r) {
    const std::string where = concat(field, "[", r, "]");
    require_row(json[r], where, source);
    const Json fields = without_nulls(json[r]);
    FieldReader reader(fields, where, source);
    list.emplace_back().visit(reader);
  }
}

Json StudyRecordRows::write_config() const {
  Json out = Json::array();
  for (const StudyRecordRow& row : list) out.push_back(write_options(row));
  return out;
}

StudyRecord read_study_record(const StudyFolder& study) {
  const std::string file = study.record().string();
  const Json json = read_json(study.record());
  const Json rows = json.is_object() && json.contains("rows") ? Json(json["rows"]) : Json();
  if (!rows.is_array() || rows.empty()) throw InputError(file + ": rows", "found " + type_name_of(rows), "a list of rows");
  const Json fields = without_nulls(json);
  StudyRecord record;
  FieldReader reader(fields, "", file);
  record.visit(reader);
  return record;
}

void write_study_record(const StudyFolder& study, const StudyRecord& record) {
  write_json(study.record(), write_options(record));
}

}  // namespace tss
