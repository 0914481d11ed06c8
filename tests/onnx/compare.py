"""Runs the files of onnx_cases in onnxruntime and compares: compare.py PROGRAM [FOLDER]

One line per case: largest absolute difference, free sizes, and for runs export time and file size. Exit status 1 when a case is off.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnxruntime
except ImportError:
    print("skipped: no onnxruntime")
    sys.exit(0)


def check(folder):
    """Returns a line about the case and whether it is right."""
    case = json.loads((folder / "case.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    problems = []
    free = metadata.get("textsemiseg.free_sizes")
    if case["free_sizes"] and free != case["free_sizes"]:
        problems.append(f"free sizes {free!r}, expected {case['free_sizes']!r}")
    if "class_names" in case and json.loads(metadata["textsemiseg.class_names"]) != case["class_names"]:
        problems.append("class names differ")
    worst = 0.0
    image = session.get_inputs()[0]
    compared = 0
    for i in range(case["inputs"]):
        x = np.load(folder / f"input_{i}.npy")
        if any(isinstance(side, int) and side != found for side, found in zip(image.shape, x.shape)):
            continue  # a size this file does not allow
        compared += 1
        expected = np.load(folder / f"expected_{i}.npy")
        found = session.run(None, {image.name: x})[0]
        if found.shape != expected.shape:
            problems.append(f"shape {found.shape}, expected {expected.shape}")
            continue
        difference = float(np.max(np.abs(found - expected)))
        if not difference <= case["limit"]:
            problems.append(f"input {i} differs by {difference:.2g}")
        if case["kind"] == "run" and float(np.std(expected)) < 1e-3:
            problems.append("the expected output says nothing")
        worst = max(worst, difference)
    if compared != {"none": 1, "batch": 2, "batch, window": 3}[free] and case["kind"] == "run":
        problems.append(f"{compared} sizes compared where {free} is free")
    line = f"{folder.name:28s} {worst:9.2e}  free: {free:14s} sizes: {compared}"
    if case["kind"] == "run":
        line += f"  export {case['seconds']:.2f} s, {case['bytes'] / 1e6:.2f} MB"
    return line + "".join(f"  WRONG: {p}" for p in problems), not problems


def main():
    onnxruntime.set_default_logger_severity(3)
    print("onnxruntime", onnxruntime.__version__)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        written = subprocess.run([sys.argv[1], str(folder)], check=False).returncode
        right = written == 0
        cases = sorted(p for p in folder.iterdir() if (p / "case.json").exists())
        for case in cases:
            try:
                line, good = check(case)
            except Exception as error:  # a file that onnxruntime refuses is a failed case, not the end
                line, good = f"{case.name:28s} WRONG: {error}", False
            print(line)
            right = right and good
        if written != 0:
            print("onnx_cases could not write every case")
        print(len(cases), "cases")
        return 0 if right and cases else 1


sys.exit(main())
