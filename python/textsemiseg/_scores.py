"""Scores of label maps in memory."""
from __future__ import annotations

import ctypes
import json
from ctypes import POINTER, byref, c_double
from typing import Any, Sequence

import numpy as np

from ._errors import InputError
from ._library import last_error, library
from ._scans import descriptor, numbers, scan_of


def evaluate(reference: Any, prediction: Any, spacing: Sequence[float] | None = None, *, class_names: Sequence[str] = (),
             empty: str = "undefined") -> dict[str, Any]:
    """Dice, Jaccard, HD95, ASD and ASSD per class, as `textsemiseg evaluate --json` prints them for one case.

    reference, prediction: label maps [x, y, z] of whole numbers, 0 to 255: arrays, or nibabel or SimpleITK images, which must lie on one
    grid. spacing: mm along x, y, z, of arrays; without it an array lies as the image beside it does, two arrays have 1 mm. class_names:
    background first; without them the labels that occur are scored. empty: the verb's --empty, for classes that neither map holds.
    """
    maps, places = [], []
    placed = [hasattr(given, "affine") or hasattr(given, "GetDirection") for given in (reference, prediction)]
    if spacing is not None and all(placed):
        raise InputError("spacing: reference and prediction have places of their own; expected no spacing beside them")
    for name, given, has_place in zip(("reference", "prediction"), (reference, prediction), placed):
        scan = scan_of(given, None if has_place else spacing, name=name)
        if len(scan.channels) != 1:
            raise InputError(f"{name}: has {len(scan.channels)} channels; expected one label map")
        maps.append(numbers(scan.channels[0], name))
        places.append(scan.affine)
    known = [place for place in places if place is not None] or [np.eye(4)]
    matrices = [np.ascontiguousarray(known[0] if place is None else place) for place in places]
    pointers = [matrix.ctypes.data_as(POINTER(c_double)) for matrix in matrices]
    options = {"classes": list(class_names), "empty": empty}
    text = library().tss_evaluate(byref(descriptor(maps[0])), pointers[0], byref(descriptor(maps[1])), pointers[1],
                                  json.dumps(options).encode())
    if not text:
        raise last_error()
    try:
        return json.loads(ctypes.string_at(text))
    finally:
        library().tss_free(text)
