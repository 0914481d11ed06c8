"""Scans and label maps as callers have them: NumPy arrays, nibabel images, SimpleITK images; none of their packages is needed here."""
from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Callable, Sequence

import numpy as np

from ._errors import InputError
from ._library import Array

# From LPS, the world axes of SimpleITK, to RAS.
_TO_RAS = np.diag([-1.0, -1.0, 1.0])


@dataclass
class Scan:
    channels: list[np.ndarray]  # of the axes (x, y, z) each; views where that is possible
    affine: np.ndarray | None  # 4 x 4, mm, RAS+; None: the caller gave no place
    like: Callable[[np.ndarray], Any]  # a label map [x, y, z] as the kind of object that the scan was


def _is_nibabel(scan: Any) -> bool:
    return hasattr(scan, "dataobj") and hasattr(scan, "affine")


def _is_simple_itk(scan: Any) -> bool:
    return hasattr(scan, "GetDirection") and hasattr(scan, "GetNumberOfComponentsPerPixel")


def _of_nibabel(scan: Any, name: str) -> Scan:
    voxels = np.asarray(scan.dataobj)
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim not in (3, 4):
        raise InputError(f"{name}: has the shape {voxels.shape}; expected three axes, or four with the channels last")
    channels = [voxels] if voxels.ndim == 3 else [voxels[..., c] for c in range(voxels.shape[3])]

    def like(labels: np.ndarray) -> Any:
        out = type(scan)(labels, scan.affine, scan.header)
        out.set_data_dtype(labels.dtype)
        return out

    return Scan(channels, np.asarray(scan.affine, np.float64), like)


def _of_simple_itk(scan: Any, name: str) -> Scan:
    import SimpleITK

    if scan.GetDimension() != 3:
        raise InputError(f"{name}: has {scan.GetDimension()} dimensions; expected three")
    voxels = SimpleITK.GetArrayViewFromImage(scan)  # [z, y, x], or [z, y, x, channel]
    components = [voxels] if scan.GetNumberOfComponentsPerPixel() == 1 else [voxels[..., c] for c in range(voxels.shape[3])]
    affine = np.eye(4)
    affine[:3, :3] = _TO_RAS @ np.reshape(scan.GetDirection(), (3, 3)) @ np.diag(scan.GetSpacing())
    affine[:3, 3] = _TO_RAS @ np.asarray(scan.GetOrigin())

    def like(labels: np.ndarray) -> Any:
        out = SimpleITK.GetImageFromArray(np.ascontiguousarray(labels.transpose(2, 1, 0)))
        out.CopyInformation(scan)
        return out

    return Scan([channel.transpose(2, 1, 0) for channel in components], affine, like)


def scan_of(scan: Any, spacing: Sequence[float] | None = None, affine: Any = None, name: str = "scan") -> Scan:
    """Of one object, or of a list of them, a channel each. spacing and affine are for arrays, which know no place."""
    if isinstance(scan, (list, tuple)):
        parts = [scan_of(part, spacing, affine, f"{name}: channel {c}") for c, part in enumerate(scan)]
        if not parts:
            raise InputError(f"{name}: is an empty list; expected one scan per channel")
        first = parts[0].affine
        for c, part in enumerate(parts):
            if part.affine is not None and (first is None or not np.allclose(part.affine, first, atol=1e-3)):
                raise InputError(f"{name}: channel {c}: lies elsewhere than channel 0; expected one grid")
        return Scan([channel for part in parts for channel in part.channels], first, parts[0].like)
    if _is_nibabel(scan) or _is_simple_itk(scan):
        if spacing is not None or affine is not None:
            raise InputError(f"{name}: has a place of its own; expected no spacing and no affine beside it")
        return _of_nibabel(scan, name) if _is_nibabel(scan) else _of_simple_itk(scan, name)
    voxels = np.asarray(scan)
    if voxels.ndim not in (3, 4):
        raise InputError(f"{name}: has the shape {voxels.shape}; expected (x, y, z), or (channel, x, y, z)")
    return Scan([voxels] if voxels.ndim == 3 else list(voxels), _affine_of(spacing, affine, name), lambda labels: labels)


def _affine_of(spacing: Sequence[float] | None, affine: Any, name: str) -> np.ndarray | None:
    if affine is not None:
        if spacing is not None:
            raise InputError(f"{name}: spacing and affine are both given; expected one of them")
        matrix = np.array(affine, np.float64)
        if matrix.shape != (4, 4):
            raise InputError(f"affine: has the shape {matrix.shape}; expected (4, 4)")
        return matrix
    if spacing is None:
        return None
    lengths = np.array(spacing, np.float64)
    if lengths.shape != (3,):
        raise InputError(f"spacing: has the shape {lengths.shape}; expected three lengths in mm, along x, y and z")
    return np.diag([*lengths, 1.0])


def numbers(array: np.ndarray, name: str) -> np.ndarray:
    """The array itself where the library can read it in place, else a copy that it can."""
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: holds elements of the type {array.dtype}; expected numbers")
    wanted = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
    if wanted.kind == "f" and wanted.itemsize not in (4, 8):
        wanted = np.dtype(np.float32 if wanted.itemsize == 2 else np.float64)
    out = array.astype(wanted, copy=False)
    if any(stride % out.itemsize for stride in out.strides) or not out.flags.aligned:
        out = out.copy()
    return out


def descriptor(array: np.ndarray) -> Array:
    """Of an array as numbers() gives it, which must live as long as this is used."""
    strides = [stride // array.itemsize for stride in array.strides]
    triple = Array._fields_[3][1]
    return Array(array.ctypes.data, array.dtype.kind.encode(), array.itemsize, triple(*array.shape), triple(*strides))


assert sys.maxsize > 2**32, "textsemiseg is for 64-bit machines"
