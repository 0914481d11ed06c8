#include "textsemiseg/cli/prediction_options.h"

#include <CLI/CLI.hpp>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/workflows/window_preset.h"

namespace tss {

void add_prediction_options(CLI::App& app, PredictionSettings& a) {
  app.add_option("--overlap", a.overlap, "share of the patch that neighbouring windows have in common, below 1")
      ->check(CLI::Range(0.0, 0.999));
  app.add_option("--stride", a.stride, "steps in voxels instead of the overlap: 18,18,4")->type_name("X,Y,Z");
  app.add_option("--weights", a.weights, "of the voxels of a window: gaussian or constant")->type_name("gaussian|constant");
  app.add_option("--window-batch", a.window_batch, "windows per call of the network")->check(at_least(1));
  app.add_option("--preset", a.preset, "published stride and weights: " + join(window_preset_names(), ", "))->type_name("PRESET");
  app.add_option("--mirror", a.mirror,
                 "also mirrored along these axes and averaged: x (left-right where the recipe reorients), y, z, several with "
                 "commas, or all "
                 "(default none)")
      ->type_name("AXES");
  app.add_flag("--keep-largest", a.keep_largest, "only the largest component of each class");
  app.add_option("--min-component", a.min_component, "remove components with fewer voxels")->check(at_least(0));
  app.add_option("--device", a.device, "auto, cpu or cuda:N")->type_name("DEVICE")->capture_default_str();
  app.add_option("--precision", a.precision,
                 "of convolutions: bf16 is faster where the processor has it, and a little less exact")
      ->type_name("fp32|bf16")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16"}));
  app.add_option("--threads", a.threads, "of the CPU (default: all cores)")->check(at_least(1));
  app.add_option("--checkpoint", a.checkpoint, "selected (best on validation, else last), best or last")
      ->type_name("selected|best|last")
      ->capture_default_str();
}

}  // namespace tss
