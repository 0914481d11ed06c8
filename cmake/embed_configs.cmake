# Puts the files of configs/<folder> into the program, by name: a method's own defaults, the plans and the descriptions of the modules
# for Slicer stand in one place, their file. @PROJECT_VERSION@ in a file is the program's version.
#   tss_embed_configs(target folder textsemiseg/engine/config_files.h method_config_files)
function(tss_embed_configs target folder header function)
  file(GLOB configs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/configs/${folder}/*.toml ${CMAKE_SOURCE_DIR}/configs/${folder}/*.xml)
  set(entries "")
  foreach(config ${configs})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${config})
    get_filename_component(name ${config} NAME_WE)
    file(READ ${config} text)
    string(REPLACE "@PROJECT_VERSION@" "${PROJECT_VERSION}" text "${text}")
    string(APPEND entries "      {\"${name}\", R\"toml(${text})toml\"},\n")
  endforeach()
  set(output ${CMAKE_BINARY_DIR}/generated/${function}.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made from configs/${folder} by cmake/embed_configs.cmake.
#include \"${header}\"

namespace tss {

const std::map<std::string, std::string>& ${function}() {
  static const std::map<std::string, std::string> files = {
@entries@  };
  return files;
}

}  // namespace tss
" @ONLY)
  target_sources(${target} PRIVATE ${output})
endfunction()
