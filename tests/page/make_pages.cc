// Writes what the test of the page looks at: made-up scans, a prepared data set, two scored runs, and the page of a training.
//   make_pages FOLDER [CASES [SIDE]]
#include <cstdlib>

#include "support/dataset_files.h"
#include "support/scored_runs.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/page/run_page.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

// Two touching ellipsoids, shifted along x.
LabelMap organs(const Size3& size, double shift, double scale) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing = {1, 1, 1.5};
  LabelMap labels(geometry);
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z) {
        const auto inside = [&](double cx, double radius) {
          const double dx = static_cast<double>(x) / static_cast<double>(size[0]) - cx - shift,
                       dy = static_cast<double>(y) / static_cast<double>(size[1]) - 0.5,
                       dz = static_cast<double>(z) / static_cast<double>(size[2]) - 0.45;
          return dx * dx + dy * dy + dz * dz < radius * radius;
        };
        labels(x, y, z) = inside(0.35, 0.2 * scale) ? 1 : inside(0.62, 0.14 * scale) ? 2 : 0;
      }
  return labels;
}

Image scan(const LabelMap& labels, uint64_t seed) {
  Image image(labels.geometry);
  Random random(seed, Stream::kPhantom);
  for (size_t i = 0; i < image.voxels.size(); ++i)
    image.voxels[i] = static_cast<float>(std::round(60.0 + 50.0 * labels.voxels[i] + 12 * random.normal()));
  return image;
}

fs::path write_dataset(const fs::path& folder, int64_t cases, int64_t side) {
  Json json{{"name", "Organs"},
            {"modality", {{"0", "CT"}}},
            {"labels", {{"0", "background"}, {"1", "liver & bile"}, {"2", "spleen_2"}}}};
  json["training"] = Json::array();
  for (int64_t i = 0; i < cases; ++i) {
    const std::string file = concat("case_", i, ".nii.gz");
    const LabelMap labels = organs({side, side - 6, side - 10}, 0, 1);
    write_image(folder / "source" / "imagesTr" / file, scan(labels, static_cast<uint64_t>(i)));
    write_label_map(folder / "source" / "labelsTr" / file, labels);
    json["training"].push_back({{"image", "./imagesTr/" + file}, {"label", "./labelsTr/" + file}});
  }
  write_json(folder / "source" / "dataset.json", json);
  PrepareOptions options = testing::prepare_options(folder / "source", folder / "dataset");
  options.split.labelled = "2";
  options.split.test = options.split.validation = "0";
  prepare_dataset(options);
  return folder / "dataset";
}

std::string log_lines(double start) {
  std::string out;
  for (int i = 10; i <= 600; i += 10) {
    Json line{{"iteration", i},
              {"learning_rate", 0.01 * (1 - i / 700.0)},
              {"seconds", 0.3 * i},
              {"loss", start * std::exp(-i / 200.0) + 0.1},
              {"consistency", 0.01 * i / 600}};
    out += line.dump() + "\n";
    if (i % 100 == 0)
      out += Json{{"iteration", i}, {"validation", {{"dice", 0.5 + i / 2000.0}, {"per_class", {0.6, 0.4 + i / 1500.0}}}}}.dump() +
             "\n";
  }
  return out;
}

void write_one(const fs::path& folder, const std::string& method, const fs::path& dataset, int64_t cases, int64_t side,
               double shift) {
  testing::MadeUpRun run;
  run.method = method;
  for (int64_t i = 0; i < cases; ++i)
    run.dice.push_back(
        {0.95 - shift - 0.01 * static_cast<double>(i), i == 3 ? 0 : 0.9 - 2 * shift + 0.005 * static_cast<double>(i % 5)});
  run.config = {{"split", (dataset / "split.json").string()}};
  run.record = {{"dataset_folder", dataset.string()},
                {"environment", {{"torch", "2.13.0"}, {"device", "cpu"}, {"threads", 2}}},
                {"dataset", "Organs <test>"}};
  run.costs = {{"seconds_per_step", 0.5 + shift}, {"peak_memory_gib", 1.25}};
  testing::write_run(folder, run);
  write_text_file(folder / "log.jsonl", log_lines(1 + shift));
  for (int64_t i = 0; i < cases; ++i)
    write_label_map(folder / "results" / "test" / "predictions" / concat("case_", i, ".nii.gz"),
                    organs({side, side - 6, side - 10}, shift + 0.004 * static_cast<double>(i), 0.95));
  write_json(folder / "results" / "test" / "predictions" / "predictions.json", {{"dataset_folder", dataset.string()}});
  if (method == "supervised") return;
  const Json row{{"name", "permuted"},      {"what", "class k gets the text of class k + 1"},
                 {"largest_logit", 2.5},    {"mean_logit", 0.2},
                 {"decisions_share", 0.01}, {"dice", {{"mean", -0.12}, {"low", -0.2}, {"high", -0.05}, {"n", 5}}}};
  write_json(folder / "results" / "test" / "text_probe.json",
             {{"cases", {"case_0", "case_1"}}, {"rows", {row}}, {"unavailable", {"organs: no encoder"}}});
}

void make(const fs::path& folder, int64_t cases, int64_t side) {
  set_log_level(LogLevel::kQuiet);
  const fs::path dataset = write_dataset(folder, cases, side);
  write_one(folder / "supervised", "supervised", dataset, cases, side, 0.05);
  write_one(folder / "text_semiseg", "text_semiseg", dataset, cases, side, 0.02);
  write_page(folder / "live.html", page_of_training(folder / "supervised", 2, "Training: iteration 600 of 1000."));
}

}  // namespace
}  // namespace tss

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  tss::make(argv[1], argc > 2 ? std::atol(argv[2]) : 8, argc > 3 ? std::atol(argv[3]) : 40);
}
