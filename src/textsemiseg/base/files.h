// Files that are never half-written, and hashes of what they hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace tss {

// Writes to a temporary name beside path, flushes to disk and renames; on any error path is left as it was. The file that a link stands
// for is written, and the link stays; what is written to a device or a pipe goes through it. Temporary files of processes that were
// killed are removed. Throws InputError naming path where anything of it fails, the flush included.
// The writer gets the temporary path, an empty file: for libraries that open files themselves. It throws where it fails.
void write_atomically(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& writer);
void write_text_file(const std::filesystem::path& path, std::string_view text);

// Throws InputError naming path unless it is a regular file, or a link to one: opening a pipe waits for ever, a device has no end.
void require_regular_file(const std::filesystem::path& path);

// Configurations and lists are far smaller; give a limit where a legal file can be larger.
constexpr int64_t kMostTextBytes = int64_t{16} << 20;
constexpr int64_t kMostJsonBytes = int64_t{128} << 20;  // records of ten thousand cases, tokenizers of many languages
constexpr int64_t kMostLogBytes = int64_t{1} << 30;

// Throws InputError naming the file when it is missing, unreadable, no regular file or larger than most_bytes.
std::string read_text_file(const std::filesystem::path& path, int64_t most_bytes = kMostTextBytes);

// 64-bit FNV-1a; for cache keys, not for security.
uint64_t hash_bytes(std::string_view bytes, uint64_t start = 14695981039346656037ull);
std::string hex(uint64_t value);

}  // namespace tss
