#include "textsemiseg/io/image_file.h"

#include <itkImage.h>
#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkMetaDataObject.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>
#include <itkVectorImage.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/io/label_value.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/meta_voxels.h"
#include "textsemiseg/io/nifti_voxels.h"
#include "textsemiseg/io/nrrd_header.h"
#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class T>
using ItkImage = itk::Image<T, 3>;

struct Header {
  itk::ImageIOBase::Pointer io;
  int64_t components = 1;  // interleaved values of one voxel
  int64_t volumes = 1;     // one behind the other
  int64_t channels() const { return components * volumes; }
};

struct Format {
  std::string extension;
  const char* header;
  bool writable;  // in one file
  std::function<itk::ImageIOBase::Pointer()> open;
  void (*check_header)(const fs::path&);  // before ITK sees it; null: ITK's own words are good
  bool interleaves;                       // channels may be values of one voxel; then four dimensions are all there can be
  void (*read_voxels)(const fs::path&, const Header&, std::vector<Image>&);  // or throws: no voxel is left as it was
};

template <class Io>
itk::ImageIOBase::Pointer make() {
  return Io::New().GetPointer();
}

// ITK's reader prints several lines of its own about a header that is cut off.
void check_meta_header(const fs::path& path) { read_meta_header(path); }

void nifti_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels);
void nrrd_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels);
void meta_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels);

const std::vector<Format>& formats() {
  static const std::vector<Format> list{
      {".nii.gz", "a NIfTI-1 header", true, make<itk::NiftiImageIO>, check_nifti_header, false, nifti_voxels},
      {".nii", "a NIfTI-1 header", true, make<itk::NiftiImageIO>, check_nifti_header, false, nifti_voxels},
      {".seg.nrrd", "an NRRD header", true, make<itk::NrrdImageIO>, nullptr, true, nrrd_voxels},  // Slicer's label maps
      {".nrrd", "an NRRD header", true, make<itk::NrrdImageIO>, nullptr, true, nrrd_voxels},
      {".nhdr", "an NRRD header", false, make<itk::NrrdImageIO>, nullptr, true, nrrd_voxels},
      {".mha", "a MetaImage header", true, make<itk::MetaImageIO>, check_meta_header, true, meta_voxels},
      {".mhd", "a MetaImage header", false, make<itk::MetaImageIO>, check_meta_header, true, meta_voxels}};
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

// ITK scales the spacing of a NIfTI file in metres or micrometres to mm, but not its origin.
double unit_of_origin(const itk::ImageIOBase& io) {
  std::string units;
  if (!itk::ExposeMetaData<std::string>(io.GetMetaDataDictionary(), "xyzt_units", units) || units.empty()) return 1;
  constexpr int kSpace = 7, kMetre = 1, kMicrometre = 3;  // of NIfTI's field xyzt_units
  const int unit = std::atoi(units.c_str()) & kSpace;
  return unit == kMetre ? 1e3 : unit == kMicrometre ? 1e-3 : 1;
}

// A NIfTI file may give its place twice. ITK, and with it ITK-SNAP and Slicer, takes the sform where its code is 1 (scanner) or where
// the two agree, else the qform; nibabel always takes the sform.
void warn_if_sform_differs(const fs::path& path, const itk::ImageIOBase& io, const Geometry& g) {
  const auto field = [&io](const char* name) {
    std::string text;
    itk::ExposeMetaData<std::string>(io.GetMetaDataDictionary(), name, text);
    return text;
  };
  if (std::atoi(field("sform_code").c_str()) <= 0 || std::atoi(field("qform_code").c_str()) <= 0) return;
  const std::array<const char*, 3> names{"srow_x", "srow_y", "srow_z"};
  const double unit = unit_of_origin(io);
  const double tolerance = 0.01 * std::min({g.spacing[0], g.spacing[1], g.spacing[2]});
  for (size_t row = 0; row < 3; ++row) {
    std::istringstream values(field(names[row]));
    Vector3 column;
    double origin = 0;
    if (!(values >> column[0] >> column[1] >> column[2] >> origin)) return;
    bool same = std::abs(origin * unit - g.origin[row]) <= tolerance;
    for (size_t axis = 0; axis < 3; ++axis)
      same = same && std::abs(column[axis] * unit - g.direction[row][axis] * g.spacing[axis]) <= tolerance;
    if (same) continue;
    log_warning(path.string() + ": its qform and its sform differ; the qform is used");
    return;
  }
}

// ITK's world is LPS+: its first two axes point the other way.
Geometry geometry_of(const itk::ImageIOBase& io) {
  const double unit = unit_of_origin(io);
  Geometry g;
  for (unsigned axis = 0; axis < 3; ++axis) {
    g.size[axis] = static_cast<int64_t>(io.GetDimensions(axis));
    g.spacing[axis] = io.GetSpacing(axis);
    const std::vector<double> column = io.GetDirection(axis);
    for (unsigned row = 0; row < 3; ++row) g.direction[row][axis] = row < 2 ? 0.0 - column[row] : column[row];
    g.origin[axis] = unit * (axis < 2 ? 0.0 - io.GetOrigin(axis) : io.GetOrigin(axis));
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

// Throws InputError naming the first number of the affine that is none, and where the axes do not span space.
void check_affine(const std::string& name, const itk::ImageIOBase& io) {
  const auto check = [&](const char* what, unsigned axis, double value) {
    if (!std::isfinite(value)) throw InputError(name, concat("has ", what, " ", value, " along axis ", axis), "a finite number");
  };
  std::array<std::vector<double>, 3> d;
  for (unsigned axis = 0; axis < 3; ++axis) {
    if (io.GetDimensions(axis) == 0) throw InputError(name, "has no voxels", "at least one along each axis");
    if (!(io.GetSpacing(axis) > 0) || !std::isfinite(io.GetSpacing(axis)))
      throw InputError(name, concat("has spacing ", io.GetSpacing(axis), " mm along axis ", axis), "a length above 0");
    check("an origin of", axis, io.GetOrigin(axis));
    d[axis] = io.GetDirection(axis);
    for (unsigned row = 0; row < 3; ++row) check("a direction of", axis, d[axis][row]);
  }
  const double volume = d[0][0] * (d[1][1] * d[2][2] - d[1][2] * d[2][1]) - d[0][1] * (d[1][0] * d[2][2] - d[1][2] * d[2][0]) +
                        d[0][2] * (d[1][0] * d[2][1] - d[1][1] * d[2][0]);
  if (volume == 0) throw InputError(name, "has axes that lie in one plane", "three directions");
}

// The header, read and found to be that of a 3D image, perhaps with several channels.
Header read_header(const fs::path& path) {
  require_file(path);
  const Format& format = format_of(path);
  if (format.check_header) format.check_header(path);
  auto io = format.open();
  const std::string name = path.string();
  io->SetFileName(name);
  try {
    if (!io->CanReadFile(name.c_str()))
      throw InputError(name, "has no readable header (truncated, damaged, or another format)", format.header);
    // The NIfTI reader of ITK remembers the last file's name in a static string.
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    io->ReadImageInformation();
  } catch (const itk::ExceptionObject& error) {
    const std::string reason = one_line(error);
    if (reason.find("orthonormal") != std::string::npos)
      throw InputError(name, "its axes are sheared, or its sform disagrees with its pixdim",
                       "axes at right angles in the qform or sform");
    throw InputError(name, "its header cannot be read (" + reason + ")", "a 3D image");
  }
  const unsigned dimensions = io->GetNumberOfDimensions();
  if (dimensions < 3) throw InputError(name, concat("has ", dimensions, " dimensions"), "a 3D image");
  Header header;
  header.io = io;
  header.components = io->GetNumberOfComponents();
  for (unsigned axis = 3; axis < dimensions && header.volumes <= kMostChannels; ++axis)
    header.volumes *= static_cast<int64_t>(io->GetDimensions(axis));
  // ITK's voxels are read as an array of four dimensions, which further ones are cut off from.
  if (dimensions > 4 && header.volumes > 1 && format.interleaves)
    throw InputError(name, concat("has ", dimensions, " dimensions"), "a 3D image, or channels along a fourth one");
  if (header.volumes == 0) throw InputError(name, "has no voxels", "at least one along each axis");
  if (io->GetPixelType() == itk::IOPixelEnum::RGB || io->GetPixelType() == itk::IOPixelEnum::RGBA ||
      io->GetPixelType() == itk::IOPixelEnum::COMPLEX)
    throw InputError(name, "holds " + itk::ImageIOBase::GetPixelTypeAsString(io->GetPixelType()) + " voxels", "plain numbers");
  if (header.channels() > kMostChannels)
    throw InputError(name, concat("has ", header.channels(), " values per voxel"),
                     concat("at most ", kMostChannels, " channels"));
  check_affine(name, *io);
  return header;
}

// ItkType: of 3 or 4 dimensions, with one float or a list of them per voxel.
template <class ItkType>
void read_itk_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels) {
  auto reader = itk::ImageFileReader<ItkType>::New();
  reader->SetImageIO(header.io);
  reader->SetFileName(path.string());
  try {
    reader->Update();
  } catch (const itk::ExceptionObject& error) {
    throw InputError(path.string(), "cannot be read (" + one_line(error) + ")", "a complete image that fits into memory");
  }
  const float* from = reader->GetOutput()->GetBufferPointer();
  const auto& [nx, ny, nz] = channels.front().size();
  const int64_t n = header.components;
  for (size_t c = 0; c < channels.size(); ++c) {
    Image& out = channels[c];
    out.voxels.resize(static_cast<size_t>(out.geometry.voxels()));
    const auto index = static_cast<int64_t>(c);
    copy_strided(from + index / n * nx * ny * nz * n + index % n, {n, nx * n, nx * ny * n}, out.size(), out.voxels.data());
  }
}

void require_one_channel_axis(const fs::path& path, const Header& header) {
  if (header.components > 1 && header.volumes > 1)
    throw InputError(path.string(),
                     concat("has ", header.components, " values per voxel in each of ", header.volumes, " volumes"),
                     "channels along one of them");
}

void nifti_voxels(const fs::path& path, const Header&, std::vector<Image>& channels) { read_nifti_voxels(path, channels); }

void nrrd_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels) {
  require_one_channel_axis(path, header);
  require_sound_nrrd(path);
  if (header.channels() == 1) return read_itk_voxels<ItkImage<float>>(path, header, channels);
  if (header.volumes == 1) return read_itk_voxels<itk::VectorImage<float, 3>>(path, header, channels);
  read_itk_voxels<itk::Image<float, 4>>(path, header, channels);
}

void meta_voxels(const fs::path& path, const Header& header, std::vector<Image>& channels) {
  require_one_channel_axis(path, header);
  read_meta_voxels(path, header.components, channels);
}

std::vector<Image> read_channels(const fs::path& path, const Header& header) {
  std::vector<Image> out(static_cast<size_t>(header.channels()));
  out.front().geometry = geometry_of(*header.io);
  for (Image& channel : out) channel.geometry = out.front().geometry;
  warn_if_sform_differs(path, *header.io, out.front().geometry);
  format_of(path).read_voxels(path, header, out);
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
  if (!format.writable) throw InputError(path.string(), "would be written as two files", "one of .nii.gz, .nii, .nrrd, .mha");
  auto image = ItkImage<T>::New();
  set_geometry(*image, volume.geometry);
  for (const auto& [key, value] : fields) itk::EncapsulateMetaData<std::string>(image->GetMetaDataDictionary(), key, value);
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
  return format != nullptr && format->writable;
}

std::string image_stem(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.size() - format_of(path).extension.size());
}

Geometry read_geometry(const fs::path& path) { return geometry_of(*read_header(path).io); }

int64_t count_image_channels(const fs::path& path) { return read_header(path).channels(); }

std::vector<Image> read_image_channels(const fs::path& path) { return read_channels(path, read_header(path)); }

Image read_image(const fs::path& path) {
  const Header header = read_header(path);
  if (header.channels() != 1) throw InputError(path.string(), concat("has ", header.channels(), " channels"), "one 3D image");
  return std::move(read_channels(path, header).front());
}

LabelMap read_label_map(const fs::path& path) {
  const Header header = read_header(path);
  if (header.channels() != 1)
    throw InputError(path.string(), concat("has ", header.channels(), " values per voxel (layers of segments that overlap?)"),
                     "one label per voxel; 3D Slicer exports segments to a single label map");
  return labels_of(read_channels(path, header).front(), path.string());
}

void write_image(const fs::path& path, const Image& image) { write(path, image); }
void write_label_map(const fs::path& path, const LabelMap& labels, const TextFields& fields) { write(path, labels, fields); }

}  // namespace tss
