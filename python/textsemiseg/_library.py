"""The functions of src/textsemiseg/c_interface/textsemiseg.h."""
from __future__ import annotations

import ctypes
import functools
import importlib.metadata
from ctypes import POINTER, c_char, c_char_p, c_double, c_float, c_int32, c_int64, c_uint8, c_void_p

from ._errors import exception_of
from ._files import LIBRARY, torch_elsewhere


class Array(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("kind", c_char), ("bytes", c_int32), ("size", c_int64 * 3), ("stride", c_int64 * 3)]


Progress = ctypes.CFUNCTYPE(c_int32, c_void_p, c_double)

_FUNCTIONS = {
    "tss_version": (c_char_p, []),
    "tss_error": (c_char_p, []),
    "tss_error_code": (c_int32, []),
    "tss_open_runs": (c_void_p, [POINTER(c_char_p), c_int32, c_char_p]),
    "tss_close_runs": (None, [c_void_p]),
    "tss_describe_runs": (c_char_p, [c_void_p]),
    "tss_predict": (c_int32, [c_void_p, POINTER(Array), c_int32, POINTER(c_double), Progress, c_void_p, POINTER(c_uint8), POINTER(c_float)]),
    "tss_evaluate": (c_void_p, [POINTER(Array), POINTER(c_double), POINTER(Array), POINTER(c_double), c_char_p]),
    "tss_free": (None, [c_void_p]),
}


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    try:
        torch = torch_elsewhere()
        if torch is not None:
            ctypes.CDLL(str(torch / "libtorch.so"))  # what is loaded under its name already is not looked for again
        loaded = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        try:
            version = importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            version = "none"
        raise ImportError(f"the library of textsemiseg cannot be loaded ({error}); torch is {version}, expected 2.13.*") from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def last_error() -> BaseException:
    """Of the last function that failed in this thread."""
    return exception_of(library().tss_error_code(), library().tss_error().decode())


def __getattr__(name: str) -> str:
    if name == "__version__":
        return library().tss_version().decode()
    raise AttributeError(name)
