// The description of a command line module as 3D Slicer asks for it with --xml, and the reading of the command line it makes of it
// (Slicer's execution model: parameters by flag, volumes by position, lines of progress on standard output).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "textsemiseg/base/clock.h"

namespace tss {

struct SlicerParameter {
  std::string tag;  // directory, image, file, boolean, integer, string, string-enumeration
  std::string name = {}, label = {}, description = {};
  std::string preset = {};                // default
  std::vector<std::string> choices = {};  // of an enumeration
  int minimum = 0, maximum = 0;           // of an integer, where maximum > minimum
  int position = -1;                      // of volumes; the others have the flag --name
  std::string channel = {};               // input | output, of volumes and files; an output of another tag is returned as text
  std::string type = {}, extensions = {}, reference = {};

  bool returned() const { return channel == "output" && tag == "string"; }
};

struct SlicerGroup {
  std::string label, description;
  bool advanced = false;
  std::vector<SlicerParameter> parameters;
};

// What Slicer filled in: the text of each parameter, those left empty not among them. "true" for a flag.
struct SlicerCall {
  std::map<std::string, std::string> values;
  std::string return_file;  // where parameters() with returned() go, as "name = value"; may be empty

  std::string value(const std::string& name) const;
};

struct SlicerModule {
  std::string name;  // of the program that Slicer calls
  std::string title, description;
  std::vector<SlicerGroup> groups = {};
  // Does the work; gives the returned parameters.
  std::map<std::string, std::string> (*run)(const SlicerCall& call) = nullptr;
};

std::string slicer_xml(const SlicerModule& module);
// Throws UsageError naming an unknown flag, a flag without value, a missing volume, and InputError on a value outside its choices.
SlicerCall read_slicer_call(const SlicerModule& module, const std::vector<std::string>& words);

// <filter-start>, <filter-progress>, <filter-end> on standard output, flushed, while it lives; progress of the program becomes
// <filter-progress>.
class SlicerProgress {
 public:
  SlicerProgress(std::string name, const std::string& comment);
  ~SlicerProgress();
  SlicerProgress(const SlicerProgress&) = delete;
  SlicerProgress& operator=(const SlicerProgress&) = delete;

 private:
  std::string name_;
  Stopwatch watch_;
};

}  // namespace tss
