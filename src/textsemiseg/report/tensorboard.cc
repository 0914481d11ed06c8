#include "textsemiseg/report/tensorboard.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <optional>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

template <class T>
void put_little(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xff);
}

template <class T>
T get_little(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return static_cast<T>(value);
}

// --- protocol buffers, by hand: a key (field << 3 | wire type), then the value

enum Wire : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}
void put_key(std::string& out, uint64_t field, Wire wire) { put_varint(out, field << 3 | wire); }
void put_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

std::string event_head(int64_t step) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::string out;
  put_key(out, 1, kFixed64);
  put_little(out, std::bit_cast<uint64_t>(now));
  put_key(out, 2, kVarint);
  put_varint(out, static_cast<uint64_t>(step));
  return out;
}

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// The step of an event; absent when the bytes are no message.
std::optional<int64_t> step_of(std::string_view bytes) {
  int64_t step = 0;  // what a missing field means
  while (!bytes.empty()) {
    const auto key = take_varint(bytes);
    if (!key) return std::nullopt;
    size_t skip = 0;
    switch (*key & 7) {
      case kVarint: {
        const auto value = take_varint(bytes);
        if (!value) return std::nullopt;
        if (*key >> 3 == 2) step = static_cast<int64_t>(*value);
        break;
      }
      case kFixed64:
        skip = 8;
        break;
      case kFixed32:
        skip = 4;
        break;
      case kBytes: {
        const auto size = take_varint(bytes);
        if (!size) return std::nullopt;
        skip = *size;
        break;
      }
      default:
        return std::nullopt;
    }
    if (skip > bytes.size()) return std::nullopt;
    bytes.remove_prefix(skip);
  }
  return step;
}

// Bytes up to the first record that is cut short, damaged, or of a later step.
size_t bytes_to_keep(std::string_view file, int64_t keep_until) {
  size_t at = 0;
  constexpr size_t kHead = 12, kFoot = 4;
  while (file.size() - at >= kHead + kFoot) {
    const std::string_view rest = file.substr(at);
    const auto size = get_little<uint64_t>(rest);
    if (get_little<uint32_t>(rest.substr(8)) != masked_crc32c(rest.substr(0, 8)) || size > rest.size() - kHead - kFoot) break;
    const std::string_view event = rest.substr(kHead, size);
    if (get_little<uint32_t>(rest.substr(kHead + size)) != masked_crc32c(event)) break;
    const auto step = step_of(event);
    if (!step || *step > keep_until) break;
    at += kHead + size + kFoot;
  }
  return at;
}

// TensorBoard takes every file whose name holds "tfevents".
fs::path event_file(const fs::path& folder) {
  std::vector<fs::path> found;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().find(".tfevents.") != std::string::npos) found.push_back(entry.path());
    }
  }
  if (!found.empty()) return *std::min_element(found.begin(), found.end());
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return folder / concat("events.out.tfevents.", now, ".textsemiseg");
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t sum = 0xffffffffu;
  for (const char byte : bytes) sum = (sum >> 8) ^ kTable[(sum ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~sum;
}

uint32_t masked_crc32c(std::string_view bytes) {
  const uint32_t sum = crc32c(bytes);
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

TensorBoardWriter::TensorBoardWriter(const fs::path& folder, int64_t keep_until) : path_(event_file(folder)) {
  fs::create_directories(folder);
  const bool exists = fs::exists(path_);
  size_t kept = 0;
  if (exists) {
    const std::string file = read_text_file(path_, kMostLogBytes);
    kept = bytes_to_keep(file, keep_until);
    if (kept < file.size()) fs::resize_file(path_, kept);
  }
  out_.open(path_, std::ios::app | std::ios::binary);
  if (!out_) throw InputError(path_.string(), "cannot be opened for writing", "a writable run folder");
  if (kept > 0) return;
  std::string first = event_head(0);
  put_bytes(first, 3, "brain.Event:2");
  write(first);
}

void TensorBoardWriter::add(int64_t step, const Scalars& values) {
  std::string summary;
  for (const auto& [tag, value] : values) {
    std::string one;
    put_bytes(one, 1, tag);
    put_key(one, 2, kFixed32);
    put_little(one, std::bit_cast<uint32_t>(static_cast<float>(value)));
    put_bytes(summary, 1, one);
  }
  std::string event = event_head(step);
  put_bytes(event, 5, summary);
  write(event);
}

void TensorBoardWriter::write(const std::string& event) {
  std::string record;
  put_little(record, static_cast<uint64_t>(event.size()));
  put_little(record, masked_crc32c(record));
  record += event;
  put_little(record, masked_crc32c(event));
  out_ << record << std::flush;
  if (!out_) throw Error(path_.string() + ": cannot be written; is the disk full?");
}

}  // namespace tss
