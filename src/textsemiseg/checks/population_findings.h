// What stands out when the cases are compared with one another.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/checks/finding.h"

namespace tss {

// Distance from the median in robust standard deviations: 1.4826 times the median absolute deviation, at least `least`.
std::vector<double> robust_scores(const std::vector<double>& values, double least);

// Intensities (other units, outliers), spacing, extent, classes that a case lacks although nearly all have them, volumes of classes.
// Nothing is said of fewer than eight cases, and where a quarter of the cases or more stand out, that is how the data set is: one note.
void judge_population(const std::vector<CaseFacts>& cases, const std::vector<std::string>& class_names,
                      std::vector<Finding>& findings);

// Cases of one patient: certain by DICOM's patient, guessed from names such as "patient012_frame01". Leaks between the roles of a split
// (or the source's training and test part) are errors where certain, else warnings.
void judge_patients(const std::vector<CaseFacts>& cases, std::vector<Finding>& findings);

// "training", "validation" or "test": what may not share a patient or a scan.
std::string side_of(const CaseFacts& one);

// "patient012" of "patient012_frame01", "" where the name does not look like one of several scans of a patient.
std::string patient_of_name(const std::string& id);

}  // namespace tss
