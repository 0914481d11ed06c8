// The header of NumPy's .npy format: what the bytes of an array mean, in a file of its own or as a member of an .npz archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tss {

enum class NpyType { kFloat32, kFloat64, kFloat16, kUint8, kInt16, kInt32, kInt64, kBool, kInt8, kUint16, kUint32, kUint64 };

size_t npy_item_bytes(NpyType type);
const char* npy_descr(NpyType type);  // "<f4"

struct NpyHeader {
  std::string descr;  // NumPy's name of the type, "<f4", "<U12"
  std::vector<int64_t> shape;
  size_t data = 0;       // where the elements begin
  bool fortran = false;  // the first dimension is the contiguous one

  std::optional<NpyType> type() const;  // none for text, objects, other byte orders
};

// bytes: the beginning of the array's file, at least its header. subject: what to call it in messages.
// Throws InputError: no .npy, header cut or not ended as the format asks (a dictionary and a line feed), a field missing.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& subject);
// Throws InputError for an array in Fortran order.
void require_c_order(const NpyHeader& header, const std::string& subject);

// The type, or InputError naming the one found.
NpyType require_npy_type(const NpyHeader& header, const std::string& subject);

// Throws InputError unless the `bytes` bytes after the header are as many as the elements of item_bytes each need, no more and no fewer: a
// header that grew or shrank shifts all of them.
void check_npy_bytes(const NpyHeader& header, size_t item_bytes, size_t bytes, const std::string& subject);

// The longest header that is read. NumPy's own limit for files that it does not trust is 10,000 bytes.
constexpr size_t kLongestNpyHeader = 65'536;

// Magic number, version 1.0 and header, padded so that the elements begin at a multiple of 64.
std::string npy_preamble(NpyType type, const std::vector<int64_t>& shape);
// The same for any type that NumPy names.
std::string npy_preamble(const std::string& descr, const std::vector<int64_t>& shape);

}  // namespace tss
