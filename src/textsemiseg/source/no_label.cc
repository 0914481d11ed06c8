#include <algorithm>
#include <map>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/source.h"

namespace tss {
namespace fs = std::filesystem;

NoLabel why_no_label(const Source& source) {
  const auto shown = [&](const fs::path& path) {
    const fs::path relative = path.lexically_relative(source.folder);
    return relative.empty() || starts_with(relative.string(), "..") ? path.string() : relative.string();
  };
  NoLabel out;
  if (source.cases.empty()) return {"holds no case", "scans"};
  const SourceCase& item = source.cases.front();
  const fs::path& image = item.images.front();
  const size_t count = source.cases.size();
  out.found = concat("no label was recognised: ", count, count == 1 ? " scan, " : " scans, the first is ", shown(image));
  const auto arrays = Scan::open(image)->array_names();
  if (!arrays.empty()) {
    out.found += ", which holds the arrays " + join(arrays, ", ");
    out.expected = "arrays called image and label in each file";
    return out;
  }
  const std::string ending =
      image.filename().string().substr(std::min(image.filename().string().size(), scan_stem(image).size()));
  if (source.described && source.layout != "MSD" && source.layout != "nnU-Net") {
    out.expected = "labels where the recipe's [dataset] section says";
  } else if (source.described || source.layout == "imagesTr") {
    out.expected = concat("its label labelsTr/", item.id, ending, ", or the label that dataset.json lists");
  } else {
    const std::string id = item.id;
    out.expected = concat("its label as ", id, "_seg", ending, ", _label, _mask, _gt or the like beside it, or as labels/", id,
                          ending, "; --label-file PATTERN says which files are labels");
  }
  if (source.unused_labels.empty()) return out;
  std::vector<std::string> left;
  for (const fs::path& path : source.unused_labels) left.push_back(shown(path));
  const size_t total = left.size();
  left.resize(std::min<size_t>(total, 3));
  out.found +=
      concat("; named like labels, but of no scan: ", join(left, ", "), total > 3 ? concat(" and ", total - 3, " more") : "");
  return out;
}

}  // namespace tss
