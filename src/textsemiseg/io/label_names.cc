#include "textsemiseg/io/label_names.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/nrrd_header.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
std::optional<T> number_in(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One segment's fields in the header, as text.
struct SegmentFields {
  std::string name, id, value, layer;
};

// "Segment12_LabelValue" -> 12 and "LabelValue"; nullopt for other keys.
std::optional<std::pair<size_t, std::string>> segment_key(const std::string& key) {
  static const std::string kLead = "Segment";
  const size_t bar = key.find('_');
  if (!starts_with(key, kLead) || bar == std::string::npos) return std::nullopt;
  const auto index = number_in<size_t>(key.substr(kLead.size(), bar - kLead.size()));
  if (!index) return std::nullopt;
  return std::pair{*index, key.substr(bar + 1)};
}

std::map<size_t, SegmentFields> segment_fields(const fs::path& path) {
  std::map<size_t, SegmentFields> segments;
  for (const auto& [name, text] : read_nrrd_header(path).keys) {
    const auto key = segment_key(name);
    if (!key) continue;
    SegmentFields& fields = segments[key->first];
    const std::string value = trim(text);
    if (key->second == "Name") fields.name = value;
    if (key->second == "ID") fields.id = value;
    if (key->second == "LabelValue") fields.value = value;
    if (key->second == "Layer") fields.layer = value;
  }
  return segments;
}

std::vector<LabelName> segment_names(const fs::path& path) {
  std::vector<LabelName> out;
  for (const auto& [index, fields] : segment_fields(path)) {
    LabelName one;
    one.name = fields.name.empty() ? fields.id : fields.name;
    if (one.name.empty()) continue;
    const auto value = number_in<int32_t>(fields.value);
    const auto layer = number_in<size_t>(fields.layer);
    if ((!fields.value.empty() && !value) || (!fields.layer.empty() && !layer))
      throw InputError(
          path.string(),
          concat("has the segment '", one.name, "' with LabelValue '", fields.value, "' and Layer '", fields.layer, "'"),
          "whole numbers");
    one.value = value.value_or(1);
    one.layer = layer.value_or(value ? 0 : index);
    out.push_back(std::move(one));
  }
  return out;
}

// "1 liver 221 130 101 255", or ITK-SNAP's "1 255 0 0 1 1 1 "liver"".
std::optional<LabelName> table_entry(const std::string& line) {
  std::vector<std::string> words;
  const size_t quote = line.find('"');
  std::istringstream in(line.substr(0, quote));
  for (std::string word; in >> word;) words.push_back(word);
  const auto value = words.empty() ? std::nullopt : number_in<int32_t>(words.front());
  if (!value) return std::nullopt;
  const auto numbers_at_end = [&] {
    size_t count = 0;
    while (count + 1 < words.size() && number_in<double>(words[words.size() - 1 - count])) ++count;
    return count;
  };
  LabelName entry{"", *value, 0};
  if (quote != std::string::npos) {
    const size_t end = line.rfind('"');
    if (end == quote) return std::nullopt;
    entry.name = trim(line.substr(quote + 1, end - quote - 1));
    // Slicer may quote the name in its second column.
    std::istringstream rest(line.substr(end + 1));
    for (std::string word; rest >> word;) words.push_back(word);
    const size_t colours = numbers_at_end();
    if (words.size() != colours + 1 || colours < 3) return std::nullopt;
  } else {
    const size_t colours = std::min<size_t>(numbers_at_end(), 4);
    if (colours < 3 || words.size() < colours + 2) return std::nullopt;
    const auto begin = words.begin() + 1, end = words.end() - static_cast<std::ptrdiff_t>(colours);
    entry.name = join(std::vector<std::string>(begin, end), " ");
    if (!entry.name.empty() && entry.name.back() == ':') entry.name.pop_back();
  }
  return entry.name.empty() ? std::nullopt : std::optional(entry);
}

std::vector<LabelName> table_names(const fs::path& path) {
  constexpr int64_t kMostTableBytes = 1 << 20;
  for (const char* ending : {".ctbl", ".txt"}) {
    const fs::path table = path.parent_path() / (image_stem(path) + ending);
    std::error_code ignored;
    if (!fs::is_regular_file(table, ignored) || fs::file_size(table, ignored) > kMostTableBytes) continue;
    auto names = parse_colour_table(read_text_file(table));
    if (!names.empty()) return names;
  }
  return {};
}

}  // namespace

std::vector<LabelName> parse_colour_table(const std::string& text) {
  std::map<int32_t, std::string> names;
  for (const std::string& part : split(text, '\n')) {
    const std::string line = trim(part);
    if (line.empty() || line.front() == '#') continue;
    const auto entry = table_entry(line);
    if (!entry) return {};
    if (entry->value != 0) names[entry->value] = entry->name;
  }
  std::vector<LabelName> out;
  std::set<std::string> seen;
  for (const auto& [value, name] : names) {
    if (!seen.insert(name).second) return {};
    out.push_back({name, value, 0});
  }
  return out;
}

std::vector<LabelName> read_label_names(const fs::path& path) {
  if (!is_image_file(path)) return {};
  const std::string name = to_lower_ascii(path.filename().string());
  if (ends_with(name, ".nrrd") || ends_with(name, ".nhdr")) {
    auto names = segment_names(path);
    if (!names.empty()) return names;
  }
  return table_names(path);
}

StoredLabel read_named_label(const fs::path& path) {
  StoredLabel out;
  out.names = read_label_names(path);
  const int64_t layers = count_image_channels(path);
  const bool layered = !out.names.empty() && layers > 1;
  if (layers > 1 && !layered)
    throw InputError(path.string(),
                     concat("has ", layers, " values per voxel (layers of segments that overlap, without their names?)"),
                     "one label per voxel; 3D Slicer exports segments to a single label map");
  for (const LabelName& one : out.names) {
    if (layers > 0 && one.layer >= static_cast<size_t>(layers))
      throw InputError(path.string(), concat("has the segment '", one.name, "' in layer ", one.layer),
                       concat("one of its ", layers, " layers"));
  }
  for (const Image& image : read_image_channels(path)) out.layers.push_back(whole_numbers(image, path.string()));
  return out;
}

}  // namespace tss
