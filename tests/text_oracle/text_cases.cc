// For compare.py: encodes the texts of each case of FOLDER/cases.json with load_text_encoder, writes FOLDER/<name>.out.safetensors.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/weights/safetensors.h"

int main(int count, char** arguments) try {
  if (count != 2) throw tss::UsageError("usage: text_cases FOLDER");
  const std::filesystem::path folder = arguments[1];
  for (const auto& item : nlohmann::json::parse(tss::read_text_file(folder / "cases.json"))) {
    const std::string name = item.at("name"), source = item.at("source");
    const auto encoder = tss::load_text_encoder(source);
    const auto texts = item.at("texts").get<std::vector<std::string>>();
    const tss::TokenRows rows = encoder->rows(texts);
    tss::write_safetensors(
        folder / (name + ".out.safetensors"),
        {{{"features", encoder->encode(texts)}, {"ids", rows.ids}, {"end", rows.end}}, {{"name", encoder->name()}}});
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
