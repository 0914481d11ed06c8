// A grid of pictures for a paper: methods as columns, cases as rows, outlines of reference and prediction, Dice below each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

struct FigureRow {
  std::string title;
  Image image;
  LabelMap reference;
  std::vector<LabelMap> predictions;  // by column; an empty volume: a blank cell
  std::vector<std::string> captions;  // by column
};

struct Figure {
  std::vector<std::string> columns;
  std::vector<std::string> class_names;  // background first
  std::vector<FigureRow> rows;
  int axis = 2;           // array axis across the slice in RAS order: 0 sagittal, 1 coronal, 2 axial
  double margin_mm = 10;  // around the labels
  double cell = 150;      // side of a picture, units of the SVG (1/96 inch)
};

// Throws InputError unless the extension is .png or .svg; for before any work is done.
void check_figure_path(const std::filesystem::path& path);

// .png (three pixels a unit) or .svg (slices as embedded PNG, outlines and words as vectors). Each cell shows a square of the
// slice with the most of the reference. Throws InputError on another extension and on grids that differ.
void write_figure(const std::filesystem::path& path, const Figure& figure);

}  // namespace tss
