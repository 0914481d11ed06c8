# ITK and HDF5, as one interface target that only volume/ and io/ link (their .cc files alone include ITK headers).
find_package(ITK 5.2 REQUIRED COMPONENTS ITKCommon ITKIOImageBase ITKIONIFTI ITKIONRRD ITKIOMeta ITKIOGDCM
             ITKImageGrid ITKImageFunction ITKTransform)
# Registers the image IO factories; without it every read fails with "Could not create IO object".
include(${ITK_USE_FILE})
if(TARGET tss_itk)
  return()
endif()
add_library(tss_itk INTERFACE)
target_include_directories(tss_itk SYSTEM INTERFACE ${ITK_INCLUDE_DIRS})
target_link_libraries(tss_itk INTERFACE ${ITK_LIBRARIES})
# GDCM comes with ITK: the tags and the voxels of single slices are read through it.
target_include_directories(tss_itk SYSTEM INTERFACE ${ITKGDCM_INCLUDE_DIRS})
target_link_libraries(tss_itk INTERFACE gdcmMSFF gdcmDSED gdcmDICT gdcmCommon)

# DCMTK comes with ITK, too: it survives damaged headers, on which GDCM aborts the program, and writes DICOM segmentations.
find_package(DCMTK REQUIRED CONFIG)
add_library(tss_dcmtk INTERFACE)
target_include_directories(tss_dcmtk SYSTEM INTERFACE ${DCMTK_INCLUDE_DIRS})
target_link_libraries(tss_dcmtk INTERFACE DCMTK::dcmseg DCMTK::dcmiod DCMTK::dcmdata DCMTK::oflog DCMTK::ofstd)

find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT TARGET hdf5::hdf5)
  add_library(hdf5::hdf5 INTERFACE IMPORTED)
  target_include_directories(hdf5::hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
  target_link_libraries(hdf5::hdf5 INTERFACE ${HDF5_LIBRARIES})
endif()
