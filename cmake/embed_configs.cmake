# Puts the files of configs/<folder> into the program, by name: a method's own defaults and the plans stand in one place, their file.
#   tss_embed_configs(target folder textsemiseg/engine/config_files.h method_config_files)
function(tss_embed_configs target folder header function)
  file(GLOB configs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/configs/${folder}/*.toml)
  set(entries "")
  foreach(config ${configs})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${config})
    get_filename_component(name ${config} NAME_WE)
    file(READ ${config} text)
    string(APPEND entries "      {\"${name}\", R\"toml(${text})toml\"},\n")
  endforeach()
  set(output ${CMAKE_BINARY_DIR}/generated/${function}.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made from configs/${folder}/*.toml by cmake/embed_configs.cmake.
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
