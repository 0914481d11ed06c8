// A file of configs/datasets: the recipe in its section [recipe] and, in [dataset], what is known of the data set it is for, used
// where the source folder does not say so itself.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/source/label_table.h"

namespace tss {

struct DatasetFacts {
  std::vector<std::string> classes;   // names, the background first
  Json label_map = Json::object();    // stored value -> class name, in place of classes
  std::vector<std::string> channels;  // names
  std::string split;                  // of configs/splits; only named in messages, never used unasked
  // Where the files lie, relative to the source folder: * and ** as in a shell, {id} is the case (source/file_patterns.h). One image per
  // channel; a folder is a DICOM series. Empty: the layouts that prepare knows.
  std::vector<std::string> images;
  std::string label;
  std::string id = "{id}";  // what the case is called
  // Steps of the released test programs' sliding window (x, y, z), whose windows count evenly; empty: none are published.
  std::vector<int64_t> window_stride;

  template <class V>
  void visit(V& v) {
    v("classes", classes);
    v("label_map", label_map);
    v("channels", channels);
    v("split", split);
    v("images", images);
    v("label", label);
    v("id", id);
    v("window_stride", window_stride);
  }
};

struct PublishedDataset {
  Recipe recipe;
  DatasetFacts dataset;

  template <class V>
  void visit(V& v) {
    v("recipe", recipe);
    v("dataset", dataset);
  }
};

// Throws InputError with the names known.
PublishedDataset published_dataset(const std::string& name);
// A name, or a .toml file, with "recipe.spacing=[1,1,1]" and the like over it; checked.
PublishedDataset read_published_dataset(const std::string& name_or_file, const std::vector<std::string>& overrides = {});

}  // namespace tss
