"""Scores the same 240 x 240 x 155 masks with MedPy and with this project, in one run, and prints the ratio of the times.

    python bench/compare_medpy.py build/release/bench/score_raw

needs: pip install medpy (and nibabel, to use a BraTS label from $TSS_TEST_DATA; else two ellipsoids with islands).
Exit code 1 when a score differs by more than 1e-6 or the ratio is below 15.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from medpy.metric import binary

SHAPE, SPACINGS = (240, 240, 155), [(1.0, 1.0, 1.0), (0.7, 0.9, 2.5)]


def ellipsoid(centre, radius):
    grid = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radius)) < 1


def phantom():
    reference = ellipsoid((120, 110, 80), (38, 45, 30))
    prediction = ellipsoid((123, 108, 82), (36, 46, 29)) | ellipsoid((60, 60, 40), (4, 4, 4))
    return "phantom", prediction, reference


def brats():
    """Whole tumour of real scans; the prediction is the label moved by two voxels, without one tissue class."""
    root = pathlib.Path(os.environ.get("TSS_TEST_DATA", "")) / "brats_flair"
    for folder in sorted(root.glob("brats_*")):
        import nibabel
        for path in folder.glob("*.nii.gz"):
            data = np.asarray(nibabel.load(path).dataobj)
            if data.shape == SHAPE and len(np.unique(data)) <= 6:
                reference = data > 0
                yield folder.name, np.roll((data > 0) & (data != 2), (2, -1, 1), (0, 1, 2)), reference


def medpy_scores(prediction, reference, spacing):
    start = time.perf_counter()
    scores = {
        "dice": binary.dc(prediction, reference),
        "hd95": binary.hd95(prediction, reference, spacing),
        "asd": binary.asd(prediction, reference, spacing),
    }
    seconds = time.perf_counter() - start
    scores["assd"] = binary.assd(prediction, reference, spacing)
    return scores, seconds


def main():
    program, failed = sys.argv[1], False
    with tempfile.TemporaryDirectory() as folder:
        for name, prediction, reference in [phantom(), *list(brats())[:2]]:
            for spacing in SPACINGS:
                paths = []
                for part, mask in (("p", prediction), ("r", reference)):
                    paths.append(os.path.join(folder, part))
                    mask.astype(np.uint8).tofile(paths[-1])
                command = [program, *paths, *map(str, SHAPE), *map(str, spacing)]
                ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                theirs, first = medpy_scores(prediction, reference, spacing)
                seconds = min(first, medpy_scores(prediction, reference, spacing)[1])
                error = max(abs(ours[key] - value) for key, value in theirs.items())
                ratio = seconds / ours["seconds"]
                print(f"{name:24} spacing {spacing}: MedPy {seconds:.3f} s, ours {ours['seconds'] * 1e3:.2f} ms, "
                      f"{ratio:.0f}x, largest difference {error:.1e}")
                failed |= error > 1e-6 or ratio < 15
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
