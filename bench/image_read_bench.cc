// Reading one image: read_image (completeness checked, axes in our order) against ITK's plain reader (neither).
//   image_read_bench --file=scan.nii.gz [Google Benchmark's options]
#include <benchmark/benchmark.h>
#include <itkImageFileReader.h>
#include <itkNiftiImageIO.h>

#include <cstring>
#include <string>

#include "textsemiseg/io/image_file.h"
#include "textsemiseg/volume/resample.h"

namespace {

std::string file;

void read_checked(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(tss::read_image(file).voxels.data());
}

void read_with_itk(benchmark::State& state) {
  for (auto _ : state) {
    auto reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
    reader->SetImageIO(itk::NiftiImageIO::New());
    reader->SetFileName(file);
    reader->Update();
    benchmark::DoNotOptimize(reader->GetOutput()->GetBufferPointer());
  }
}

void to_double_spacing(benchmark::State& state, tss::Interpolation interpolation) {
  const tss::Image image = tss::read_image(file);
  tss::Vector3 spacing = image.geometry.spacing;
  for (double& s : spacing) s *= 2;
  const tss::Geometry target = tss::with_spacing(image.geometry, spacing);
  for (auto _ : state) benchmark::DoNotOptimize(tss::resample_to(image, target, interpolation).voxels.data());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  constexpr char kFile[] = "--file=";
  if (argc == 2 && std::strncmp(argv[1], kFile, sizeof kFile - 1) == 0) file = argv[1] + sizeof kFile - 1;
  if (file.empty()) {
    std::fputs("skipped: no data (give --file=scan.nii.gz)\n", stderr);
    return 0;
  }
  benchmark::RegisterBenchmark("read_image", read_checked)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("itk::ImageFileReader", read_with_itk)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("resample nearest", to_double_spacing, tss::Interpolation::kNearest)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("resample linear", to_double_spacing, tss::Interpolation::kLinear)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("resample b-spline", to_double_spacing, tss::Interpolation::kBSpline)
      ->Unit(benchmark::kMillisecond);
  benchmark::RunSpecifiedBenchmarks();
}
