// A BERT text encoder out of a folder as Hugging Face, sentence-transformers and open_clip lay it out:
//   config.json               heads, norms (needed but for open_clip's towers, whose heads have 64 channels)
//   1_Pooling/config.json     mean or [CLS] (sentence-transformers); mean without one
//   open_clip_config.json     pooling and context of a text tower (BiomedCLIP); [CLS] without one
//   vocab.txt, tokenizer.json, tokenizer_config.json
// The weights' names: (prefix)embeddings.word_embeddings.weight, (prefix)encoder.layer.0.attention.self.query.weight, ..., of an open_clip
// model behind "text.transformer.", with text.proj beside them. The pooler and all other heads are left out.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "textsemiseg/text/bert_text_encoder.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

bool holds_bert_text(const TensorMap& file);

// path: the weights' file; its folder is searched for the rest. vocabulary: vocab.txt or tokenizer.json, empty: that of the folder.
// Throws InputError: a missing tensor or vocabulary, a configuration that contradicts the shapes or asks for what is not built here.
std::shared_ptr<BertTextEncoder> bert_text_encoder(const TensorMap& file, const std::filesystem::path& path,
                                                   const std::filesystem::path& vocabulary);

}  // namespace tss
