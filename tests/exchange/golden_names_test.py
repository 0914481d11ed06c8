"""The names and shapes of every published network are recognised, checked and kept.

Each start of the program costs half a second, so what it says about a wrong tensor is asked of three of them; of every network
src/textsemiseg/exchange/published_networks_test.cc asks it."""
from common import *

NAMES = {"net_vnet": "vnet", "net_vnet_uamt": "ua_mt", "net_mcf_v": "mcf_v", "net_mcf_r": "mcf_r", "net_dtc": "dtc", "net_bcp_la": "bcp_la",
         "net_bcp_pancreas": "bcp_pancreas", "net_mcnet": "mc_net", "net_mlrp": "mlrp", "net_mcnet_plus": "mc_net_plus", "net_unet3d": "unet3d",
         "net_urpc": "urpc", "net_vclipseg": "vclip_seg", "net_text_semiseg": "text_semiseg", "net_text_semiseg_tokens": "text_semiseg",
         "net_uamt_text": "ua_mt_text", "net_dtc_text": "dtc_text", "net_mcnet_plus_text": "mc_net_plus_text"}
LARGE = {"net_text_semiseg_96", "net_text_semiseg_112"}  # the same network with larger planes
REFUSED = {"net_vnet", "net_mcf_r", "net_text_semiseg"}  # names nested, flat and with a text block
TWINS = {"mcf_v": "ua_mt", "mlrp": "mc_net"}  # hold the same tensors

found = {name[:-5] for name in os.listdir(GOLDEN) if name.startswith("net_")}
assert found == set(NAMES) | LARGE, found ^ (set(NAMES) | LARGE)
for file, network in NAMES.items():
    state = golden_state(file)
    torch.save(state, path("in.pth"))
    succeed("import", "weights", "in.pth", "--output", "out.safetensors", "--overwrite")
    assert read_safetensors("out.safetensors")[1]["network"] == TWINS.get(network, network)
    succeed("import", "weights", "in.pth", "--network", network, "--output", "out.safetensors", "--overwrite")
    tensors, metadata = read_safetensors("out.safetensors")
    assert metadata["network"] == network
    same(tensors, state)

    if file not in REFUSED:
        print("ok:", file)
        continue
    # One tensor less, one more, one of another shape.
    last = list(state)[0]
    torch.save({n: t for n, t in state.items() if n != last}, path("in.pth"))
    refuse("acks '" + last + "'", "import", "weights", "in.pth", "--network", network, "--output", "none.safetensors")
    torch.save({**state, "surplus.weight": torch.ones(1)}, path("in.pth"))
    refuse("holds 'surplus.weight'", "import", "weights", "in.pth", "--network", network, "--output", "none.safetensors")
    bias = [n for n in state if n.endswith("bias")][-1]
    torch.save({**state, bias: torch.ones(77)}, path("in.pth"))
    if ".proj_header." not in bias:
        refuse(f"tensor '{bias}' has shape [77]", "import", "weights", "in.pth", "--network", network, "--output", "none.safetensors")
    print("ok:", file)
