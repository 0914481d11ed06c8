// Writes an event file as a training does that was stopped at iteration 60 and resumed at 50; compare.py reads it with TensorBoard.
//   tensorboard_events FOLDER
#include <cmath>
#include <limits>

#include "textsemiseg/report/tensorboard.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto loss = [](int step) { return 1.0 / step; };
  {
    tss::TensorBoardWriter writer(argv[1], 0);
    for (int step = 10; step <= 60; step += 10)
      writer.add(step, {{"train/loss", step > 50 ? 99.0 : loss(step)}, {"train/learning_rate", 0.01}});
  }
  tss::TensorBoardWriter writer(argv[1], 50);
  for (int step = 60; step <= 100; step += 10) writer.add(step, {{"train/loss", loss(step)}});
  writer.add(100, {{"validation/dice", 0.875}, {"validation/dice/left Ätrium", std::numeric_limits<double>::quiet_NaN()}});
  writer.add(3'000'000'000, {{"train/late", -1.5e-30}});
}
