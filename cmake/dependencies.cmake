# Debian packages (tools/packages.txt). ITK and HDF5: itk.cmake; LibTorch: torch.cmake.
find_package(spdlog REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(PNG REQUIRED)
find_package(Threads REQUIRED)
