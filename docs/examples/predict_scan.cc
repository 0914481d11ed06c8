// predict_scan RUN SCAN LABELS: a program of its own that predicts a scan with a trained run and prints the volume of each class.
#include <cstdio>
#include <string>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/workflows/prediction.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: predict_scan RUN SCAN LABELS.nii.gz\n", stderr);
    return 2;
  }
  try {
    const tss::PredictingRuns runs = tss::load_runs({argv[1]}, {});
    const std::vector<std::string>& names = runs.record().class_names;
    const std::vector<tss::PredictionJob> jobs = {{.id = "scan", .channels = {tss::Scan::open(argv[2])}, .output = argv[3]}};
    tss::check_outputs(jobs, static_cast<int64_t>(names.size()), /*overwrite=*/false);
    tss::predict_jobs(runs, jobs);
    const tss::LabelMap labels = tss::read_label_map(argv[3]);
    std::vector<int64_t> voxels(names.size());
    for (const uint8_t label : labels.voxels) ++voxels[label];
    const auto& [x, y, z] = labels.geometry.spacing;
    for (size_t k = 1; k < names.size(); ++k)
      std::printf("%s: %.1f ml\n", names[k].c_str(), static_cast<double>(voxels[k]) * x * y * z / 1000);
  } catch (const tss::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
