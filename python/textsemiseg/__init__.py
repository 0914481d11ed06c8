"""Semi-supervised segmentation of 3D medical scans, guided by text.

    import textsemiseg as tss
    run = tss.open_run("runs/first")
    labels = run.predict(array, spacing=(0.8, 0.8, 2.5))     # NumPy, nibabel or SimpleITK in, the same out
    scores = tss.evaluate(reference, labels, spacing=(0.8, 0.8, 2.5))
    tss.train(dataset="my_dataset", method="text_semiseg", run="runs/second", iterations=2000)

docs/python.md explains axes, channels, orientation and errors.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._errors import Error as Error, InputError as InputError, UsageError as UsageError
    from ._runs import Run as Run, open_run as open_run
    from ._scores import evaluate as evaluate
    from ._verbs import call as call, check as check, compare as compare, demo as demo, doctor as doctor
    from ._verbs import prepare as prepare, report as report, study as study, train as train

    __version__: str

# Loaded when first asked for: the command `textsemiseg` passes through this file too and needs neither NumPy nor the library.
_MODULE_OF = {
    "Error": "_errors", "InputError": "_errors", "UsageError": "_errors",
    "Run": "_runs", "open_run": "_runs",
    "evaluate": "_scores",
    "call": "_verbs", "check": "_verbs", "compare": "_verbs", "demo": "_verbs", "doctor": "_verbs", "prepare": "_verbs",
    "report": "_verbs", "study": "_verbs", "train": "_verbs",
    "__version__": "_library",
}
__all__ = [name for name in _MODULE_OF if not name.startswith("_")]


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'textsemiseg' has no attribute '{name}'")
    value = getattr(importlib.import_module("." + _MODULE_OF[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_MODULE_OF))
