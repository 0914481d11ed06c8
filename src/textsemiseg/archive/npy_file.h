// NumPy's .npy format, version 1.0, C order: written in one go, read by mapping the file into memory.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <type_traits>
#include <vector>

#include "textsemiseg/archive/npy_header.h"

namespace tss {

template <class T>
constexpr NpyType npy_type_of() {
  if constexpr (std::same_as<T, float>) return NpyType::kFloat32;
  if constexpr (std::same_as<T, double>) return NpyType::kFloat64;
  if constexpr (std::same_as<T, uint16_t>) return NpyType::kFloat16;
  if constexpr (std::same_as<T, uint8_t>) return NpyType::kUint8;
  if constexpr (std::same_as<T, int16_t>) return NpyType::kInt16;
  if constexpr (std::same_as<T, int32_t>) return NpyType::kInt32;
  if constexpr (std::same_as<T, int64_t>) return NpyType::kInt64;
  if constexpr (std::same_as<T, bool>) return NpyType::kBool;
}

// Read-only view of a whole file; pages are loaded when touched and shared between processes.
class MappedNpy {
 public:
  MappedNpy() = default;
  // Throws InputError naming the file: missing, not .npy, Fortran order, unknown type, shorter or longer than
  // its header says.
  explicit MappedNpy(const std::filesystem::path& path);
  ~MappedNpy();
  MappedNpy(MappedNpy&& other) noexcept;
  MappedNpy& operator=(MappedNpy&& other) noexcept;
  MappedNpy(const MappedNpy&) = delete;
  MappedNpy& operator=(const MappedNpy&) = delete;

  NpyType type() const { return type_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t elements() const;
  // The elements. Throws Error unless T is the type of the file (uint16_t for kFloat16); void leaves that to the caller.
  template <class T>
  const T* data() const {
    if constexpr (!std::is_void_v<T>) require(npy_type_of<T>());
    return static_cast<const T*>(data_);
  }
  bool valid() const { return mapping_ != nullptr; }

 private:
  void require(NpyType type) const;

  void* mapping_ = nullptr;
  size_t bytes_ = 0;
  const void* data_ = nullptr;
  NpyType type_ = NpyType::kFloat32;
  std::vector<int64_t> shape_;
};

// Atomic.
void write_npy(const std::filesystem::path& path, NpyType type, const std::vector<int64_t>& shape, const void* data);

}  // namespace tss
