#include "textsemiseg/base/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

Json to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    Json out = Json::object();
    for (const auto& [key, value] : *table) out[std::string(key.str())] = to_json(value);
    return out;
  }
  if (const auto* array = node.as_array()) {
    Json out = Json::array();
    for (const auto& value : *array) out.push_back(to_json(value));
    return out;
  }
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  std::ostringstream text;
  node.visit([&text](const auto& value) {
    if constexpr (toml::is_chronological<decltype(value)>) text << value;
  });
  return text.str();
}

std::string toml_string(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    else
      out += c;
  }
  return out + "\"";
}

std::string toml_key(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? key : toml_string(key);
}

std::string toml_value(const std::string& name, const Json& value) {
  if (value.is_null()) throw Error(name + ": null cannot be written as TOML");
  if (value.is_string()) return toml_string(value.get<std::string>());
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::isnan(number)) return "nan";
    if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  }
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> items;
  for (const auto& [key, item] : value.items())
    items.push_back(value.is_object() ? toml_key(key) + " = " + toml_value(name + "." + key, item) : toml_value(name, item));
  return value.is_object() ? "{" + join(items, ", ") + "}" : "[" + join(items, ", ") + "]";
}

void write_section(std::ostream& out, const std::string& path, const Json& section) {
  for (const auto& [key, value] : section.items())
    if (!value.is_object()) out << toml_key(key) << " = " << toml_value(key, value) << "\n";
  for (const auto& [key, value] : section.items()) {
    if (!value.is_object()) continue;
    const std::string inner = path.empty() ? toml_key(key) : path + "." + toml_key(key);
    out << (out.tellp() > 0 ? "\n" : "") << "[" << inner << "]\n";
    write_section(out, inner, value);
  }
}

Json parse_value(const std::string& text) {
  try {
    const toml::table parsed = toml::parse("value = " + text);
    if (parsed.size() == 1) return to_json(*parsed.get("value"));
  } catch (const toml::parse_error&) {
  }
  return text;
}

// Neither format may be in another encoding than UTF-8, which parsers tell of in words about single bytes.
void require_plain_text(const std::string& text, const std::string& source) {
  if (const std::string wide = wide_encoding(text); !wide.empty())
    throw InputError(concat(source, ", line 1"), "is " + wide + " text", "text in UTF-8: save the file in this encoding");
  static_cast<void>(decoded_text(text, source));
}

struct JsonFault {
  std::string found, expected;
};

// The word or sign where parsing stopped, and what is usual there.
JsonFault json_fault(const std::string& text, size_t at) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '+'; };
  if (at >= text.size() || std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), blank))
    return {text.empty() ? "the file is empty" : "the file ends too early",
            "valid JSON, every bracket and quotation mark closed"};
  size_t begin = at;
  while (begin > 0 && letter(text[begin - 1])) --begin;
  size_t end = begin;
  while (end < text.size() && letter(text[end])) ++end;
  const std::string word = text.substr(begin, end - begin), small = to_lower_ascii(word);
  if (small == "nan" || small == "-nan" || small.find("inf") == 0 || small.find("inf") == 1)
    return {"found " + word, "a number or null: JSON has no NaN and no infinity"};
  if (small == "true" || small == "false" || small == "none" || small == "null")
    return {"found " + word, "true, false or null, in small letters"};
  size_t before = at;
  while (before > 0 && blank(text[before - 1])) --before;
  const char last = before > 0 ? text[before - 1] : ' ', here = text[at];
  const bool slashes = here == '/' || (at > 0 && text[at - 1] == '/');
  if (here == '#' || slashes) return {"found a comment", "JSON without comments"};
  if ((here == '}' || here == ']') && last == ',')
    return {concat("found a comma before ", here), concat("no comma behind the last entry")};
  if (here == '\'') return {"found '", "texts in double quotation marks"};
  if (here == '"' || here == '{' || here == '[') return {concat("found ", here), "a comma or a colon before it"};
  if (here == '\n' || here == '\r') return {"a text is not closed on its line", "a closing quotation mark"};
  return {"found " + (word.empty() ? std::string(1, here) : word), "valid JSON"};
}

}  // namespace

Json read_toml(const fs::path& path) { return parse_toml(read_text_file(path), path.string()); }

Json parse_toml(const std::string& text, const std::string& source) {
  require_plain_text(text, source);
  try {
    return to_json(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    std::string reason(error.description());
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw InputError(concat(source, ", line ", at.line, ", column ", at.column), reason, "valid TOML");
  }
}

Json read_json(const fs::path& path) {
  const std::string text = read_text_file(path, kMostJsonBytes);
  require_plain_text(text, path.string());
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const size_t at = std::min(error.byte ? error.byte - 1 : 0, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const JsonFault fault = json_fault(text, at);
    throw InputError(concat(path.string(), ", line ", line), "is not JSON: " + fault.found, fault.expected);
  }
}

std::string to_toml(const Json& config) {
  std::ostringstream out;
  write_section(out, "", config);
  return out.str();
}

void write_json(const fs::path& path, const Json& value) {
  write_text_file(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void merge(Json& base, const Json& over) {
  for (const auto& [key, value] : over.items()) {
    Json& mine = base[key];
    if (mine.is_object() && value.is_object())
      merge(mine, value);
    else
      mine = value;
  }
}

void apply_override(Json& config, const std::string& assignment, const std::string& source) {
  const size_t equals = assignment.find('=');
  const std::string name = trim(assignment.substr(0, equals));
  const std::vector<std::string> keys = split(name, '.');
  const bool blank = std::any_of(keys.begin(), keys.end(), [](const std::string& key) { return trim(key).empty(); });
  if (equals == std::string::npos || blank) throw InputError(source, "found '" + assignment + "'", "section.key=value");
  Json* section = &config;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!section->is_object() && !section->is_null())
      throw InputError(source + ": " + name, "'" + keys[i - 1] + "' is " + type_name_of(*section), "a section");
    section = &(*section)[keys[i]];
  }
  *section = parse_value(trim(assignment.substr(equals + 1)));
}

std::string type_name_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "text";
  return value.is_array() ? "a list" : "a section";
}

void config_detail::throw_wrong_type(const std::string& source, const std::string& field, const Json& found,
                                     const std::string& expected) {
  throw InputError(source + ": " + field, "found " + found.dump() + " (" + type_name_of(found) + ")", expected);
}

FieldReader::FieldReader(const Json& section, std::string subject, std::string source)
    : section_(section), subject_(std::move(subject)), source_(std::move(source)) {
  if (section_.is_object() || section_.is_null()) return;
  config_detail::throw_wrong_type(source_, subject_.empty() ? "the whole" : subject_, section_, "a section");
}

void FieldReader::check_unknown() const {
  if (!section_.is_object()) return;
  for (const auto& [key, value] : section_.items())
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      throw InputError(source_ + ": " + full_name(key), "is not a known key" + did_you_mean(key, known_),
                       "one of " + join(known_, ", "));
}

}  // namespace tss
