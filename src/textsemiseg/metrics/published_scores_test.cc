// Scores of two real liver masks against MedPy 0.5.2 and against the figures that the CHAOS challenge published for them
// (emrekavur/CHAOS-evaluation). Its ASSD, 0.734 mm, is not comparable: it pools as we do, but counts the outside of the array
// as part of the mask, and this liver reaches the last slice (with that surface rule the masks give 0.7341).
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "textsemiseg/metrics/scores.h"

namespace tss::published_scores_test {

namespace fs = std::filesystem;

// One 8-bit slice per file, in the order of the names: slice z, row y, column x.
LabelMap read_slices(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  LabelMap map;
  for (size_t z = 0; z < files.size(); ++z) {
    png_image picture{};
    picture.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&picture, files[z].c_str())) return {};
    picture.format = PNG_FORMAT_GRAY;
    std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(picture));
    if (!png_image_finish_read(&picture, nullptr, pixels.data(), 0, nullptr)) return {};
    if (z == 0) {
      Geometry g;
      g.size = {picture.height, picture.width, static_cast<int64_t>(files.size())};
      g.spacing = {0.7265625, 0.7265625, 2.0};
      map = LabelMap(g);
    }
    for (int64_t y = 0; y < map.size()[0]; ++y)
      for (int64_t x = 0; x < map.size()[1]; ++x) {
        map(y, x, static_cast<int64_t>(z)) = pixels[static_cast<size_t>(y * map.size()[1] + x)] > 0;
      }
  }
  return map;
}

TEST(PublishedScores, LiverOfChaos) {
  const char* data = std::getenv("TSS_TEST_DATA");
  const fs::path folder = fs::path(data ? data : "") / "chaos_metrics";
  if (!data || !fs::is_directory(folder)) GTEST_SKIP() << "skipped: no data";
  const LabelMap reference = read_slices(folder / "Ground"), prediction = read_slices(folder / "Segmentation");
  ASSERT_GT(reference.voxels.size(), 0u);
  const ClassScore s = score_classes(prediction, reference, {1}).front();
  EXPECT_NEAR(*s["dice"], 0.978, 5e-4);  // published
  EXPECT_NEAR(*s["hd"], 14, 0.05);       // published, as MSSD
  EXPECT_NEAR(*s["dice"], 0.9784341478506637, 1e-12);
  EXPECT_NEAR(*s["hd95"], 2.4721594336986037, 1e-9);
  EXPECT_NEAR(*s["asd"], 0.8046238966697519, 1e-9);
  EXPECT_NEAR(*s["assd"], 0.7129284626973725, 1e-9);
}

}  // namespace tss::published_scores_test
