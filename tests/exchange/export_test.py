"""What the program exports is taken by load_state_dict of a module with the authors' names, bit for bit."""
from common import *


class Authors(torch.nn.Module):
    """A module with the names and shapes of a golden file."""

    def __init__(self, file):
        super().__init__()
        for name, tensor in golden_state(file, seed=99).items():
            owner = self
            *parts, last = name.split(".")
            for part in parts:
                if not hasattr(owner, part):
                    owner.add_module(part, torch.nn.Module())
                owner = getattr(owner, part)
            buffer = last in ("running_mean", "running_var", "num_batches_tracked")
            owner.register_buffer(last, tensor) if buffer else owner.register_parameter(last, torch.nn.Parameter(tensor))


def round_trip(file, method, names, *words, refusals=False):
    """refusals: also what is refused because it exists, which is the same for every network."""
    state = golden_state(file)
    torch.save({"net": state}, path("in.pth"))
    succeed("import", "weights", "in.pth", "--method", method, "--run", "run", "--classes", "background,left atrium", *words)
    if refusals:
        refuse("exists", "import", "weights", "in.pth", "--method", method, "--run", "run", "--classes", "background,left atrium", *words)
    succeed("export", "--run", "run", "--output", "out.safetensors", "--names", names, "--overwrite")
    tensors, metadata = read_safetensors("out.safetensors")
    module = Authors(file)
    module.load_state_dict(tensors, strict=True)
    same(module.state_dict(), state)
    assert metadata["format"] == "pt" and json.loads(metadata["classes"]) == ["background", "left atrium"]

    record = json.load(open(path("run/run.json")))
    assert record["protocol"] == "imported" and record["origin"]["key"] == "net", record["origin"]
    assert record["origin"]["file"].endswith("in.pth") and "nothing is known here" in record["selection"]
    if refusals:
        refuse("out.safetensors: exists", "export", "--run", "run", "--output", "out.safetensors")
    succeed("export", "--run", "run", "--output", "own.safetensors", "--names", "own")
    own = read_safetensors("own.safetensors")[0]
    assert all(name.startswith(("network.", "teacher.", "text.", "class_texts")) for name in own)
    assert ("class_texts" in own) == ("text.source=learned" in words)
    os.remove(path("own.safetensors"))
    import shutil
    shutil.rmtree(path("run"))
    print("ok:", file, "as", method)


round_trip("net_mcnet", "mc_net", "original", "--patch", "112,112,80", "--recipe", "left_atrium", refusals=True)
round_trip("net_mcnet_plus", "mc_net_plus", "original")
round_trip("net_mlrp", "mlrp", "original")
round_trip("net_vclipseg", "vclip_seg", "original", "--set", "text.source=learned")
round_trip("net_vnet", "supervised", "original")
round_trip("net_vnet_uamt", "supervised", "ua_mt")
round_trip("net_vnet_uamt", "ua_mt", "original")
round_trip("net_dtc", "dtc", "original")
round_trip("net_uamt_text", "ua_mt", "original", "--set", "text.source=learned")
round_trip("net_dtc_text", "dtc", "original", "--set", "text.source=learned")
round_trip("net_bcp_pancreas", "supervised", "original")
round_trip("net_text_semiseg", "text_semiseg", "original", "--set", "text.source=learned")

# BCP's checkpoint of the left atrium brings heads that play no part; its network predicts without them.
torch.save(golden_state("net_bcp_la"), path("in.pth"))
succeed("import", "weights", "in.pth", "--run", "run")
refuse("--names: found 'dtc'", "export", "--run", "run", "--output", "none.safetensors", "--names", "dtc")
refuse("a name ending in .safetensors or .onnx", "export", "--run", "run", "--output", "none.pth")
print("ok: bcp_la")
