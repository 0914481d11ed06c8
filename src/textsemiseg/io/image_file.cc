#include "textsemiseg/io/image_file.h"

#include <itkImage.h>
#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <future>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/completeness.h"
#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
using ItkImage = itk::Image<T, 3>;

struct Format {
  std::string extension;
  bool writable;  // in one file
  std::function<itk::ImageIOBase::Pointer()> open;
};

template <class Io>
itk::ImageIOBase::Pointer make() {
  return Io::New().GetPointer();
}

const std::vector<Format>& formats() {
  static const std::vector<Format> list{
      {".nii.gz", true, make<itk::NiftiImageIO>}, {".nii", true, make<itk::NiftiImageIO>},  {".nrrd", true, make<itk::NrrdImageIO>},
      {".nhdr", false, make<itk::NrrdImageIO>},   {".mha", true, make<itk::MetaImageIO>}, {".mhd", false, make<itk::MetaImageIO>}};
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

// ITK's messages span lines and name its source files.
std::string one_line(const itk::ExceptionObject& error) {
  std::string text = error.GetDescription();
  std::replace(text.begin(), text.end(), '\n', ' ');
  const size_t start = text.find("): ");
  if (start != std::string::npos) text.erase(0, start + 3);
  constexpr size_t kLongest = 200;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return trim(text);
}

// ITK's world is LPS+: its first two axes point the other way.
Geometry geometry_of(const itk::ImageIOBase& io) {
  Geometry g;
  for (unsigned axis = 0; axis < 3; ++axis) {
    g.size[axis] = static_cast<int64_t>(io.GetDimensions(axis));
    g.spacing[axis] = io.GetSpacing(axis);
    const std::vector<double> column = io.GetDirection(axis);
    for (unsigned row = 0; row < 3; ++row) g.direction[row][axis] = row < 2 ? 0.0 - column[row] : column[row];
    g.origin[axis] = axis < 2 ? 0.0 - io.GetOrigin(axis) : io.GetOrigin(axis);
  }
  return g;
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

void require_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw InputError(path.string(), "is a folder", "an image file");
  if (!fs::exists(path, ignored)) throw InputError(path.string(), "does not exist", "an image file");
}

// The header, read and found to be that of a 3D image with one channel.
itk::ImageIOBase::Pointer read_header(const fs::path& path) {
  require_file(path);
  auto io = format_of(path).open();
  const std::string name = path.string();
  io->SetFileName(name);
  try {
    if (!io->CanReadFile(name.c_str())) throw InputError(name, "is not what its name says", "a " + find_format(path)->extension + " file");
    io->ReadImageInformation();
  } catch (const itk::ExceptionObject& error) {
    throw InputError(name, "its header cannot be read (" + one_line(error) + ")", "a 3D image");
  }
  unsigned dimensions = io->GetNumberOfDimensions();
  while (dimensions > 3 && io->GetDimensions(dimensions - 1) == 1) --dimensions;
  if (dimensions != 3) throw InputError(name, concat("has ", dimensions, " dimensions"), "one 3D image");
  if (io->GetNumberOfComponents() != 1)
    throw InputError(name, concat("has ", io->GetNumberOfComponents(), " values per voxel"), "one channel");
  for (unsigned axis = 0; axis < 3; ++axis) {
    if (io->GetDimensions(axis) == 0) throw InputError(name, "has no voxels", "at least one along each axis");
    if (!(io->GetSpacing(axis) > 0) || !std::isfinite(io->GetSpacing(axis)))
      throw InputError(name, concat("has spacing ", io->GetSpacing(axis), " mm along axis ", axis), "a length above 0");
  }
  return io;
}

struct ItkVoxels {
  Geometry geometry;
  ItkImage<float>::Pointer image;  // x contiguous, as float whatever type the file has
};

ItkVoxels read_voxels(const fs::path& path) {
  require_file(path);
  std::future<void> complete = start_completeness_check(path);
  const auto io = read_header(path);
  auto reader = itk::ImageFileReader<ItkImage<float>>::New();
  reader->SetImageIO(io);
  reader->SetFileName(path.string());
  try {
    reader->Update();
  } catch (const itk::ExceptionObject& error) {
    if (complete.valid()) complete.get();  // says more where it fails as well
    throw InputError(path.string(), "cannot be read: truncated, damaged or too large (" + one_line(error) + ")", "a complete image");
  }
  if (complete.valid()) complete.get();
  return {geometry_of(*io), reader->GetOutput()};
}

template <class T>
void write(const fs::path& path, const Volume<T>& volume) {
  const Format& format = format_of(path);
  if (!format.writable) throw InputError(path.string(), "would be written as two files", "one of .nii.gz, .nii, .nrrd, .mha");
  auto image = ItkImage<T>::New();
  set_geometry(*image, volume.geometry);
  image->Allocate();
  const auto& [nx, ny, nz] = volume.size();
  copy_strided(volume.voxels.data(), {1, nz, ny * nz}, {nz, ny, nx}, image->GetBufferPointer());
  write_atomically(path, [&](const fs::path& temporary) {
    auto writer = itk::ImageFileWriter<ItkImage<T>>::New();
    writer->SetImageIO(format.open());
    writer->SetFileName(temporary.string());
    writer->SetInput(image);
    writer->SetUseCompression(format.extension != ".nii");
    try {
      writer->Update();
    } catch (const itk::ExceptionObject& error) {
      throw InputError(path.string(), "cannot be written (" + one_line(error) + ")", "a writable place with room on the disk");
    }
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

std::string image_stem(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.size() - format_of(path).extension.size());
}

Geometry read_geometry(const fs::path& path) { return geometry_of(*read_header(path)); }

Image read_image(const fs::path& path) {
  const ItkVoxels voxels = read_voxels(path);
  Image out(voxels.geometry);
  const auto& [nx, ny, nz] = out.size();
  copy_strided(voxels.image->GetBufferPointer(), {1, nx, nx * ny}, out.size(), out.voxels.data());
  return out;
}

LabelMap read_label_map(const fs::path& path) {
  const ItkVoxels voxels = read_voxels(path);
  const float* values = voxels.image->GetBufferPointer();
  const auto count = static_cast<size_t>(voxels.geometry.voxels());
  const float* wrong = std::find_if(values, values + count, [](float v) { return !(v >= 0 && v <= 255 && v == std::floor(v)); });
  if (wrong != values + count) throw InputError(path.string(), concat("has the label value ", *wrong), "integers from 0 to 255");
  LabelMap out(voxels.geometry);
  const auto& [nx, ny, nz] = out.size();
  copy_strided(values, {1, nx, nx * ny}, out.size(), out.voxels.data());
  return out;
}

void write_image(const fs::path& path, const Image& image) { write(path, image); }
void write_label_map(const fs::path& path, const LabelMap& labels) { write(path, labels); }

}  // namespace tss
