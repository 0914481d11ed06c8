"""Bad files: one line, exit code 3, nothing run, nothing left behind."""
import zipfile

from common import *

STATE = small_state()
IMPORT = ("import", "weights", "in.pth", "--output", "none.safetensors")


class Command:
    def __reduce__(self):
        return os.system, (f"touch {path('HACKED')}",)


class Expression:
    def __reduce__(self):
        return eval, (f"open({path('HACKED')!r}, 'w')",)


def refused(expected, saved, *words, **options):
    torch.save(saved, path("in.pth"), **options)
    refuse(expected, *IMPORT, *words)
    run_words = ("import", "weights", "in.pth", "--run", "none", "--classes", "background,left atrium", *words)
    refuse(expected, *run_words)
    assert not os.path.exists(path("HACKED"))


for legacy in (False, True):
    options = {"_use_new_zipfile_serialization": not legacy}
    refused("its pickle names 'posix.system'", {**STATE, "x": Command()}, **options)
    refused("its pickle names '__builtin__.eval'", {"net": STATE, "x": Expression()}, **options)
    refused("of the kind 'module'" if legacy else "an object of the Python class 'torch.nn.modules.linear.Linear'", torch.nn.Linear(2, 3), **options)
    refused("its pickle names 'torch.ComplexFloatStorage'", {**STATE, "x": torch.ones(2, dtype=torch.complex64)}, **options)
    refused("holds no weights", {"epoch": 3}, **options)
    refused("holds no weights but a list", [1, 2], **options)
    refused("of no network known here", {"weight": torch.ones(3)}, **options)
    refused("holds several sets of weights: 'net' (298 tensors), 'ema' (298 tensors)", {"net": STATE, "ema": small_state(1)}, **options)
    refused("has no 'nets' in it; expected one of 'net', 'ema'", {"net": STATE, "ema": STATE}, "--key", "nets", **options)
refused("holds the network 'mc_net', lacks 'decoder1.attn_x5", STATE, "--method", "text_semiseg")
refused("holds the network 'mc_net', lacks 'block_", STATE, "--network", "dtc")
refused("--network: found 'mcnet' (did you mean 'mc_net'?)", STATE, "--network", "mcnet")

torch.save(STATE, path("in.pth"))
good = open(path("in.pth"), "rb").read()


def damaged(expected, content):
    open(path("in.pth"), "wb").write(content)
    refuse(expected, *IMPORT)


damaged("is empty", b"")
damaged("is none of the formats known", b"hello")
damaged("truncated", good[:len(good) // 2])
damaged("truncated", good[:-1])
value = STATE["encoder.block_three.conv.0.weight"].numpy().tobytes()
at = good.index(value) + 100
damaged("has a wrong checksum: the file is damaged", good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
with zipfile.ZipFile(path("in.pth"), "w", zipfile.ZIP_DEFLATED) as archive:  # 300 MB of zeros in 300 kB
    archive.writestr("archive/data.pkl", zipfile.ZipFile(__import__("io").BytesIO(good)).read("in/data.pkl"))
    for number in range(3):
        archive.writestr(f"archive/data/{number}", bytes(100_000_000))
refuse("is compressed", *IMPORT)
torch.save(STATE, path("in.pth"), _use_new_zipfile_serialization=False)
old = open(path("in.pth"), "rb").read()
damaged("is truncated", old[:-1])
damaged("is truncated", old[:100])

torch.save(STATE, path("in.pth"))
refuse("--classes: found 3 names", "import", "weights", "in.pth", "--run", "none", "--classes", "a,b,c")
refuse("--patch: found '96,96'", "import", "weights", "in.pth", "--run", "none", "--patch", "96,96")
refuse("recipe: 'none'", "import", "weights", "in.pth", "--run", "none", "--recipe", "none")
refuse("a name ending in .safetensors", "import", "weights", "in.pth", "--output", "none.pth")
refuse("cannot be opened", "import", "weights", "missing.pth", "--run", "none")
refuse("network: found", "import", "weights", "in.pth", "--run", "none", "--set", "network.width=[4]")
assert run("import", "weights", "in.pth")[0] == 2
assert run("import")[0] == 2
open(path("taken.safetensors"), "w").write("mine")
refuse("taken.safetensors: exists", "import", "weights", "in.pth", "--output", "taken.safetensors")
assert open(path("taken.safetensors")).read() == "mine"
print("ok")
