"""Small made-up scans as NIfTI files, and runs of the program; standard library only."""
import gzip
import os
import struct
import subprocess

SIZE = 18
TINY = ["--set", "sampler.patch=[16,16,16]", "--set", "network.widths=[4,8]", "--set", "network.depths=[1,1]", "--set",
        "sampler.labelled=1", "--set", "sampler.unlabelled=1"]


def write_nifti(path, voxels, code):
    """voxels[x][y][z] of int16 (code 4) or uint8 (code 2), 1 mm, in RAS axes."""
    n = SIZE
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, n, n, n, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, 16 if code == 4 else 8)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    header[344:348] = b"n+1\0"
    flat = [voxels(x, y, z) for z in range(n) for y in range(n) for x in range(n)]
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes(header) + struct.pack(f"<{len(flat)}{'h' if code == 4 else 'B'}", *flat))


def make_source(folder, labelled=4, images=6):
    """imagesTr, labelsTr: a bright ball, its place and brightness depend on the number."""
    for part in ("imagesTr", "labelsTr"):
        os.makedirs(os.path.join(folder, part))
    for number in range(images):
        centre, radius = 8 + number % 3, 4 + number % 2

        def inside(x, y, z):
            return (x - centre) ** 2 + (y - centre) ** 2 + (z - 9) ** 2 <= radius ** 2

        def scan(x, y, z):
            return (400 if inside(x, y, z) else 100) + (x * 7 + y * 13 + z * 29 + number * 5) % 31

        write_nifti(os.path.join(folder, "imagesTr", f"case{number}.nii.gz"), scan, 4)
        if number < labelled:
            write_nifti(os.path.join(folder, "labelsTr", f"case{number}.nii.gz"), lambda x, y, z: int(inside(x, y, z)), 2)


def run(program, words, **more):
    environment = dict(os.environ, OMP_NUM_THREADS="1", **more.pop("environment", {}))
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, errors="replace", env=environment, **more)
