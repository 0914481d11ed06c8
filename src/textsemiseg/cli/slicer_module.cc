#include "textsemiseg/cli/slicer_module.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"

namespace tss {
namespace {

std::string xml_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string element(const std::string& tag, const std::string& text) {
  return "<" + tag + ">" + xml_text(text) + "</" + tag + ">";
}

void write_parameter(std::ostringstream& out, const SlicerParameter& p) {
  const std::string indent = "      ";
  out << "    <" << p.tag;
  if (!p.type.empty()) out << " type=\"" << p.type << "\"";
  if (!p.extensions.empty()) out << " fileExtensions=\"" << p.extensions << "\"";
  if (!p.reference.empty()) out << " reference=\"" << p.reference << "\"";
  out << ">\n" << indent << element("name", p.name) << "\n";
  if (p.position < 0 && !p.returned()) out << indent << element("longflag", p.name) << "\n";
  out << indent << element("description", p.description) << "\n" << indent << element("label", p.label) << "\n";
  if (!p.preset.empty()) out << indent << element("default", p.preset) << "\n";
  for (const std::string& choice : p.choices) out << indent << element("element", choice) << "\n";
  if (p.maximum > p.minimum) {
    out << indent << "<constraints>" << element("minimum", concat(p.minimum)) << element("maximum", concat(p.maximum))
        << element("step", "1") << "</constraints>\n";
  }
  if (!p.channel.empty()) out << indent << element("channel", p.channel) << "\n";
  if (p.position >= 0) out << indent << element("index", concat(p.position)) << "\n";
  if (p.returned()) out << indent << element("index", "1000") << "\n";
  out << "    </" << p.tag << ">\n";
}

void check_value(const SlicerParameter& p, const std::string& value) {
  if (p.tag == "string-enumeration" && std::find(p.choices.begin(), p.choices.end(), value) == p.choices.end())
    throw InputError("--" + p.name, "found '" + value + "'", join(p.choices, ", "));
  if (p.tag == "integer") parse_integer("--" + p.name, value);
}

}  // namespace

std::string SlicerCall::value(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

std::string slicer_xml(const SlicerModule& module) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<executable>\n"
      << "  " << element("category", "Segmentation") << "\n  " << element("title", module.title) << "\n  "
      << element("description", module.description) << "\n  " << element("version", kVersion) << "\n  "
      << element("documentation-url", "") << "\n  " << element("license", "Apache 2.0") << "\n  "
      << element("contributor", "the textsemiseg project") << "\n";
  for (const SlicerGroup& group : module.groups) {
    out << "  <parameters" << (group.advanced ? " advanced=\"true\"" : "") << ">\n    " << element("label", group.label)
        << "\n    " << element("description", group.description) << "\n";
    for (const SlicerParameter& parameter : group.parameters) write_parameter(out, parameter);
    out << "  </parameters>\n";
  }
  out << "</executable>\n";
  return out.str();
}

SlicerCall read_slicer_call(const SlicerModule& module, const std::vector<std::string>& words) {
  std::map<std::string, const SlicerParameter*> flags;
  std::map<int, const SlicerParameter*> volumes;
  for (const SlicerGroup& group : module.groups) {
    for (const SlicerParameter& parameter : group.parameters) {
      if (parameter.position >= 0)
        volumes[parameter.position] = &parameter;
      else if (!parameter.returned())
        flags["--" + parameter.name] = &parameter;
    }
  }
  SlicerCall call;
  std::vector<std::string> positions;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string flag = words[i], value;
    if (!starts_with(flag, "--")) {
      positions.push_back(flag);
      continue;
    }
    const size_t equals = flag.find('=');
    const auto next_value = [&] {
      if (equals != std::string::npos) return words[i].substr(equals + 1);
      if (i + 1 >= words.size()) throw UsageError(module.name + ": " + flag + " needs a value");
      return words[++i];
    };
    flag = flag.substr(0, equals);
    // Slicer gives both to every module.
    if (flag == "--returnparameterfile") {
      call.return_file = next_value();
      continue;
    }
    if (flag == "--processinformationaddress") {
      next_value();
      continue;
    }
    const auto found = flags.find(flag);
    if (found == flags.end()) {
      std::vector<std::string> known;
      for (const auto& [name, parameter] : flags) known.push_back(name);
      throw UsageError(module.name + ": unknown option '" + flag + "'" + did_you_mean(flag, known));
    }
    const SlicerParameter& parameter = *found->second;
    value = parameter.tag == "boolean" ? "true" : next_value();
    if (value.empty()) continue;
    check_value(parameter, value);
    call.values[parameter.name] = value;
  }
  if (positions.size() != volumes.size()) {
    std::vector<std::string> names;
    for (const auto& [position, parameter] : volumes) names.push_back(parameter->name);
    throw UsageError(
        concat(module.name, ": ", positions.size(), " volumes were given, ", volumes.size(), " are needed: ", join(names, ", ")));
  }
  for (const auto& [position, parameter] : volumes) call.values[parameter->name] = positions[static_cast<size_t>(position)];
  return call;
}

SlicerProgress::SlicerProgress(std::string name, const std::string& comment) : name_(std::move(name)) {
  std::cout << "<filter-start>\n<filter-name>" << xml_text(name_) << "</filter-name>\n<filter-comment>" << xml_text(comment)
            << "</filter-comment>\n</filter-start>" << std::endl;
  set_progress_listener([](const ProgressState& state) {
    std::cout << "<filter-progress>" << fixed(state.share, 4) << "</filter-progress>" << std::endl;
  });
}

SlicerProgress::~SlicerProgress() {
  set_progress_listener({});
  std::cout << "<filter-end>\n<filter-name>" << xml_text(name_) << "</filter-name>\n<filter-time>" << fixed(watch_.seconds(), 3)
            << "</filter-time>\n</filter-end>" << std::endl;
}

}  // namespace tss
