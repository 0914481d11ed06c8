#include "textsemiseg/archive/npy_bytes.h"

#include <algorithm>

#include "textsemiseg/archive/random_access_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr uint64_t kPreamble = 12, kBeginning = kPreamble + kLongestNpyHeader;

size_t item_bytes_of(const NpyHeader& header, const std::string& subject, NpyContent content) {
  const bool text = content == NpyContent::kNumbersOrText;
  if (header.descr.find('O') != std::string::npos)
    throw InputError(subject, "holds Python objects (a pickle), which are never read", text ? "numbers or text" : "numbers");
  if (!text || !is_npy_text(header)) return npy_item_bytes(require_npy_type(header, subject));
  const long letters = parse_integer(subject + ": type", header.descr.substr(2));
  constexpr long kMostLetters = 1'000'000;
  if (letters < 0 || letters > kMostLetters)
    throw InputError(subject, concat("has texts of ", letters, " letters"), concat("at most ", kMostLetters));
  return static_cast<size_t>(letters) * (header.descr[1] == 'U' ? 4 : 1);
}

NpyHeader checked_header(const std::string& beginning, uint64_t size, const std::string& subject, NpyContent content) {
  NpyHeader header = parse_npy_header(beginning, subject);
  check_npy_bytes(header, item_bytes_of(header, subject, content), size - header.data, subject);
  return header;
}

}  // namespace

bool is_npy_text(const NpyHeader& header) { return starts_with(header.descr, "<U") || starts_with(header.descr, "|S"); }

NpyBytes read_npy_bytes(const std::filesystem::path& path, const std::string& subject, NpyPart part) {
  const RandomAccessFile file(path);
  const std::string beginning = file.text(0, std::min(file.size(), kBeginning));
  NpyBytes out{.header = checked_header(beginning, file.size(), subject, NpyContent::kNumbers), .bytes = {}};
  if (part == NpyPart::kAll) out.bytes = file.text(0, file.size());
  return out;
}

NpyBytes read_npy_bytes(const ZipFile& zip, const ZipRecord& record, const std::string& subject, NpyContent content,
                        NpyPart part) {
  const std::string beginning = zip.beginning(record, kBeginning);
  NpyBytes out{.header = checked_header(beginning, record.size, subject, content), .bytes = {}};
  if (part == NpyPart::kAll) out.bytes = zip.text(record, record.size);
  return out;
}

}  // namespace tss
