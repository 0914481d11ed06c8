// Small source folders that tests of data, checks and sampling write.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/source/dataset_json.h"

namespace tss::testing {

// Noise of whole numbers around `mean`.
inline Image noise_image(const Size3& size, uint64_t seed, double mean = 100) {
  Geometry geometry;
  geometry.size = size;
  Image image(geometry);
  Random random(seed, Stream::kPhantom);
  for (float& value : image.voxels) value = static_cast<float>(std::round(mean + 20 * random.normal()));
  return image;
}

// Classes 0 .. classes - 1 in boxes along axis 0, the background around them.
inline LabelMap box_labels(const Size3& size, int64_t classes) {
  Geometry geometry;
  geometry.size = size;
  LabelMap labels(geometry);
  for (int64_t x = 1; x + 1 < size[0]; ++x) {
    for (int64_t y = 1; y + 1 < size[1]; ++y) {
      for (int64_t z = 1; z + 1 < size[2]; ++z) labels(x, y, z) = static_cast<uint8_t>(x * classes / size[0]);
    }
  }
  return labels;
}

inline std::string case_id(int64_t i) { return concat("case_", i < 10 ? "0" : "", i); }

// MSD layout, `cases` cases of growing size of which the first `with_label` have a label, classes {background, head, tail}.
inline void write_msd(const std::filesystem::path& folder, int64_t cases, int64_t with_label, int64_t classes = 3) {
  const std::vector<std::string> names = {"background", "head", "tail", "horn", "wing"};
  Json json = {{"name", "boxes"},
               {"modality", {{"0", "MRI"}}},
               {"labels", labels_to_json({names.begin(), names.begin() + classes})},
               {"training", Json::array()}};
  for (int64_t i = 0; i < cases; ++i) {
    const Size3 size{10 + i % 3, 9, 8};
    const std::string file = case_id(i) + ".nii.gz";
    write_image(folder / "imagesTr" / file, noise_image(size, static_cast<uint64_t>(i)));
    Json entry = {{"image", "./imagesTr/" + file}};
    if (i < with_label) {
      write_label_map(folder / "labelsTr" / file, box_labels(size, classes));
      entry["label"] = "./labelsTr/" + file;
    }
    json["training"].push_back(entry);
  }
  write_json(folder / "dataset.json", json);
}

inline PrepareOptions prepare_options(const std::filesystem::path& source, const std::filesystem::path& dataset) {
  PrepareOptions options;
  options.source = source;
  options.dataset = dataset;
  options.recipe = recipe_from_name("generic");
  options.threads = 2;
  return options;
}

// A prepared dataset with the numbers of cases given; the test role has none.
inline std::filesystem::path prepared_msd(const std::filesystem::path& folder, int64_t labelled, int64_t unlabelled) {
  write_msd(folder / "source", labelled + unlabelled, labelled + unlabelled);
  PrepareOptions options = prepare_options(folder / "source", folder / "dataset");
  options.split.labelled = std::to_string(labelled);
  options.split.test = options.split.validation = "0";
  prepare_dataset(options);
  return folder / "dataset";
}

}  // namespace tss::testing
