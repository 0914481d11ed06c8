#include "textsemiseg/io/image_file.h"

#include <itkImage.h>
#include <itkImageFileWriter.h>
#include <itkMetaDataObject.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_header.h"
#include "textsemiseg/io/meta_image.h"
#include "textsemiseg/io/nifti_image.h"
#include "textsemiseg/io/nrrd_image.h"
#include "textsemiseg/io/stored_label.h"
#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
using ItkImage = itk::Image<T, 3>;

struct Format {
  std::string extension;
  ImageHeader (*read)(const fs::path&);
  std::function<itk::ImageIOBase::Pointer()> make_writer;  // of one file; null: read only
};

template <class Io>
itk::ImageIOBase::Pointer make() {
  return Io::New().GetPointer();
}

const std::vector<Format>& formats() {
  static const std::vector<Format> list{{".nii.gz", read_nifti_image, make<itk::NiftiImageIO>},
                                        {".nii", read_nifti_image, make<itk::NiftiImageIO>},
                                        {".hdr", read_nifti_image, nullptr},                     // voxels: .img
                                        {".seg.nrrd", read_nrrd_image, make<itk::NrrdImageIO>},  // Slicer's label maps
                                        {".nrrd", read_nrrd_image, make<itk::NrrdImageIO>},
                                        {".nhdr", read_nrrd_image, nullptr},
                                        {".mha", read_meta_image, make<itk::MetaImageIO>},
                                        {".mhd", read_meta_image, nullptr}};
  return list;
}

const Format* find_format(const fs::path& path) {
  const std::string name = to_lower_ascii(path.filename().string());
  for (const auto& format : formats())
    if (ends_with(name, format.extension) && name.size() > format.extension.size()) return &format;
  return nullptr;
}

const Format& format_of(const fs::path& path) {
  const Format* format = find_format(path);
  if (!format) throw InputError(path.string(), "is not named like an image", "one of " + join(image_extensions(), ", "));
  return *format;
}

// ITK's messages span lines and start with the way through its sources.
std::string one_line(const itk::ExceptionObject& error) {
  std::string text = error.GetDescription();
  std::replace(text.begin(), text.end(), '\n', ' ');
  for (const std::string lead : {"): ", "ITK ERROR: ", "[nrrd] "}) {
    const size_t at = text.rfind(lead);
    if (at != std::string::npos) text.erase(0, at + lead.size());
  }
  constexpr size_t kLongest = 200;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return trim(text);
}

template <class T>
void set_geometry(ItkImage<T>& image, const Geometry& g) {
  typename ItkImage<T>::SizeType size;
  typename ItkImage<T>::SpacingType spacing;
  typename ItkImage<T>::PointType origin;
  typename ItkImage<T>::DirectionType direction;
  for (unsigned axis = 0; axis < 3; ++axis) {
    size[axis] = static_cast<itk::SizeValueType>(g.size[axis]);
    spacing[axis] = g.spacing[axis];
    origin[axis] = axis < 2 ? -g.origin[axis] : g.origin[axis];
    for (unsigned row = 0; row < 3; ++row) direction[row][axis] = row < 2 ? -g.direction[row][axis] : g.direction[row][axis];
  }
  image.SetRegions(size);
  image.SetSpacing(spacing);
  image.SetOrigin(origin);
  image.SetDirection(direction);
}

// What the header says of a 3D image, perhaps with several channels.
ImageHeader read_header(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw InputError(path.string(), "is a folder", "an image file");
  if (!fs::exists(path, ignored)) throw InputError(path.string(), "does not exist", "an image file");
  const Format& format = format_of(path);
  require_regular_file(path);
  return format.read(path);
}

std::vector<Image> read_channels(const fs::path& path, const ImageHeader& header) {
  std::vector<Image> out(static_cast<size_t>(header.channels));
  for (Image& channel : out) channel.geometry = header.geometry;
  if (!header.warning.empty()) log_warning(path.string() + ": " + header.warning);
  const RawBytes numbers = header.numbers();
  header.raw.convert(numbers.get(), header.order, out);
  return out;
}

// The libraries that ITK writes with do not tell it that a write failed: only reading the file back does.
template <class T>
void require_written(const fs::path& path, const fs::path& temporary, const Volume<T>& volume) {
  const auto same = [](float got, T written) { return got == static_cast<float>(written) || (got != got && written != written); };
  bool whole = false;
  try {
    const Image got = std::move(read_channels(temporary, read_header(temporary)).front());
    whole = got.size() == volume.size() && std::equal(got.voxels.begin(), got.voxels.end(), volume.voxels.begin(), same);
  } catch (const InputError&) {
  }
  if (!whole) throw InputError(path.string(), "cannot be written completely", "a writable place with room on the disk");
}

template <class T>
void write(const fs::path& path, const Volume<T>& volume, const TextFields& fields = {}) {
  const Format& format = format_of(path);
  if (!format.make_writer) throw InputError(path.string(), "would be written as two files", "one of .nii.gz, .nii, .nrrd, .mha");
  auto image = ItkImage<T>::New();
  set_geometry(*image, volume.geometry);
  for (const auto& [key, value] : fields) itk::EncapsulateMetaData<std::string>(image->GetMetaDataDictionary(), key, value);
  image->Allocate();
  const auto& [nx, ny, nz] = volume.size();
  copy_strided(volume.voxels.data(), {1, nz, ny * nz}, {nz, ny, nx}, image->GetBufferPointer());
  write_atomically(path, [&](const fs::path& temporary) {
    auto writer = itk::ImageFileWriter<ItkImage<T>>::New();
    writer->SetImageIO(format.make_writer());
    writer->SetFileName(temporary.string());
    writer->SetInput(image);
    writer->SetUseCompression(format.extension != ".nii");
    try {
      // Its libraries keep what they write in static variables.
      static std::mutex mutex;
      const std::lock_guard lock(mutex);
      writer->Update();
    } catch (const itk::ExceptionObject& error) {
      throw InputError(path.string(), "cannot be written (" + one_line(error) + ")", "a writable place with room on the disk");
    }
    require_written(path, temporary, volume);
  });
}

}  // namespace

const std::vector<std::string>& image_extensions() {
  static const std::vector<std::string> list = [] {
    std::vector<std::string> names;
    for (const auto& format : formats()) names.push_back(format.extension);
    return names;
  }();
  return list;
}

bool is_image_file(const fs::path& path) { return find_format(path) != nullptr; }

bool is_writable_image(const fs::path& path) {
  const Format* format = find_format(path);
  return format != nullptr && format->make_writer != nullptr;
}

std::string image_stem(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.size() - format_of(path).extension.size());
}

Geometry read_geometry(const fs::path& path) { return read_header(path).geometry; }

std::optional<Geometry> read_other_geometry(const fs::path& path) { return read_header(path).other_geometry; }

int64_t count_image_channels(const fs::path& path) { return read_header(path).channels; }

std::vector<Image> read_image_channels(const fs::path& path) { return read_channels(path, read_header(path)); }

Image read_image(const fs::path& path) {
  const ImageHeader header = read_header(path);
  if (header.channels != 1) throw InputError(path.string(), concat("has ", header.channels, " channels"), "one 3D image");
  return std::move(read_channels(path, header).front());
}

LabelMap read_label_map(const fs::path& path) {
  const ImageHeader header = read_header(path);
  if (header.channels != 1)
    throw InputError(path.string(), concat("has ", header.channels, " values per voxel (layers of segments that overlap?)"),
                     "one label per voxel; 3D Slicer exports segments to a single label map");
  return byte_labels(single_layer(whole_numbers(read_channels(path, header).front(), path.string())), path.string());
}

void write_image(const fs::path& path, const Image& image) { write(path, image); }
void write_label_map(const fs::path& path, const LabelMap& labels, const TextFields& fields) { write(path, labels, fields); }

}  // namespace tss
