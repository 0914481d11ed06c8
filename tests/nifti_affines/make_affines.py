#!/usr/bin/env python3
"""Makes affines.npy: 2,000 legal NIfTI headers and the affine that nibabel reads from each.

    python make_affines.py affines.npy        # needs numpy and nibabel (made with 5.4.2)

A row, float32: qform_code, sform_code, xyzt_units, pixdim[0..3], quatern_b, _c, _d, qoffset_x, _y, _z, srow_x, _y, _z (12 numbers), then
nibabel's affine by rows (12 numbers), in the units of the file. io/nifti_affines_test.cc reads it.
"""
import sys

import nibabel
import numpy

COUNT = 2000


def rotation(random):
    """Uniform, or with the axes permuted and flipped, or close to that: what scanners write."""
    kind = random.integers(3)
    if kind == 0:
        q = random.normal(size=4)
        w, x, y, z = q / numpy.linalg.norm(q)
        turned = numpy.array([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                              [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                              [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]])
        return turned @ numpy.diag([1, 1, random.choice([-1, 1])])
    straight = numpy.eye(3)[random.permutation(3)] * random.choice([-1, 1], size=3)
    if kind == 1:
        return straight
    angle = random.normal(scale=0.1)
    c, s = numpy.cos(angle), numpy.sin(angle)
    tilt = numpy.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return tilt @ straight


def main(path):
    random = numpy.random.default_rng(20251129)
    rows = []
    for index in range(COUNT):
        spacing = 10 ** random.uniform(-3, 1.3, size=3) if index % 4 == 0 else random.uniform(0.3, 6, size=3)
        affine = numpy.eye(4)
        affine[:3, :3] = rotation(random) * spacing
        affine[:3, 3] = random.normal(scale=10 ** random.uniform(1, 4), size=3)
        header = nibabel.Nifti1Header()
        header.set_data_shape((4, 3, 5))
        which = random.integers(3)  # the qform alone, the sform alone, both
        if which != 1:
            header.set_qform(affine, int(random.integers(1, 5)))
        if which != 0:
            header.set_sform(affine, int(random.integers(1, 5)))
        unit = int(random.integers(4))  # unknown, m, mm, um
        header["xyzt_units"] = unit
        h = header
        read = h.get_best_affine()
        rows.append([h["qform_code"], h["sform_code"], unit, *h["pixdim"][:4], h["quatern_b"], h["quatern_c"], h["quatern_d"],
                     h["qoffset_x"], h["qoffset_y"], h["qoffset_z"], *h["srow_x"], *h["srow_y"], *h["srow_z"],
                     *read[:3].reshape(-1)])
    numpy.save(path, numpy.array(rows, dtype=numpy.float32))


if __name__ == "__main__":
    main(sys.argv[1])
