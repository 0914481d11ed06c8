#include "textsemiseg/archive/zip_file.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "textsemiseg/archive/checksum.h"
#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr uint64_t kEndBytes = 22, kEndLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint64_t kLongestComment = 65535;
constexpr uint64_t kMostOfDeflate = 1032;  // bytes that one deflated byte can become
constexpr uint32_t kIn64 = 0xFFFFFFFF;     // "look in the 64-bit field"

template <class T>
T number(std::string_view bytes, size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// The 64-bit values of an entry's extra field replace the 32-bit ones that are all ones, in a fixed order.
bool widen(std::string_view extra, std::vector<uint64_t*> fields) {
  while (extra.size() >= 4) {
    const auto kind = number<uint16_t>(extra, 0), length = number<uint16_t>(extra, 2);
    if (size_t{length} + 4 > extra.size()) return false;
    std::string_view value = extra.substr(4, length);
    if (kind == 1) {
      for (uint64_t* field : fields) {
        if (value.size() < 8) return false;
        *field = number<uint64_t>(value, 0);
        value.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(size_t{length} + 4);
  }
  return fields.empty();
}

}  // namespace

bool looks_like_zip(const std::string& first_bytes) { return first_bytes.starts_with("PK\x03\x04"); }

void ZipFile::fail(const std::string& found) const { throw InputError(file_.path().string(), found, "a complete zip archive"); }

ZipFile::ZipFile(const std::filesystem::path& path) : file_(path) { read_directory(find_directory()); }

ZipFile::Directory ZipFile::find_directory() const {
  const uint64_t tail_bytes = std::min(file_.size(), kEndBytes + kLongestComment);
  const std::string tail = file_.text(file_.size() - tail_bytes, tail_bytes);
  for (size_t at = tail.size() < kEndBytes ? 0 : tail.size() - kEndBytes + 1; at-- > 0;) {
    if (tail.compare(at, 4, "PK\x05\x06") != 0 || number<uint16_t>(tail, at + 20) != tail.size() - at - kEndBytes) continue;
    uint64_t end = file_.size() - tail.size() + at;  // the directory must end here or before
    Directory found{number<uint32_t>(tail, at + 16), number<uint32_t>(tail, at + 12), number<uint16_t>(tail, at + 10)};
    if (end >= kEndLocatorBytes) {
      const std::string locator = file_.text(end - kEndLocatorBytes, kEndLocatorBytes);
      if (locator.starts_with("PK\x06\x07")) {
        end = number<uint64_t>(locator, 8);
        if (end > file_.size() || file_.size() - end < kEnd64Bytes) fail("has a directory outside the file");
        const std::string end64 = file_.text(end, kEnd64Bytes);
        if (!end64.starts_with("PK\x06\x06")) fail("has a damaged directory");
        found = {number<uint64_t>(end64, 48), number<uint64_t>(end64, 40), number<uint64_t>(end64, 32)};
      }
    }
    if (found.begin > end || found.bytes > end - found.begin) fail("has a directory outside the file");
    if (found.records > found.bytes / kEntryBytes) fail(concat("claims ", found.records, " records"));
    return found;
  }
  fail("has no zip directory at its end (is it truncated?)");
}

void ZipFile::read_directory(const Directory& directory) {
  const std::string bytes = file_.text(directory.begin, directory.bytes);
  std::string_view rest = bytes;
  std::vector<uint64_t> headers;
  for (uint64_t i = 0; i < directory.records; ++i) {
    if (rest.size() < kEntryBytes || !rest.starts_with("PK\x01\x02")) fail("has a damaged directory");
    const auto name = number<uint16_t>(rest, 28), extra = number<uint16_t>(rest, 30), comment = number<uint16_t>(rest, 32);
    if (rest.size() < kEntryBytes + name + extra + comment) fail("has a damaged directory");
    ZipRecord record;
    record.name = rest.substr(kEntryBytes, name);
    record.crc = number<uint32_t>(rest, 16);
    record.stored = number<uint32_t>(rest, 20);
    record.size = number<uint32_t>(rest, 24);
    uint64_t header = number<uint32_t>(rest, 42);
    std::vector<uint64_t*> wide;
    for (uint64_t* field : {&record.size, &record.stored, &header})
      if (*field == kIn64) wide.push_back(field);
    if (!widen(rest.substr(kEntryBytes + name, extra), wide)) fail("has a damaged directory");
    const auto flags = number<uint16_t>(rest, 8), method = number<uint16_t>(rest, 10);
    const std::string subject = "record '" + record.name + "' ";
    if ((flags & 1) != 0) fail(subject + "is encrypted");
    if (method != 0 && method != 8) fail(concat(subject, "has the compression method ", method));
    record.deflated = method == 8;
    if (!record.deflated && record.size != record.stored)
      fail(concat(subject, "claims ", record.size, " bytes and stores ", record.stored));
    if (record.deflated && record.size / kMostOfDeflate > record.stored)
      fail(concat(subject, "claims ", record.size, " bytes, more than its ", record.stored, " compressed ones can hold"));
    if (!by_name_.emplace(record.name, records_.size()).second) fail(subject + "is there twice");
    records_.push_back(std::move(record));
    headers.push_back(header);
    rest.remove_prefix(kEntryBytes + name + extra + comment);
  }
  locate_data(directory, std::move(headers));
}

// A record's bytes begin behind its own header, whose length only the header itself tells.
void ZipFile::locate_data(const Directory& directory, std::vector<uint64_t> headers) {
  std::vector<std::pair<uint64_t, uint64_t>> places;
  for (size_t i = 0; i < records_.size(); ++i) {
    ZipRecord& record = records_[i];
    const std::string subject = "record '" + record.name + "' ";
    const uint64_t header = headers[i];
    if (header > directory.begin || directory.begin - header < kLocalBytes) fail(subject + "lies outside the file");
    const std::string local = file_.text(header, kLocalBytes);
    const auto name = number<uint16_t>(local, 26), extra = number<uint16_t>(local, 28);
    if (!local.starts_with("PK\x03\x04") || name != record.name.size() || file_.text(header + kLocalBytes, name) != record.name)
      fail(subject + "has a damaged header");
    record.data = header + kLocalBytes + name + extra;
    if (record.data > directory.begin || record.stored > directory.begin - record.data) fail(subject + "lies outside the file");
    places.emplace_back(header, record.data + record.stored);
  }
  // Overlapping records are how a small archive claims to be a large one.
  std::sort(places.begin(), places.end());
  for (size_t i = 1; i < places.size(); ++i)
    if (places[i].first < places[i - 1].second) fail("has records that overlap");
}

const ZipRecord* ZipFile::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &records_[found->second];
}

void ZipFile::read(const ZipRecord& record, void* to) const {
  const std::string subject = "record '" + record.name + "' ";
  if (!record.deflated) {
    file_.read(record.data, record.size, to);
  } else {
    const Inflated inflated = inflate_bare(file_.text(record.data, record.stored), to, record.size);
    if (!inflated.ended || inflated.bytes != record.size) fail(subject + "does not inflate to the size it claims");
  }
  if (crc32_of(to, record.size) != record.crc) fail(subject + "has a wrong checksum: the file is damaged");
}

std::string ZipFile::beginning(const ZipRecord& record, uint64_t bytes) const {
  std::string out(std::min(bytes, record.size), '\0');
  if (!record.deflated) {
    file_.read(record.data, out.size(), out.data());
    return out;
  }
  // Deflate may begin with codes and empty blocks, but not with many: twice the bytes and a few kilobytes hold the beginning of any text.
  constexpr uint64_t kCodes = 4096;
  out.resize(inflate_bare(file_.text(record.data, std::min(record.stored, 2 * bytes + kCodes)), out.data(), out.size()).bytes);
  return out;
}

std::string ZipFile::text(const ZipRecord& record, uint64_t limit) const {
  if (record.size > limit)
    fail(concat("record '", record.name, "' has ", record.size, " bytes, more than the ", limit, " such a record may have"));
  std::string out(record.size, '\0');
  read(record, out.data());
  return out;
}

void ZipFile::check(const ZipRecord& record) const {
  constexpr uint64_t kChunk = uint64_t{1} << 20;
  std::vector<char> chunk(std::min(kChunk, record.stored));
  uint32_t crc = 0;
  for (uint64_t at = 0; at < record.stored; at += chunk.size()) {
    const uint64_t bytes = std::min<uint64_t>(chunk.size(), record.stored - at);
    file_.read(record.data + at, bytes, chunk.data());
    crc = crc32_of(chunk.data(), bytes, crc);
  }
  if (crc != record.crc) fail("record '" + record.name + "' has a wrong checksum: the file is damaged");
}

}  // namespace tss
