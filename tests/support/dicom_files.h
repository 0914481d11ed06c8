// For tests: writes DICOM files byte by byte (explicit VR, little endian), without the library that reads them.
//
//   testing::DicomSeries series;                     // 4 CT slices of 5 columns x 3 rows, 0.7 x 0.7 x 2 mm
//   series.modality = "MR";
//   testing::write_dicom_series(folder / "study/series", series);
//
// The voxel of slice k, row r, column c holds series.stored(c, r, k).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "textsemiseg/base/strings.h"

namespace tss::testing {

struct DicomSlice {
  std::array<double, 3> position{};  // ImagePositionPatient, LPS, mm
  int rows = 3, columns = 5;
  std::array<double, 2> spacing{0.7, 0.7};  // between rows, between columns
  std::array<double, 6> orientation{1, 0, 0, 0, 1, 0};
  double slope = 1, intercept = 0;
  std::string name;                              // of the file
  std::vector<std::array<std::string, 3>> more;  // "0018,0081", "DS", "12.5": further elements, replacing those that are there
  std::vector<std::string> without;              // "0020,0032": elements to leave out
};

struct DicomSeries {
  std::string series_uid = "1.2.826.0.1.3680043.10.99.1", study_uid = "1.2.826.0.1.3680043.10.99",
              frame_uid = "1.2.826.0.1.3680043.10.99.7";
  std::string modality = "CT", description = "Abdomen 2.0", patient_id = "ID^17";
  std::string sop_class = "1.2.840.10008.5.1.4.1.1.2";  // CT Image Storage
  std::string transfer_syntax = "1.2.840.10008.1.2.1";  // explicit VR, little endian
  std::function<int16_t(int, int, int)> stored = [](int column, int row, int slice) {
    return static_cast<int16_t>(100 * slice + 10 * row + column);
  };
  std::vector<DicomSlice> slices;

  // Slices along the normal of the orientation, `step` mm apart.
  explicit DicomSeries(int count = 4, double step = 2, const DicomSlice& like = {}) {
    const auto& o = like.orientation;
    const std::array<double, 3> normal{o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]};
    for (int k = 0; k < count; ++k) {
      DicomSlice slice = like;
      for (size_t i = 0; i < 3; ++i) slice.position[i] += k * step * normal[i];
      slice.name = concat("slice_", k, ".dcm");
      slices.push_back(slice);
    }
  }
};

namespace dicom_bytes {

inline std::string number(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 255);
  return out;
}

// "0008,0060" -> the four bytes of the tag.
inline std::string tag(const std::string& text) {
  return number(std::stoul(text.substr(0, 4), nullptr, 16), 2) + number(std::stoul(text.substr(5, 4), nullptr, 16), 2);
}

inline std::string element(const std::string& where, const std::string& type, std::string value) {
  if (value.size() % 2 != 0) value += type == "UI" || type == "OB" ? '\0' : ' ';
  const bool wide = type == "OB" || type == "OW" || type == "SQ" || type == "UT";
  return tag(where) + type + (wide ? std::string(2, '\0') + number(value.size(), 4) : number(value.size(), 2)) + value;
}

inline std::string decimals(const double* values, size_t count) {
  std::ostringstream out;
  out << std::setprecision(12);
  for (size_t i = 0; i < count; ++i) out << (i > 0 ? "\\" : "") << values[i];
  return out.str();
}

}  // namespace dicom_bytes

inline void write_dicom_slice(const std::filesystem::path& path, const DicomSeries& series, int index) {
  using dicom_bytes::decimals, dicom_bytes::element, dicom_bytes::number;
  const DicomSlice& slice = series.slices[static_cast<size_t>(index)];
  const std::string instance = concat(series.series_uid, ".", index + 1);
  std::vector<std::array<std::string, 3>> elements{
      {"0008,0008", "CS", "ORIGINAL\\PRIMARY\\AXIAL"},
      {"0008,0016", "UI", series.sop_class},
      {"0008,0018", "UI", instance},
      {"0008,0020", "DA", "20200101"},
      {"0008,0030", "TM", "120000"},
      {"0008,0050", "SH", ""},
      {"0008,0060", "CS", series.modality},
      {"0008,0070", "LO", "none"},
      {"0008,0090", "PN", ""},
      {"0008,103E", "LO", series.description},
      {"0010,0010", "PN", "Secret^Name"},
      {"0010,0020", "LO", series.patient_id},
      {"0010,0030", "DA", "19500101"},
      {"0010,0040", "CS", "O"},
      {"0018,0050", "DS", "2"},
      {"0018,0060", "DS", "120"},
      {"0020,000D", "UI", series.study_uid},
      {"0020,000E", "UI", series.series_uid},
      {"0020,0010", "SH", "1"},
      {"0020,0011", "IS", "3"},
      {"0020,0013", "IS", concat(index + 1)},
      {"0020,0032", "DS", decimals(slice.position.data(), 3)},
      {"0020,0037", "DS", decimals(slice.orientation.data(), 6)},
      {"0020,0052", "UI", series.frame_uid},
      {"0020,1040", "LO", ""},
      {"0028,0002", "US", number(1, 2)},
      {"0028,0004", "CS", "MONOCHROME2"},
      {"0028,0010", "US", number(static_cast<uint64_t>(slice.rows), 2)},
      {"0028,0011", "US", number(static_cast<uint64_t>(slice.columns), 2)},
      {"0028,0030", "DS", decimals(slice.spacing.data(), 2)},
      {"0028,0100", "US", number(16, 2)},
      {"0028,0101", "US", number(16, 2)},
      {"0028,0102", "US", number(15, 2)},
      {"0028,0103", "US", number(1, 2)},
      {"0028,1052", "DS", decimals(&slice.intercept, 1)},
      {"0028,1053", "DS", decimals(&slice.slope, 1)},
  };
  std::string pixels;
  for (int row = 0; row < slice.rows; ++row)
    for (int column = 0; column < slice.columns; ++column)
      pixels += number(static_cast<uint16_t>(series.stored(column, row, index)), 2);
  elements.push_back({"7FE0,0010", "OW", pixels});
  for (const auto& more : slice.more) {
    std::erase_if(elements, [&](const auto& e) { return e[0] == more[0]; });
    elements.push_back(more);
  }
  std::erase_if(elements, [&](const auto& e) {
    return std::find(slice.without.begin(), slice.without.end(), e[0]) != slice.without.end();
  });
  std::sort(elements.begin(), elements.end());  // tags are written in hexadecimal of one width
  std::string meta = element("0002,0001", "OB", std::string("\0\1", 2)) + element("0002,0002", "UI", series.sop_class) +
                     element("0002,0003", "UI", instance) + element("0002,0010", "UI", series.transfer_syntax) +
                     element("0002,0012", "UI", "1.2.826.0.1.3680043.10.99.0");
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << std::string(128, '\0') << "DICM" << element("0002,0000", "UL", number(meta.size(), 4)) << meta;
  for (const auto& [where, type, value] : elements) out << element(where, type, value);
}

// One file per slice, under its own name.
inline void write_dicom_series(const std::filesystem::path& folder, const DicomSeries& series) {
  for (size_t k = 0; k < series.slices.size(); ++k)
    write_dicom_slice(folder / series.slices[k].name, series, static_cast<int>(k));
}

}  // namespace tss::testing
