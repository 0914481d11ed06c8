// The voxels of one DICOM slice. DCMTK reads what is stored as it is, which is nearly everything; GDCM decodes what is compressed: it
// knows more codecs, but fills what a truncated file lacks with anything and aborts the program on some damaged headers.
#pragma once

#include "textsemiseg/dicom/header.h"

namespace tss {

// Values (rescaled), header.rows * header.columns of them, row after row; NaN for padding, which no stored number gives (but where padding
// means 0, as in MR, which is what is there). Throws InputError naming the slice: damaged, truncated, an
// impossible number of bits, or compressed in a way that cannot be undone.
void read_dicom_pixels(const DicomHeader& header, float* out);

}  // namespace tss
