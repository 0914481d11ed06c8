// Scalars as TensorBoard reads them: one event file, records framed as TFRecord (length, masked CRC-32C, bytes, masked CRC-32C),
// each an Event message of protocol buffers (wall_time = 1, step = 2, file_version = 3, summary = 5) with the values of one step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tss {

using Scalars = std::vector<std::pair<std::string, double>>;  // tag, value

class TensorBoardWriter {
 public:
  // Goes on with the event file of the folder where there is one: events of steps above keep_until, which a resumed run writes
  // again, and a record cut short by a kill are cut off. Throws InputError when the file cannot be written.
  TensorBoardWriter(const std::filesystem::path& folder, int64_t keep_until);

  // Values of one step, on disk when this returns; values that are not finite are kept as they are.
  void add(int64_t step, const Scalars& values);

  const std::filesystem::path& path() const { return path_; }

 private:
  void write(const std::string& event);

  std::filesystem::path path_;
  std::ofstream out_;
};

// CRC-32C (Castagnoli), as iSCSI and TFRecord use it.
uint32_t crc32c(std::string_view bytes);
// Rotated and shifted, so that the sum of data that hold sums stays meaningful.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace tss
