// A made-up abdomen that looks like CT: every organ a class with a name, anatomy and contrast that vary from case to case, noise,
// blur, and bone, vessels, bowel and gas as distractors. What a fresh clone demonstrates and tests with; it stands for no patient.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct PhantomOptions {
  int64_t labelled = 2;
  int64_t unlabelled = 20;                   // images without a label file
  int64_t test = 6;                          // in imagesTs and labelsTs
  std::vector<int64_t> size = {48, 48, 40};  // voxels; the field of view is 320 x 280 x 240 mm whatever the size
  uint64_t seed = 0;

  template <class V>
  void visit(V& v) {
    v("labelled", labelled);
    v("unlabelled", unlabelled);
    v("test", test);
    v("size", size);
    v("seed", seed);
  }
  void check() const;  // throws InputError naming the field
};

struct PhantomCase {
  Image image;     // Hounsfield units, whole numbers
  LabelMap label;  // indices of phantom_class_names()
};

// "background", "liver", "spleen", "kidney"
const std::vector<std::string>& phantom_class_names();

// Case `index` of a seed; a pure function of its arguments.
PhantomCase make_phantom(const Size3& size, uint64_t seed, uint32_t index);

// An MSD-layout folder: imagesTr, labelsTr (labelled cases only), imagesTs, labelsTs, dataset.json. A folder that was written with
// the same options is left alone; dataset.json comes last. The recipe that suits it is "ct_soft_tissue".
void write_phantom(const std::filesystem::path& folder, const PhantomOptions& options);

}  // namespace tss
