#include "textsemiseg/io/array_layout.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

ArrayLayout array_layout(const std::vector<int64_t>& shape, bool fortran, const std::string& subject) {
  const size_t rank = shape.size();
  if (rank != 3 && rank != 4)
    throw InputError(subject, concat("has ", rank, rank == 1 ? " dimension" : " dimensions"), "3, or 4 with channels");
  constexpr int64_t kMost = int64_t{1} << 36;
  std::vector<int64_t> stride(rank);
  int64_t elements = 1;
  for (size_t i = 0; i < rank; ++i) {
    const size_t axis = fortran ? i : rank - 1 - i;
    if (shape[axis] <= 0) throw InputError(subject, "has no voxels", "at least one along each axis");
    if (shape[axis] > kMost / elements) throw InputError(subject, "has more than 2^36 voxels", "a volume that fits into memory");
    stride[axis] = elements;
    elements *= shape[axis];
  }
  ArrayLayout out;
  size_t first = 0;
  if (rank == 4) {
    const size_t channel = shape[0] <= shape[3] ? 0 : 3;
    first = channel == 0 ? 1 : 0;
    out.channels = shape[channel];
    out.channel_stride = stride[channel];
    if (out.channels > kMostChannels)
      throw InputError(subject, "has the shape " + join(shape, " x "),
                       concat("channels along the first or the last axis, at most ", kMostChannels));
  }
  for (size_t axis = 0; axis < 3; ++axis) {
    out.size[axis] = shape[first + axis];
    out.stride[axis] = stride[first + axis];
  }
  return out;
}

}  // namespace tss
