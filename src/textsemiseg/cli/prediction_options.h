// The options that predict and evaluate --run share.
#pragma once

#include "textsemiseg/workflows/prediction.h"

namespace CLI {
class App;
}

namespace tss {

void add_prediction_options(CLI::App& app, PredictionSettings& settings);

}  // namespace tss
