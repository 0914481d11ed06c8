// Times the scoring of one pair of raw masks, for compare_medpy.py:
//   score_raw PREDICTION REFERENCE X Y Z SX SY SZ     files of X * Y * Z bytes, z fastest; spacing in mm
// Prints one JSON object: the best of several runs in seconds, and the scores of class 1.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/metrics/scores.h"

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fputs("usage: score_raw PREDICTION REFERENCE X Y Z SX SY SZ\n", stderr);
    return 2;
  }
  tss::Geometry grid;
  for (size_t a = 0; a < 3; ++a) {
    grid.size[a] = std::stol(argv[3 + a]);
    grid.spacing[a] = std::stod(argv[6 + a]);
  }
  const auto read = [&](const char* path) {
    tss::LabelMap map(grid);
    std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(map.voxels.data()), grid.voxels());
    return map;
  };
  const tss::LabelMap prediction = read(argv[1]), reference = read(argv[2]);
  double best = 1e9;
  tss::ClassScore score;
  for (int run = 0; run < 7; ++run) {
    const tss::Stopwatch watch;
    score = tss::score_classes(prediction, reference, {1}).front();
    best = std::min(best, watch.seconds());
  }
  std::printf("{\"seconds\": %.6f", best);
  for (const tss::ScoreField& field : tss::score_fields()) {
    const tss::Score value = score[field.name];
    if (value) std::printf(", \"%s\": %.15g", field.name.c_str(), *value);
  }
  std::printf("}\n");
}
