"""Shared by the tests of this folder: they write files with Python's torch.save, hand them to the program and look at what comes out.

usage of each test: python TEST.py PROGRAM GOLDEN_FOLDER
"""
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
except ImportError:
    print("skipped: no Python with torch and numpy")
    sys.exit(0)

PROGRAM, GOLDEN = (os.path.abspath(argument) for argument in sys.argv[1:3])
FOLDER = tempfile.TemporaryDirectory(prefix="tss-exchange-")
TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "U8": torch.uint8}


def path(name):
    return os.path.join(FOLDER.name, name)


def run(*words):
    """Exit code and the lines of standard error."""
    done = subprocess.run([PROGRAM, *words], cwd=FOLDER.name, capture_output=True, text=True)
    return done.returncode, done.stderr.strip().splitlines()


def succeed(*words):
    code, lines = run(*words)
    assert code == 0, (words, code, lines)
    return lines


def refuse(expected, *words):
    """The program must end with 3 and one error line that holds `expected`, and leave the folder as it was."""
    before = sorted(os.listdir(FOLDER.name))
    code, lines = run(*words)
    errors = [line for line in lines if line.startswith("error:")]
    assert code == 3 and len(errors) == 1, (words, code, lines)
    assert expected in errors[0], f"expected '{expected}' in: {errors[0]}"
    assert sorted(os.listdir(FOLDER.name)) == before, ("left behind", set(os.listdir(FOLDER.name)) - set(before))


def read_safetensors(name):
    """Read from the format's description, so that the tests need no further package."""
    with open(path(name), "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=TYPES[entry["dtype"]]) if end > begin else torch.empty(0)
        tensors[key] = values.reshape(entry["shape"])
    return tensors, metadata


def same(got, expected):
    assert set(got) == set(expected), sorted(set(got) ^ set(expected))[:5]
    for name, tensor in expected.items():
        tensor = tensor.detach().cpu()
        assert got[name].dtype == tensor.dtype, (name, got[name].dtype, tensor.dtype)
        assert torch.equal(got[name], tensor), name


def golden_network(file):
    with open(os.path.join(GOLDEN, file + ".json")) as stream:
        content = json.load(stream)
    return content.get("network") or content["network_of_first_case"]


def golden_state(file, seed=0):
    """A state dictionary with the names and shapes of a golden file, in the order of a state_dict, with drawn values."""
    network = golden_network(file)
    generator = torch.Generator().manual_seed(seed)
    state = {name: torch.randn(shape, generator=generator) for _, name, shape, _ in network["parameters"]}
    for number, name, shape in network["buffers"]:
        state[name] = torch.rand(shape, generator=generator) + 0.5 if number is not None else torch.tensor(1234)
    for alias in network.get("state_dict_aliases", []):
        state[alias] = state[alias.replace(".mlp2.", ".proj.")]
    return state


def small_state(seed=0):
    """MC-Net with an eighth of the channels."""
    widths = {16: 2, 32: 4, 64: 8, 128: 16, 256: 32}
    return {name: tensor[tuple(slice(widths.get(side, side)) for side in tensor.shape)].clone()
            for name, tensor in golden_state("net_mcnet", seed).items()}
