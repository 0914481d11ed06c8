#include "mutation/readers.h"

#include <fstream>

#include "support/dataset_files.h"
#include "support/dicom_files.h"
#include "support/scored_runs.h"
#include "support/small_encoders.h"
#include "support/torch_files.h"
#include "support/untrained_run.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/engine/run_log.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/runs/study_record.h"
#include "textsemiseg/study/table_plan.h"
#include "textsemiseg/text/embedding_table.h"
#include "textsemiseg/weights/npz.h"
#include "textsemiseg/weights/weights_file.h"

namespace tss::testing {
namespace {

namespace fs = std::filesystem;

Image small_image() { return noise_image({5, 4, 6}, 7); }
LabelMap small_labels() { return box_labels({5, 4, 6}, 3); }

void read_as_image(const fs::path& file) { Scan::open(file)->read(); }
void read_as_label(const fs::path& file) { Scan::open(file)->read_stored_label(); }

void add_scan_formats(std::vector<Reader>& out) {
  for (const char* ending : {".nii", ".nii.gz", ".nrrd", ".mha"}) {
    const auto write = [ending](const fs::path& folder) {
      write_image(folder / (std::string("image") + ending), small_image());
      return folder / (std::string("image") + ending);
    };
    out.push_back({std::string("image") + ending, write, read_as_image});
    const auto write_label = [ending](const fs::path& folder) {
      write_label_map(folder / (std::string("label") + ending), small_labels());
      return folder / (std::string("label") + ending);
    };
    out.push_back({std::string("label") + ending, write_label, read_as_label});
  }
  out.push_back({"text.nrrd",
                 [](const fs::path& folder) {
                   std::string text =
                       "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 2 2\n"
                       "space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\nencoding: ascii\n"
                       "space origin: (0,0,0)\n\n1 2 3 4 5 6 7 8 9 10 11 12\n";
                   write_text_file(folder / "text.nrrd", text);
                   return folder / "text.nrrd";
                 },
                 read_as_image});
  out.push_back({"header.mhd",
                 [](const fs::path& folder) {
                   std::ofstream(folder / "voxels.raw", std::ios::binary) << std::string(24, '\1');
                   write_text_file(folder / "header.mhd",
                                   "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                                   "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
                                   "ElementSpacing = 1 1 1\nDimSize = 3 4 2\nElementType = MET_UCHAR\n"
                                   "ElementDataFile = voxels.raw\n");
                   return folder / "header.mhd";
                 },
                 read_as_image});
  out.push_back({"scan.npy",
                 [](const fs::path& folder) {
                   const Image image = small_image();
                   write_npy(folder / "scan.npy", NpyType::kFloat32, {5, 4, 6}, image.voxels.data());
                   return folder / "scan.npy";
                 },
                 read_as_image});
  out.push_back({"scan.npz",
                 [](const fs::path& folder) {
                   write_npz(folder / "scan.npz",
                             TensorMap{{"image", torch::rand({5, 4, 6})}, {"label", torch::ones({5, 4, 6}, torch::kUInt8)}});
                   return folder / "scan.npz";
                 },
                 [](const fs::path& file) {
                   read_as_image(file);
                   read_as_label(file);
                 }});
  out.push_back({"scan.h5",
                 [](const fs::path& folder) {
                   const LabelMap labels = small_labels();
                   write_hdf5_case(folder / "scan.h5", small_image(), &labels);
                   return folder / "scan.h5";
                 },
                 [](const fs::path& file) {
                   read_as_image(file);
                   read_as_label(file);
                 }});
  out.push_back({"dicom",
                 [](const fs::path& folder) {
                   write_dicom_series(folder / "series", DicomSeries(4));
                   return folder / "series" / "slice_1.dcm";
                 },
                 [](const fs::path& file) { read_as_image(file.parent_path()); }});
}

void add_weights(std::vector<Reader>& out) {
  const auto state = [](TorchSave& save) {
    return save.state({{"a.weight", torch::rand({3, 4})}, {"a.bias", torch::rand({3})}});
  };
  out.push_back({"weights.pth",
                 [state](const fs::path& folder) {
                   TorchSave save;
                   const std::string value = state(save);
                   save.write(folder / "weights.pth", value);
                   return folder / "weights.pth";
                 },
                 [](const fs::path& file) { read_weights(file); }});
  out.push_back({"legacy.pth",
                 [state](const fs::path& folder) {
                   TorchSave save;
                   const std::string value = state(save);
                   save.write_legacy(folder / "legacy.pth", value);
                   return folder / "legacy.pth";
                 },
                 [](const fs::path& file) { read_weights(file); }});
  out.push_back({"weights.safetensors",
                 [](const fs::path& folder) {
                   write_safetensors(folder / "weights.safetensors", {{{"a", torch::rand({3, 4})}}, {{"note", "text"}}});
                   return folder / "weights.safetensors";
                 },
                 [](const fs::path& file) { read_weights(file); }});
  out.push_back({"table.safetensors",
                 [](const fs::path& folder) {
                   write_text_table(folder / "table.safetensors", {torch::rand({2, 8}), {"liver", "spleen"}}, "test");
                   return folder / "table.safetensors";
                 },
                 [](const fs::path& file) { read_text_table(file); }});
}

void add_texts(std::vector<Reader>& out) {
  out.push_back({"vocab.txt",
                 [](const fs::path& folder) {
                   write_text_file(folder / "vocab.txt", kSmallVocabulary);
                   return folder / "vocab.txt";
                 },
                 [](const fs::path& file) { WordPieceTokenizer(read_text_file(file), file.string()); }});
}

void add_records(std::vector<Reader>& out) {
  const auto write_source = [](const fs::path& folder) {
    write_msd(folder, 3, 3);
    return folder / "dataset.json";
  };
  out.push_back({"source's dataset.json", write_source, [](const fs::path& file) {
                   PrepareOptions options = prepare_options(file.parent_path(), file.parent_path() / "out");
                   record_of_source(options);
                 }});
  const auto open_dataset = [](const fs::path& file) {
    fs::path folder = file.parent_path();
    while (!fs::exists(folder / "split.json") && folder != folder.root_path()) folder = folder.parent_path();
    const Dataset dataset = Dataset::open(folder);
    for (const std::string& id : dataset.cases(Role::kLabelled)) dataset.load(id);
  };
  for (const char* file : {"dataset.json", "split.json"})
    out.push_back({std::string("prepared ") + file, [file](const fs::path& folder) { return prepared_msd(folder, 2, 1) / file; },
                   open_dataset});
  for (const char* file : {"case.json", "image.npy", "label.npy"})
    out.push_back({std::string("cached ") + file,
                   [file](const fs::path& folder) {
                     const fs::path dataset = prepared_msd(folder, 2, 1);
                     for (const auto& entry : fs::recursive_directory_iterator(dataset / "cache"))
                       if (entry.path().filename() == file && entry.path().parent_path().filename() == case_id(0))
                         return entry.path();
                     return dataset / "no such file";
                   },
                   open_dataset});
  out.push_back({"train.list",
                 [](const fs::path& folder) {
                   write_text_file(folder / "train.list", "case_00\ncase_01\n# a remark\ncase_02\n");
                   return folder / "train.list";
                 },
                 [](const fs::path& file) { read_id_list(file); }});
  out.push_back({"config.toml",
                 [](const fs::path& folder) {
                   write_text_file(folder / "config.toml",
                                   to_toml(resolved(make_run_config({{"method", "text_semiseg"}}, "test"))));
                   return folder / "config.toml";
                 },
                 [](const fs::path& file) { make_run_config(read_toml(file), file.string()); }});
  out.push_back({"plan.toml",
                 [](const fs::path& folder) {
                   write_text_file(
                       folder / "plan.toml",
                       "title = \"T\"\nsource = \"S\"\nprotocol = \"P\"\nextends = \"table1\"\n[common]\ntrain.iterations = 5\n"
                       "[[row]]\nname = \"a\"\ntitle = \"A\"\nmethod = \"supervised\"\n[row.published]\npancreas_ct = "
                       "{6 = [1, 2, 3, 4]}\n");
                   return folder / "plan.toml";
                 },
                 [](const fs::path& file) { read_plan(file.string()); }});
  const auto write_untrained = [](const fs::path& folder, const char* file) {
    write_untrained_run(folder / "run",
                        parse_toml("method = 'supervised'\n[network]\nwidths = [2, 2]\ndepths = [1, 1]\n"
                                   "[sampler]\npatch = [8, 8, 8]",
                                   "test"),
                        {"background", "liver"});
    return folder / "run" / file;
  };
  for (const char* file : {"run.json", "config.toml", "checkpoints/last.safetensors"})
    out.push_back({std::string("run's ") + file, [=](const fs::path& folder) { return write_untrained(folder, file); },
                   [](const fs::path& file_of_run) {
                     fs::path run = file_of_run.parent_path();
                     while (run.filename() != "run") run = run.parent_path();
                     load_run(run, "last");
                   }});
  out.push_back({"log.jsonl",
                 [](const fs::path& folder) {
                   write_text_file(
                       folder / "log.jsonl",
                       "{\"iteration\":1,\"loss\":0.5,\"seconds\":1.5}\n{\"iteration\":2,\"loss\":0.25,\"seconds\":2}\n"
                       "{\"iteration\":2,\"validation\":{\"dice\":0.5,\"per_class\":[0.5]}}\n");
                   return folder / "log.jsonl";
                 },
                 [](const fs::path& file) { RunLog(file, 2, {}); }});
  out.push_back({"cases.csv",
                 [](const fs::path& folder) {
                   ScoreSet set;
                   set.class_names = {"background", "liver"};
                   set.cases = {{"one", {made_up_score(1, 0.8)}}, {"two", {made_up_score(1, 0.7)}}};
                   write_cases_csv(folder / "cases.csv", set);
                   return folder / "cases.csv";
                 },
                 [](const fs::path& file) { read_cases_csv(file); }});
}

}  // namespace

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all = [] {
    std::vector<Reader> out;
    add_scan_formats(out);
    add_weights(out);
    add_texts(out);
    add_records(out);
    return out;
  }();
  return all;
}

}  // namespace tss::testing
