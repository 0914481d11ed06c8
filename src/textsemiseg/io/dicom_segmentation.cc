#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmfg/fgderimg.h>
#include <dcmtk/dcmfg/fgfracon.h>
#include <dcmtk/dcmfg/fgpixmsr.h>
#include <dcmtk/dcmfg/fgplanor.h>
#include <dcmtk/dcmfg/fgplanpo.h>
#include <dcmtk/dcmseg/segdoc.h>
#include <dcmtk/dcmseg/segment.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <memory>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/io/segmentation.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// A decimal string (DS): at most 16 characters.
OFString decimal(double value) {
  for (int digits = 15; digits > 5; --digits) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << std::setprecision(digits) << value;
    if (out.str().size() <= 16) return out.str().c_str();
  }
  return "0";
}

// CIE L*a*b* of an sRGB colour (white point D50, which DICOM's profile connection space asks for), in DICOM's 16-bit encoding:
// L 0..100, a and b -128..127 become 0..65535 (PS3.3 C.10.7.1.1).
std::array<Uint16, 3> dicom_lab(const std::array<uint8_t, 3>& rgb) {
  std::array<double, 3> linear{};
  for (size_t i = 0; i < 3; ++i) {
    const double v = rgb[i] / 255.0;
    linear[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  }
  constexpr double kToXyz[3][3] = {// Bradford-adapted to D50
                                   {0.4360747, 0.3850649, 0.1430804},
                                   {0.2225045, 0.7168786, 0.0606169},
                                   {0.0139322, 0.0971045, 0.7141733}};
  constexpr double kWhite[3] = {0.96422, 1.0, 0.82521};
  std::array<double, 3> f{};
  for (size_t i = 0; i < 3; ++i) {
    double t = 0;
    for (size_t k = 0; k < 3; ++k) t += kToXyz[i][k] * linear[k];
    t /= kWhite[i];
    constexpr double kEpsilon = 216.0 / 24389, kKappa = 24389.0 / 27;
    f[i] = t > kEpsilon ? std::cbrt(t) : (kKappa * t + 16) / 116;
  }
  const auto encode = [](double value, double low, double range) {
    return static_cast<Uint16>(std::lround(std::clamp((value - low) / range, 0.0, 1.0) * 65535));
  };
  return {encode(116 * f[1] - 16, 0, 100), encode(500 * (f[0] - f[1]), -128, 255), encode(200 * (f[1] - f[2]), -128, 255)};
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// A long string (LO): at most 64 characters, counted as such and not as bytes of UTF-8; none that ends a line or a value.
std::string long_string(const std::string& name) {
  constexpr size_t kMost = 64;
  std::string out;
  size_t characters = 0;
  for (const char c : trim(name)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins = (byte & 0xC0) != 0x80;  // others continue a character
    if (begins && ++characters > kMost) break;
    out += c == '\\' ? '/' : byte < ' ' || byte == 0x7F ? ' ' : c;
  }
  return out.empty() ? "unnamed" : out;
}

// The object under way; throws where the library says no.
class Writer {
 public:
  Writer(std::string subject, const LabelMap& labels, const std::vector<SegmentInfo>& segments, const DicomSeries& series)
      : subject_(std::move(subject)), labels_(labels), segments_(segments), series_(series) {}

  void build() {
    create();
    refer_to_series();
    add_shared_groups();
    add_segments();
    for (size_t k = 0; k < segments_.size(); ++k) add_frames(static_cast<Uint16>(k + 1));
  }

  void save(const fs::path& path) {
    DcmFileFormat file;
    DcmDataset& data = *file.getDataset();
    require(object_->writeDataset(data), "written");
    name_segments(data);
    // DCMTK up to 3.6.7 loses bits where the voxels of a frame are no multiple of 8: these are ours.
    if (bits_.size() % 2 != 0) bits_.push_back(0);
    require(data.putAndInsertUint8Array(DCM_PixelData, bits_.data(), bits_.size()), "written");
    // Slices and frames are the same planes, voxel by voxel; DCMTK has no name for this tag's place.
    for (long frame = 0; frame < frames_; ++frame) {
      DcmItem *groups = nullptr, *derivation = nullptr, *source = nullptr;
      require(data.findOrCreateSequenceItem(DCM_PerFrameFunctionalGroupsSequence, groups, frame), "written");
      require(groups->findOrCreateSequenceItem(DCM_DerivationImageSequence, derivation, 0), "written");
      require(derivation->findOrCreateSequenceItem(DCM_SourceImageSequence, source, 0), "written");
      require(source->putAndInsertString(DCM_SpatialLocationsPreserved, "YES"), "written");
    }
    require(file.saveFile(path.c_str(), EXS_LittleEndianExplicit), "written");
  }

 private:
  void require(const OFCondition& condition, const std::string& what) const {
    if (condition.bad())
      throw InputError(subject_, concat("a DICOM segmentation cannot be ", what, " (", condition.text(), ")"),
                       "a source series with complete patient and study tags; or a result as NIfTI or .seg.nrrd");
  }

  // The library knows the names of classes only as ASCII: others are put in once it has written. Then the whole object is UTF-8, also what
  // came from the series in a character set of its own.
  void name_segments(DcmDataset& data) {
    std::vector<std::string> names;
    for (const SegmentInfo& info : segments_) names.push_back(long_string(info.name));
    if (!std::all_of(names.begin(), names.end(), is_ascii)) {
      DcmFileFormat source;
      OFString characters;
      if (source
              .loadFileUntilTag(series_.slices.front().path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect,
                                DCM_Modality)
              .good())
        source.getDataset()->findAndGetOFStringArray(DCM_SpecificCharacterSet, characters);
      if (!characters.empty()) require(data.putAndInsertOFStringArray(DCM_SpecificCharacterSet, characters), "written");
      require(data.convertToUTF8(), "written");
      require(data.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192"), "written");
    }
    for (size_t k = 0; k < names.size(); ++k) {
      DcmItem* segment = nullptr;
      require(data.findAndGetSequenceItem(DCM_SegmentSequence, segment, static_cast<long>(k)), "written");
      require(segment->putAndInsertString(DCM_SegmentLabel, names[k].c_str()), "written");
    }
  }

  void create() {
    const IODGeneralEquipmentModule::EquipmentInfo equipment("textsemiseg", "textsemiseg", "0", "1");
    ContentIdentificationMacro* identification = nullptr;
    require(ContentIdentificationMacro::create("1", "SEGMENTATION", "Automatic segmentation", "textsemiseg", identification),
            "made");
    const std::unique_ptr<ContentIdentificationMacro> owner(identification);
    const DicomHeader& first = series_.slices.front();
    DcmSegmentation* made = nullptr;
    require(DcmSegmentation::createBinarySegmentation(made, static_cast<Uint16>(first.rows), static_cast<Uint16>(first.columns),
                                                      equipment, *identification),
            "made");
    object_.reset(made);
    import_patient_and_study();
    object_->getSeries().setSeriesDescription("Automatic segmentation");
    object_->getSeries().setSeriesNumber("300");
    char uid[100];
    const OFString dimension = dcmGenerateUniqueIdentifier(uid, SITE_INSTANCE_UID_ROOT);
    IODMultiframeDimensionModule& dimensions = object_->getDimensions();
    require(dimensions.addDimensionIndex(DCM_ReferencedSegmentNumber, dimension, DCM_SegmentIdentificationSequence, "Segment"),
            "made");
    require(dimensions.addDimensionIndex(DCM_ImagePositionPatient, dimension, DCM_PlanePositionSequence, "Position"), "made");
  }

  // Patient, study and frame of reference of the source. What DICOM does not allow there is left out where the standard lets it be empty or
  // missing, with a line that names the tag; the library would refuse the whole object without saying why.
  void import_patient_and_study() {
    const fs::path& path = series_.slices.front().path;
    DcmFileFormat file;
    if (file.loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect, DCM_PixelData).bad())
      throw InputError(path.string(), "cannot be read any more", "the slices that were segmented");
    DcmDataset& data = *file.getDataset();
    require_frame_of_reference(data, path);
    const OFshared_ptr<IODRules> rules = object_->getRules();
    for (auto rule = rules->begin(); rule != rules->end(); ++rule) {
      const OFString module = rule->second->getModule();
      if (module == "PatientModule" || module == "PatientStudyModule" || module == "GeneralStudyModule" ||
          module == "FrameOfReferenceModule")
        mend(data, *rule->second, path);
    }
    require(object_->importFromSourceImage(data), "tied to " + path.string());
  }

  void require_frame_of_reference(DcmDataset& data, const fs::path& path) const {
    DcmElement* element = nullptr;
    const bool found = data.findAndGetElement(DCM_FrameOfReferenceUID, element).good() && element && !element->isEmpty();
    if (found && element->checkValue("1").good()) return;
    // The object must name one. Its frames refer to the source slices, whose positions they have.
    char made[100];
    dcmGenerateUniqueIdentifier(made, SITE_INSTANCE_UID_ROOT);
    require(data.putAndInsertString(DCM_FrameOfReferenceUID, made), "written");
    log_warning(concat(path.string(), ": FrameOfReferenceUID is ", found ? "no UID" : "missing",
                       "; the DICOM segmentation gets a new one, so that some viewers ", "may not lay it over the series"));
  }

  // One attribute of the source as a rule of the standard wants it.
  void mend(DcmDataset& data, IODRule& rule, const fs::path& path) const {
    DcmElement* element = nullptr;
    const DcmTag tag(rule.getTagKey());
    const std::string name = DcmTag(tag).getTagName(), type = rule.getType().c_str();
    const bool found = data.findAndGetElement(tag, element).good() && element && !element->isEmpty();
    const bool required = type == "1";
    if (!found && !required) return;
    if (found && element->checkValue(rule.getVM()).good()) return;
    OFString value;
    if (found) element->getOFStringArray(value);
    // No value of a patient's own in a message.
    const bool shown = rule.getModule() != "PatientModule";
    const std::string what = !found  ? "is missing"
                             : shown ? "is '" + std::string(value.c_str()) + "'"
                                     : "has a value that its type does not allow";
    if (required) throw InputError(concat(path.string(), ": ", name), what, "a value, which a DICOM segmentation must take over");
    require(type == "3" ? data.findAndDeleteElement(tag) : data.insertEmptyElement(tag), "written");
    log_warning(concat(path.string(), ": ", name, " ", what, ", which DICOM does not allow there: left out of the segmentation"));
  }

  void refer_to_series() {
    auto item = std::make_unique<IODSeriesAndInstanceReferenceMacro::ReferencedSeriesItem>();
    require(item->setSeriesInstanceUID(series_.uid.c_str()),
            "tied to its series, whose SeriesInstanceUID is '" + series_.uid + "'");
    for (const DicomHeader& slice : series_.slices) {
      if (slice.sop_instance.empty())
        throw InputError(slice.path.string() + ": SOPInstanceUID", "is missing",
                         "a UID, by which a DICOM segmentation refers to it");
      auto reference = std::make_unique<SOPInstanceReferenceMacro>();
      require(reference->setReferencedSOPClassUID(slice.sop_class.c_str()), "tied to its slices");
      require(reference->setReferencedSOPInstanceUID(slice.sop_instance.c_str()), "tied to its slices");
      item->getReferencedInstanceItems().push_back(reference.release());
    }
    object_->getCommonInstanceReference().getReferencedSeriesItems().push_back(item.release());
  }

  void add_shared_groups() {
    const DicomHeader& first = series_.slices.front();
    FGPixelMeasures measures;
    require(measures.setPixelSpacing(decimal(first.spacing[0]) + "\\" + decimal(first.spacing[1])), "made");
    require(measures.setSliceThickness(decimal(labels_.geometry.spacing[2])), "made");
    require(measures.setSpacingBetweenSlices(decimal(labels_.geometry.spacing[2])), "made");
    require(object_->addForAllFrames(measures), "made");
    const auto& o = first.orientation;
    const std::unique_ptr<FGPlaneOrientationPatient> orientation(FGPlaneOrientationPatient::createMinimal(
        decimal(o[0]), decimal(o[1]), decimal(o[2]), decimal(o[3]), decimal(o[4]), decimal(o[5])));
    if (!orientation) throw Error("DCMTK gives no plane orientation");
    require(object_->addForAllFrames(*orientation), "made");
  }

  void add_segments() {
    // The classes are what the user called them; the code says no more than "tissue".
    const CodeSequenceMacro tissue("85756007", "SCT", "Tissue");
    for (const SegmentInfo& info : segments_) {
      DcmSegment* made = nullptr;
      // Named in name_segments().
      require(DcmSegment::create(made, "unnamed", tissue, tissue, DcmSegTypes::SAT_AUTOMATIC, "textsemiseg"), "given a segment");
      std::unique_ptr<DcmSegment> segment(made);
      const auto lab = dicom_lab(info.colour);
      require(segment->setRecommendedDisplayCIELabValue(lab[0], lab[1], lab[2]), "given a colour");
      Uint16 number = 0;
      require(object_->addSegment(segment.get(), number), "given a segment");
      segment.release();  // the object owns it now
    }
  }

  // The slices that show the label; one empty frame where there is none, since every segment must have one.
  void add_frames(Uint16 label) {
    const auto& [columns, rows, slices] = labels_.size();
    std::vector<Uint8> mask(static_cast<size_t>(rows * columns));
    bool none = true;
    for (int64_t k = 0; k < slices; ++k) {
      bool any = false;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          const bool in = labels_(c, r, k) == label;
          mask[static_cast<size_t>(r * columns + c)] = in ? 1 : 0;
          any = any || in;
        }
      }
      if (any) add_frame(label, static_cast<size_t>(k), mask);
      none = none && !any;
    }
    if (none) add_frame(label, 0, mask);
  }

  void add_frame(Uint16 label, size_t slice, std::vector<Uint8>& mask) {
    const DicomHeader& source = series_.slices[slice];
    const auto place = static_cast<Uint32>(slice + 1);
    FGFrameContent content;
    require(content.setStackID("1"), "given a frame");
    require(content.setInStackPositionNumber(place), "given a frame");
    require(content.setDimensionIndexValues(label, 0), "given a frame");
    require(content.setDimensionIndexValues(place, 1), "given a frame");
    const std::unique_ptr<FGPlanePosPatient> position(
        FGPlanePosPatient::createMinimal(decimal(source.position[0]), decimal(source.position[1]), decimal(source.position[2])));
    if (!position) throw Error("DCMTK gives no plane position");
    FGDerivationImage derivation;
    DerivationImageItem* item = nullptr;
    require(derivation.addDerivationImageItem(CodeSequenceMacro("113076", "DCM", "Segmentation"), "", item), "given a source");
    DcmDataset reference;  // the two UIDs that are read of it
    reference.putAndInsertString(DCM_SOPClassUID, source.sop_class.c_str());
    reference.putAndInsertString(DCM_SOPInstanceUID, source.sop_instance.c_str());
    SourceImageItem* source_item = nullptr;
    require(item->addSourceImageItem(
                &reference, CodeSequenceMacro("121322", "DCM", "Source image for image processing operation"), source_item),
            "given a source");
    OFVector<FGBase*> groups;
    groups.push_back(&content);
    groups.push_back(position.get());
    groups.push_back(&derivation);
    require(object_->addFrame(mask.data(), label, groups), "given a frame");
    ++frames_;
    for (const Uint8 in : mask) {
      if (bit_ % 8 == 0) bits_.push_back(0);
      bits_.back() = static_cast<Uint8>(bits_.back() | in << bit_++ % 8);
    }
  }

  std::string subject_;
  const LabelMap& labels_;
  const std::vector<SegmentInfo>& segments_;
  const DicomSeries& series_;
  std::unique_ptr<DcmSegmentation> object_;
  long frames_ = 0;
  std::vector<Uint8> bits_;  // of all frames, one behind the other, the lowest bit of a byte first
  size_t bit_ = 0;
};

}  // namespace

void write_dicom_seg(const fs::path& path, const LabelMap& labels, const std::vector<SegmentInfo>& segments, const Scan& source) {
  require_known_labels(labels, segments.size(), path.string());
  if (segments.empty()) throw InputError(path.string(), "would hold no segment", "at least one class beside the background");
  const DicomSeries& series = source.series();
  const std::string difference = grid_difference(labels.geometry, source.geometry());
  if (!difference.empty()) throw InputError(path.string(), difference, "the grid of " + source.path().string());
  Writer writer(path.string(), labels, segments, series);
  writer.build();
  write_atomically(path, [&](const fs::path& temporary) { writer.save(temporary); });
}

}  // namespace tss
