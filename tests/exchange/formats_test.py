"""Every form in which torch.save leaves a network on a disk gives the same tensors, bit for bit."""
from collections import OrderedDict

from common import *

STATE = small_state()


class Holder(torch.nn.Module):
    """A module with parameters and buffers of any names with dots."""

    def __init__(self, state):
        super().__init__()
        for name, tensor in state.items():
            owner = self
            *parts, last = name.split(".")
            for part in parts:
                if not hasattr(owner, part):
                    owner.add_module(part, torch.nn.Module())
                owner = getattr(owner, part)
            if name.rsplit(".", 1)[1] in ("running_mean", "running_var", "num_batches_tracked"):
                owner.register_buffer(last, tensor.clone())
            else:
                owner.register_parameter(last, torch.nn.Parameter(tensor.clone()))


def optimiser_state(kind):
    weights = [torch.nn.Parameter(torch.ones(3, 4)), torch.nn.Parameter(torch.ones(5))]
    optimiser = kind(weights)
    sum(w.square().sum() for w in weights).backward()
    optimiser.step()
    return optimiser.state_dict()


def check(name, saved, expected=STATE, *words, **options):
    for legacy in (False, True):
        torch.save(saved, path("in.pth"), _use_new_zipfile_serialization=not legacy, **options)
        lines = succeed("import", "weights", "in.pth", "--output", "out.safetensors", "--overwrite", *words)
        assert "MC-Net" in lines[-1], lines
        same(read_safetensors("out.safetensors")[0], expected)
    print("ok:", name)


module = Holder(STATE)
check("plain dictionary", STATE)
check("OrderedDict", OrderedDict(STATE))
check("state_dict with _metadata", module.state_dict())
check("Parameters", {name: torch.nn.Parameter(t) if t.is_floating_point() else t for name, t in STATE.items()})
check("DataParallel", torch.nn.DataParallel(module).state_dict())
check("net beside SGD state", {"net": STATE, "opt": optimiser_state(lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9))})
check("net beside Adam state and numbers",
      {"net": STATE, "opt": optimiser_state(torch.optim.Adam), "epoch": 3, "best": 0.91, "name": "x", "loss": torch.tensor(1.5)})
scheduler = torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD(module.parameters(), lr=0.1), [2500, 5000])
check("scheduler with a Counter", {"state_dict": STATE, "scheduler": {k: v for k, v in scheduler.state_dict().items() if k == "milestones"}})
check("prompt vectors beside the network", {"model_dict": STATE, "prompt_dict": {"ctx": torch.ones(2, 4, 512), "logit_scale": torch.tensor(4.6)}})
check("teacher beside its student", {"net": STATE, "ema": small_state(1)}, small_state(1), "--key", "ema")
check("protocol 4", STATE, pickle_protocol=4)
for kind in (torch.float16, torch.bfloat16, torch.float64):
    converted = {name: t.to(kind) if t.is_floating_point() else t for name, t in STATE.items()}
    check(str(kind), converted, converted)
check("no counters of batches (before PyTorch 0.4.1)", {n: t for n, t in STATE.items() if not n.endswith("num_batches_tracked")},
      {n: t for n, t in STATE.items() if not n.endswith("num_batches_tracked")})
shared = torch.cat([t.flatten() for t in STATE.values() if t.is_floating_point()])
views, at = {}, 0
for name, t in STATE.items():
    views[name] = shared[at:at + t.numel()].view(t.shape) if t.is_floating_point() else t
    at += t.numel() if t.is_floating_point() else 0
check("views of one storage", views)
check("transposed views", {name: t.transpose(0, 1).contiguous().transpose(0, 1) if t.dim() == 5 else t for name, t in STATE.items()})

# Saved on a GPU: the location of every storage says so.
torch.save(STATE, path("in.pth"), _use_new_zipfile_serialization=False)
bytes_ = open(path("in.pth"), "rb").read()
forged = bytes_.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
assert forged != bytes_
open(path("in.pth"), "wb").write(forged)
succeed("import", "weights", "in.pth", "--output", "out.safetensors", "--overwrite")
same(read_safetensors("out.safetensors")[0], STATE)
print("ok: CUDA")

# What TorchScript writes.
script = torch.jit.script(torch.nn.Sequential(torch.nn.Conv3d(1, 2, 3), torch.nn.BatchNorm3d(2)))
script.save(path("script.pt"))
code, lines = run("import", "weights", "script.pt", "--output", "script.safetensors")
assert code == 3 and "holds 7 tensors ('0.bias', '0.weight', '1.bias', ...) of no network known here" in lines[-1], lines
print("ok: TorchScript")
