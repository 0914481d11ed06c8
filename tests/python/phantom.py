"""Scans to try things on: noise with a bright ball in it, in a folder as the Medical Segmentation Decathlon has them."""
import gzip
import json
import pathlib
import struct

import numpy as np

# Oblique, and turned: no axis of the array is one of the world's, and two run backwards.
TURN = np.array([[-0.96, 0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, -1.0]])
SPACING = (0.8, 0.9, 2.5)
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN @ np.diag(SPACING)
AFFINE[:3, 3] = (31.5, -20.25, 7.0)


def write_nifti(path: pathlib.Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    """NIfTI-1 with an sform, without scaling."""
    code, bits = {np.dtype(np.uint8): (2, 8), np.dtype(np.int16): (4, 16), np.dtype(np.float32): (16, 32)}[voxels.dtype]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *voxels.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, bits)
    struct.pack_into("<8f", header, 76, 1, *spacing, 0, 0, 0, 0)
    struct.pack_into("<f", header, 108, 352)
    struct.pack_into("<B", header, 123, 2)  # mm
    struct.pack_into("<2h", header, 252, 0, 1)  # the sform alone
    struct.pack_into("<12f", header, 280, *affine[:3].ravel())
    header[344:348] = b"n+1\0"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header + voxels.tobytes(order="F"))


def case(seed: int, size=(20, 22, 18)) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1)
    label = (np.linalg.norm(grid - np.array(size) / 2 - random.uniform(-2, 2, 3), axis=-1) < 5).astype(np.uint8)
    return (random.normal(100, 20, size) + 60 * label).astype(np.int16), label


def write_folder(folder: pathlib.Path, cases: int = 6) -> None:
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    for seed in range(cases):
        scan, label = case(seed)
        write_nifti(folder / "imagesTr" / f"p{seed}.nii.gz", scan, AFFINE)
        write_nifti(folder / "labelsTr" / f"p{seed}.nii.gz", label, AFFINE)
    training = [{"image": f"./imagesTr/p{seed}.nii.gz", "label": f"./labelsTr/p{seed}.nii.gz"} for seed in range(cases)]
    record = {"labels": {"0": "background", "1": "ball"}, "modality": {"0": "CT"}, "training": training, "numTraining": cases}
    (folder / "dataset.json").write_text(json.dumps(record))
