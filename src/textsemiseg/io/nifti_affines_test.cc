// Where the voxels of 2,000 legal NIfTI headers lie, against what nibabel reads from them (tests/nifti_affines/make_affines.py).
#include <gtest/gtest.h>
#include <nifti1.h>

#include <cmath>
#include <cstring>
#include <string>

#include "support/testing.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/io/image_file.h"

namespace tss::nifti_affines_test {

namespace fs = std::filesystem;

constexpr int64_t kFields = 37;

std::string file_of(const float* row) {
  nifti_1_header h{};
  h.sizeof_hdr = 348;
  const short dim[] = {3, 4, 3, 5, 1, 1, 1, 1};
  std::copy(std::begin(dim), std::end(dim), h.dim);
  h.datatype = DT_UINT8;
  h.bitpix = 8;
  h.vox_offset = 352;
  std::memcpy(h.magic, "n+1", 4);
  h.qform_code = static_cast<short>(row[0]);
  h.sform_code = static_cast<short>(row[1]);
  h.xyzt_units = static_cast<char>(row[2]);
  std::copy_n(row + 3, 4, h.pixdim);
  h.quatern_b = row[7];
  h.quatern_c = row[8];
  h.quatern_d = row[9];
  h.qoffset_x = row[10];
  h.qoffset_y = row[11];
  h.qoffset_z = row[12];
  std::copy_n(row + 13, 4, h.srow_x);
  std::copy_n(row + 17, 4, h.srow_y);
  std::copy_n(row + 21, 4, h.srow_z);
  return std::string(reinterpret_cast<const char*>(&h), sizeof h) + std::string(4 + 4 * 3 * 5, '\0');
}

TEST(NiftiAffines, TwoThousandAsNibabelReadsThem) {
  const MappedNpy rows(fs::path(__FILE__).parent_path() / "../../../tests/nifti_affines/affines.npy");
  ASSERT_EQ(rows.shape(), (std::vector<int64_t>{2000, kFields}));
  const testing::TemporaryFolder folder;
  const fs::path file = folder / "scan.nii";
  int64_t rough = 0;
  for (int64_t i = 0; i < rows.shape()[0]; ++i) {
    const float* row = rows.data<float>() + i * kFields;
    write_text_file(file, file_of(row));
    const Geometry found = read_geometry(file);
    const double units[] = {1, 1e3, 1, 1e-3}, unit = units[static_cast<int>(row[2])];
    bool exact = true;
    for (size_t r = 0; r < 3; ++r) {
      for (size_t c = 0; c < 3; ++c) {
        const double expected = unit * row[25 + 4 * r + c], difference = found.direction[r][c] * found.spacing[c] - expected;
        // Close to half a turn float32 quaternions leave a thousandth of a radian open.
        ASSERT_LE(std::abs(difference), 2e-3 * found.spacing[c]) << "row " << i;
        exact = exact && std::abs(difference) <= 1e-6 * found.spacing[c];
      }
      const double expected = unit * row[25 + 4 * r + 3];
      ASSERT_LE(std::abs(found.origin[r] - expected), 1e-6 * std::abs(expected) + 1e-9) << "row " << i;
    }
    rough += !exact;
  }
  EXPECT_LE(rough, 5) << "of 2,000";
}

}  // namespace tss::nifti_affines_test
