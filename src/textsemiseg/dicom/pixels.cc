#include "textsemiseg/dicom/pixels.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gdcmImageReader.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

[[noreturn]] void fail(const DicomHeader& header, const std::string& found, const std::string& expected = "complete voxels") {
  throw InputError(header.path.string(), found + " (stored as " + header.transfer_syntax + ")", expected);
}

// One stored word as a number: the bits that count, with their sign.
double number_of(uint32_t word, const DicomHeader& header) {
  const auto stored = static_cast<uint32_t>(header.bits_stored);
  word >>= static_cast<uint32_t>(header.high_bit + 1 - header.bits_stored);
  if (stored < 32) word &= (uint32_t{1} << stored) - 1;
  if (!header.is_signed || (word >> (stored - 1)) == 0) return word;
  return static_cast<double>(word) - static_cast<double>(uint64_t{1} << stored);
}

// The stored numbers that mean padding, from least to greatest; an empty range where none does. Padding that is rescaled to 0 stays: it is
// how MR stores "no signal", and recipes take 0 for the background.
std::pair<double, double> padding_of(const DicomHeader& header) {
  if (!header.padding) return {1, 0};
  const auto number = [&](uint32_t word) {
    return static_cast<double>(header.is_signed ? static_cast<int16_t>(word) : static_cast<int64_t>(word));
  };
  const double one = number((*header.padding)[0]), other = number((*header.padding)[1]);
  if (one == other && one * header.slope + header.intercept == 0) return {1, 0};
  return {std::min(one, other), std::max(one, other)};
}

// bytes: little endian words of header.bits_allocated bits.
void convert(const unsigned char* bytes, const DicomHeader& header, float* out) {
  const auto count = static_cast<size_t>(header.rows * header.columns);
  const auto width = static_cast<size_t>(header.bits_allocated / 8);
  const auto [least, greatest] = padding_of(header);
  for (size_t i = 0; i < count; ++i) {
    uint32_t word = 0;
    for (size_t k = 0; k < width; ++k) word |= uint32_t{bytes[i * width + k]} << 8 * k;
    const double number = number_of(word, header);
    const bool padding = number >= least && number <= greatest;
    out[i] = padding ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(number * header.slope + header.intercept);
  }
}

void read_plain(const DicomHeader& header, float* out) {
  DcmFileFormat file;
  DcmElement* element = nullptr;
  if (file.loadFile(header.path.c_str()).bad() || file.getDataset()->findAndGetElement(DCM_PixelData, element).bad())
    fail(header, "is truncated, or has no voxels");
  const auto needed = static_cast<size_t>(header.rows * header.columns * header.bits_allocated / 8);
  if (element->getLength() < needed)
    fail(header, concat("is truncated: ", element->getLength(), " bytes of voxels"), concat(needed, " by its header"));
  // Words of 16 bits come in the byte order of this machine, little endian; bytes as they are.
  Uint8* bytes = nullptr;
  Uint16* words = nullptr;
  if (element->getUint16Array(words).good() && words)
    convert(reinterpret_cast<const unsigned char*>(words), header, out);
  else if (!header.big_endian && element->getUint8Array(bytes).good() && bytes)
    convert(bytes, header, out);
  else
    fail(header, "has voxels that cannot be read");
}

// The file with nothing in it but what the voxels need, since GDCM aborts the program on other elements when they are damaged.
std::string bare_copy(const DicomHeader& header) {
  DcmFileFormat source, bare;
  if (source.loadFile(header.path.c_str()).bad()) fail(header, "is truncated or damaged");
  DcmDataset& from = *source.getDataset();
  DcmDataset& to = *bare.getDataset();
  to.putAndInsertString(DCM_SOPClassUID, UID_CTImageStorage);
  to.putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
  to.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  const std::pair<DcmTagKey, int64_t> numbers[] = {{DCM_SamplesPerPixel, 1},
                                                   {DCM_Rows, header.rows},
                                                   {DCM_Columns, header.columns},
                                                   {DCM_BitsAllocated, header.bits_allocated},
                                                   {DCM_BitsStored, header.bits_stored},
                                                   {DCM_HighBit, header.high_bit},
                                                   {DCM_PixelRepresentation, header.is_signed ? 1 : 0}};
  for (const auto& [tag, value] : numbers) to.putAndInsertUint16(tag, static_cast<Uint16>(value));
  DcmElement* voxels = from.remove(DCM_PixelData);
  if (!voxels || to.insert(voxels, OFTrue).bad()) fail(header, "has no voxels");
  std::string bytes(voxels->getLength(from.getOriginalXfer()) + 4096, '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  bare.transferInit();
  const bool written = bare.write(stream, from.getOriginalXfer(), EET_ExplicitLength, nullptr).good();
  bare.transferEnd();
  void* begin = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(begin, length);
  if (!written) fail(header, "cannot be decoded");
  return {static_cast<const char*>(begin), static_cast<size_t>(length)};
}

void read_compressed(const DicomHeader& header, float* out) {
  std::istringstream file(bare_copy(header));
  gdcm::ImageReader reader;
  reader.SetStream(file);
  const char* codecs = "JPEG, JPEG-LS, JPEG 2000 or RLE (dcmdjpeg, gdcmconv --raw or dcm2niix unpack others)";
  if (!reader.Read()) fail(header, "cannot be decoded", codecs);
  const gdcm::Image& image = reader.GetImage();
  const gdcm::PixelFormat& format = image.GetPixelFormat();
  const auto needed = static_cast<size_t>(header.rows * header.columns) * format.GetPixelSize();
  if (format.GetSamplesPerPixel() != 1 || image.GetBufferLength() != needed)
    fail(header, concat("holds ", image.GetBufferLength(), " bytes of voxels"), concat(needed, " by its header"));
  std::vector<char> bytes(needed);
  if (!image.GetBuffer(bytes.data())) fail(header, "cannot be decoded", codecs);
  // The codec's own words may differ from what the header says.
  DicomHeader decoded = header;
  decoded.bits_allocated = format.GetBitsAllocated();
  decoded.bits_stored = format.GetBitsStored();
  decoded.high_bit = format.GetHighBit();
  decoded.is_signed = format.GetPixelRepresentation() == 1;
  convert(reinterpret_cast<const unsigned char*>(bytes.data()), decoded, out);
}

}  // namespace

void read_dicom_pixels(const DicomHeader& header, float* out) {
  silence_dicom_libraries();
  const int64_t bits = header.bits_allocated, stored = header.bits_stored, high = header.high_bit;
  if ((bits != 8 && bits != 16 && bits != 32) || stored < 1 || high >= bits || stored > high + 1)
    fail(header, concat("has BitsAllocated ", bits, ", BitsStored ", stored, ", HighBit ", high),
         "8, 16 or 32 bits that hold the others");
  if (bits == 32 && header.big_endian) fail(header, "has voxels of 32 bits in the byte order of other machines", "little endian");
  header.compressed ? read_compressed(header, out) : read_plain(header, out);
}

}  // namespace tss
