#include <algorithm>

#include "golden_check/masks.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/metrics/scores.h"
#include "textsemiseg/metrics/surface_distance.h"

namespace golden {
namespace {

tss::LabelMap map_of(const Json& c, const char* name) {
  tss::Geometry grid;
  grid.size = size_of(c.at("dims"));
  tss::LabelMap map(grid);
  map.voxels = mask_of(grid.size, c.at(name));
  return map;
}

// "empty_prediction": what the published test programs record, by rule.
void check_empty(const Json& file, Checker& check) {
  check.begin_case("empty_prediction");
  tss::Geometry grid;
  grid.size = {3, 3, 3};
  const std::pair<const char*, tss::EmptyRule> rules[] = {{"text_semiseg", tss::EmptyRule::kZerosHundreds},
                                                          {"mc_net_ua_mt_mcf_bcp_dtc", tss::EmptyRule::kZeros}};
  for (const auto& [name, rule] : rules) {
    const tss::ClassScore score =
        tss::score_classes(tss::LabelMap(grid), tss::LabelMap(grid, 1), {1}, {.empty = rule, .distances = true}).front();
    const Json& expected = file.at("empty_prediction").at(name);
    check.number("empty", *score["dice"], expected.at("dice"), Kind::kMetric);
    check.number("empty", *score["jaccard"], expected.at("jaccard"), Kind::kMetric);
    check.number("empty", *score["hd95"], expected.at("hd95"), Kind::kMetric);
    check.number("empty", *score["asd"], expected.at("asd"), Kind::kMetric);
  }
}

}  // namespace

void check_metrics(const Json& file, Checker& check) {
  check_empty(file, check);
  for (const Json& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const tss::LabelMap prediction = map_of(c, "prediction");
    tss::LabelMap reference = map_of(c, "reference");
    const auto counts = tss::count_classes(prediction.voxels.data(), reference.voxels.data(), reference.size())[1];
    check.exact("voxels", counts.prediction, c.at("voxels")[0]);
    check.exact("voxels", counts.reference, c.at("voxels")[1]);
    check.exact("voxels", counts.both, c.at("voxels")[2]);
    const tss::SurfacePair surfaces(prediction.voxels.data(), reference.voxels.data(), reference.size(), 1, counts.box);
    for (const Json& expected : c.at("distances")) {
      for (size_t a = 0; a < 3; ++a) reference.geometry.spacing[a] = expected.at("spacing")[a];
      const tss::ClassScore score = tss::score_classes(prediction, reference, {1}).front();
      check.number("dice", *score["dice"], c.at("dc"), Kind::kMetric);
      check.number("jaccard", *score["jaccard"], c.at("jc"), Kind::kMetric);
      check.number("precision", *score["precision"], c.at("precision"), Kind::kMetric);
      check.number("recall", *score["recall"], c.at("recall"), Kind::kMetric);
      check.number("hd", *score["hd"], expected.at("hd"), Kind::kMetric);
      check.number("hd95", *score["hd95"], expected.at("hd95"), Kind::kMetric);
      check.number("asd", *score["asd"], expected.at("asd_prediction_to_reference"), Kind::kMetric);
      check.number("assd", *score["assd"], expected.at("assd"), Kind::kMetric);
      tss::SurfaceDistances d = surfaces.distances(reference.geometry.spacing);
      std::swap(d.prediction_to_reference, d.reference_to_prediction);
      check.number("asd, reference to prediction", tss::average_surface_distance(d), expected.at("asd_reference_to_prediction"),
                   Kind::kMetric);
      const Json& voxels = c.at("distances")[0];  // unit spacing
      check.number("hd95_voxels", *score["hd95_voxels"], voxels.at("hd95"), Kind::kMetric);
      check.number("assd_voxels", *score["assd_voxels"], voxels.at("assd"), Kind::kMetric);
    }
  }
}

}  // namespace golden
