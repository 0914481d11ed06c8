"""Reads with TensorBoard what report/tensorboard.cc wrote: compare.py PATH/tensorboard_events"""
import math
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as error:
    print(f"skipped: no tensorboard ({error})")
    sys.exit(0)

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True)
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    found = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert events.FirstEventTimestamp() > 1.6e9, "wall time"

steps = range(10, 101, 10)
assert set(found) == {"train/loss", "train/learning_rate", "validation/dice", "validation/dice/left Ätrium", "train/late"}, found
assert [step for step, _ in found["train/loss"]] == list(steps), "every step once, in order: " + str(found["train/loss"])
assert all(math.isclose(value, 1 / step, rel_tol=1e-6) for step, value in found["train/loss"]), found["train/loss"]
assert [step for step, _ in found["train/learning_rate"]] == list(steps)[:5], found["train/learning_rate"]
assert found["validation/dice"] == [(100, 0.875)], found
assert math.isnan(found["validation/dice/left Ätrium"][0][1])
(step, value), = found["train/late"]
assert step == 3_000_000_000 and math.isclose(value, -1.5e-30, rel_tol=1e-6), found["train/late"]
print("5 tags as written")
