#include "textsemiseg/page/shown_case.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/page/scored_predictions.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
Volume<T> volume_of(const MappedNpy& array, const Geometry& geometry) {
  Volume<T> out(geometry);
  std::copy_n(array.data<T>(), out.voxels.size(), out.voxels.data());
  return out;
}

// "" when a label map lies on the grid and has known classes alone.
std::string mismatch(const LabelMap& labels, const Geometry& grid, size_t classes) {
  if (const std::string difference = grid_difference(labels.geometry, grid); !difference.empty())
    return "lies on another grid than its scan: " + difference;
  const auto largest = std::max_element(labels.voxels.begin(), labels.voxels.end());
  if (largest != labels.voxels.end() && *largest >= classes)
    return concat("has the label ", static_cast<int>(*largest), "; expected 0 to ", classes - 1);
  return "";
}

}  // namespace

struct CaseReader::State {
  struct Row {
    std::optional<ScoredPredictions> predictions;
    std::string obstacle;  // why none of this row can be shown
  };
  std::optional<Dataset> dataset;
  std::vector<Row> rows;
  bool prepared = false;  // the grid shown
  size_t classes = 0;

  State(const Study& study, const std::string& folder) {
    for (const StudyRow& row : study.rows) {
      rows.emplace_back();
      if (row.scored().empty()) {
        rows.back().obstacle = "it has no scores";
        continue;
      }
      rows.back().predictions.emplace(shown_run(row), study.role);
      rows.back().obstacle = rows.back().predictions->problem();
      if (rows.size() > 1 && rows.front().predictions && rows.back().obstacle.empty() &&
          rows.back().predictions->on_prepared_grid() != rows.front().predictions->on_prepared_grid())
        rows.back().obstacle =
            concat("it was scored on the ", rows.front().predictions->on_prepared_grid() ? "scans' own" : "prepared",
                   " grid, the row ", study.rows.front().title, " was not");
    }
    const RunResults& first = shown_run(study.rows.front());
    prepared = first.record.protocol == "published";
    const std::string scored = rows.front().predictions ? rows.front().predictions->dataset_folder() : "";
    dataset = Dataset::open(folder.empty() ? scored : folder, first.config.value("split", ""));
    classes = static_cast<size_t>(dataset->classes());
  }

  // Fills the row's place of `out`.
  void add_prediction(size_t r, const std::string& id, bool predict, ShownCase& out) {
    if (rows[r].obstacle.empty() && rows[r].predictions) rows[r].obstacle = rows[r].predictions->problem();
    if (!rows[r].obstacle.empty()) {
      out.missing[r] = rows[r].obstacle;
      return;
    }
    ScoredPredictions& predictions = *rows[r].predictions;
    try {
      const std::optional<fs::path> file = predictions.file(id);
      if (!file && !predict) return;
      LabelMap labels = file ? read_label_map(*file) : predictions.predict(read_channels(dataset->source(id).images));
      const std::string wrong = mismatch(labels, out.image.geometry, classes);
      if (!wrong.empty()) throw InputError(file ? file->string() : "its prediction", wrong);
      out.predictions[r] = std::move(labels);
    } catch (const InputError& error) {
      out.missing[r] = predictions.problem().empty() ? error.what() : predictions.problem();
    }
  }
};

CaseReader::CaseReader(const Study& study, const std::string& dataset) : state_(new State(study, dataset)) {}
CaseReader::~CaseReader() = default;

ShownCase CaseReader::read(const std::string& id, bool predict) {
  ShownCase out;
  const Dataset& data = *state_->dataset;
  const SourceCase& source = data.source(id);
  if (state_->prepared) {
    const CachedCase cached = data.load(id);
    if (!cached.label) throw InputError(id, "has no prepared label", "a case with a reference");
    out.image = volume_of<float>(cached.image, cached.geometry);  // the first channel
    out.reference = volume_of<uint8_t>(*cached.label, cached.geometry);
  } else {
    out.image = read_channels({source.images.front()}).front();
    out.reference = data.read_label(id);
  }
  if (const std::string wrong = mismatch(out.reference, out.image.geometry, state_->classes); !wrong.empty())
    throw InputError("its reference", wrong);
  out.predictions.resize(state_->rows.size());
  out.missing.resize(state_->rows.size());
  for (size_t r = 0; r < state_->rows.size(); ++r) state_->add_prediction(r, id, predict, out);
  return out;
}

void MissingPredictions::add(const std::string& id, const ShownCase& one) {
  ++cases_;
  rows_.resize(one.missing.size());
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (one.missing[r].empty()) continue;
    if (rows_[r].count++ == 0) std::tie(rows_[r].first_case, rows_[r].first) = std::tie(id, one.missing[r]);
  }
}

std::vector<std::string> MissingPredictions::sentences(const std::vector<std::string>& names) const {
  std::vector<std::string> out;
  for (size_t r = 0; r < rows_.size(); ++r) {
    const Row& row = rows_[r];
    if (row.count == 0) continue;
    out.push_back(row.count == cases_ ? concat(names[r], ": no predictions are shown: ", row.first, ".")
                                      : concat(names[r], ": the predictions of ", row.count, row.count == 1 ? " case" : " cases",
                                               " are not shown; case ", row.first_case, ": ", row.first, "."));
  }
  return out;
}

}  // namespace tss
