#include <cstdlib>
#include <cstring>
#include <new>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/c_interface/array.h"
#include "textsemiseg/c_interface/guarded_call.h"
#include "textsemiseg/c_interface/options.h"
#include "textsemiseg/c_interface/textsemiseg.h"
#include "textsemiseg/workflows/score_files.h"

namespace tss {
namespace {

struct EvaluationOptions {
  std::vector<std::string> classes;
  std::string empty = "undefined";

  template <class V>
  void visit(V& v) {
    v("classes", classes);
    v("empty", empty);
  }
};

struct PlacedLabels {
  const tss_array* array;
  const double* affine;
  const char* name;

  LabelMap read() const { return labels_of(*array, geometry_of(*array, affine), name); }
};

Json evaluate(const PlacedLabels& reference, const PlacedLabels& prediction, const char* text) {
  EvaluationOptions options;
  read_options(options_of(text), "options", options);
  for (const std::string& name : options.classes)
    if (name.find(',') != std::string::npos) throw InputError("options.classes", "'" + name + "'", "names without a comma");
  ScoreSet set;
  set.class_names = class_name_list(join(options.classes, ","));
  set.empty = empty_rule_from_name(options.empty);
  const FilePair names{"", reference.name, prediction.name};
  set.cases.push_back(
      score_maps(names, prediction.read(), reference.read(), set.class_names, {.empty = set.empty, .distances = true}));
  set.fill_absent_classes();
  return scores_json(set);
}

char* copied(const std::string& text) {
  auto* out = static_cast<char*>(std::malloc(text.size() + 1));
  if (out == nullptr) throw std::bad_alloc();
  std::memcpy(out, text.c_str(), text.size() + 1);
  return out;
}

}  // namespace
}  // namespace tss

char* tss_evaluate(const tss_array* reference, const double* reference_affine, const tss_array* prediction,
                   const double* prediction_affine, const char* options) {
  char* out = nullptr;
  tss::guarded_call([&] {
    const tss::Json scores =
        tss::evaluate({reference, reference_affine, "reference"}, {prediction, prediction_affine, "prediction"}, options);
    out = tss::copied(scores.dump());
  });
  return out;
}

void tss_free(char* text) { std::free(text); }
