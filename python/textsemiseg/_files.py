"""Where the program and the library of this package lie, and LibTorch beside them."""
from __future__ import annotations

import importlib.util
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
# For work on this package itself: the program and the library of that build folder.
BUILD = os.environ.get("TSS_BUILD")

PROGRAM = pathlib.Path(BUILD) / "textsemiseg" if BUILD else HERE / "bin" / "textsemiseg"
LIBRARY = pathlib.Path(BUILD) / "libtextsemiseg.so" if BUILD else HERE / "lib" / "libtextsemiseg.so"


def torch_elsewhere() -> pathlib.Path | None:
    """LibTorch's folder where it is not the one that program and library look into, that of the package torch beside this package."""
    if BUILD or (HERE.parent / "torch" / "lib" / "libtorch.so").exists():
        return None
    found = importlib.util.find_spec("torch")
    if found is None or not found.submodule_search_locations:
        raise ImportError("textsemiseg needs LibTorch, and the package torch is not installed: pip install 'torch==2.13.*'")
    return pathlib.Path(found.submodule_search_locations[0]) / "lib"
