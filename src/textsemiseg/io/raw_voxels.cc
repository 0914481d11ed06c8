#include "textsemiseg/io/raw_voxels.h"

#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace {

template <class T>
void convert_as(const RawVoxels& raw, const unsigned char* bytes, const Size3& stride, Image& out) {
  const T* in = reinterpret_cast<const T*>(bytes);
  const auto copy = [&](const auto& number) { copy_strided(in, stride, out.size(), out.voxels.data(), number); };
  if (raw.swap)
    copy([&](T v) { return static_cast<float>(static_cast<double>(swapped(v)) * raw.slope + raw.intercept); });
  else if (raw.slope != 1 || raw.intercept != 0)
    copy([&](T v) { return static_cast<float>(static_cast<double>(v) * raw.slope + raw.intercept); });
  else
    copy([](T v) { return static_cast<float>(v); });
}

struct TypeRow {
  uint64_t bytes;
  void (*convert)(const RawVoxels&, const unsigned char*, const Size3&, Image&);
};

template <class T>
constexpr TypeRow row_of() {
  return {sizeof(T), convert_as<T>};
}

const TypeRow& row(NumberType type) {
  static constexpr TypeRow kRows[] = {row_of<uint8_t>(),  row_of<int8_t>(),  row_of<uint16_t>(), row_of<int16_t>(),
                                      row_of<uint32_t>(), row_of<int32_t>(), row_of<uint64_t>(), row_of<int64_t>(),
                                      row_of<float>(),    row_of<double>()};
  return kRows[static_cast<size_t>(type)];
}

}  // namespace

uint64_t bytes_of(NumberType type) { return row(type).bytes; }

void RawVoxels::convert(const unsigned char* bytes, const NumberOrder& order, std::vector<Image>& channels) const {
  for (size_t c = 0; c < channels.size(); ++c) {
    Image& out = channels[c];
    out.voxels.resize(static_cast<size_t>(out.geometry.voxels()));
    const int64_t begin = order.channel_begin(static_cast<int64_t>(c));
    row(type).convert(*this, bytes + static_cast<uint64_t>(begin) * bytes_of(type), order.stride, out);
  }
}

}  // namespace tss
