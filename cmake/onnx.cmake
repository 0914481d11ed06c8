# Debian's libonnx: the ONNX file format, its operators' schemas and its checker. Only onnx/ links it, and no file of that folder sees
# LibTorch's headers, which bring parts of another protobuf. The package's own ONNXConfig.cmake names files that are not in it.
find_path(ONNX_INCLUDE onnx/onnx_pb.h REQUIRED)
find_library(ONNX_LIBRARY onnx REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
find_library(PROTOBUF_LIBRARY protobuf REQUIRED)
add_library(tss_libonnx INTERFACE)
target_include_directories(tss_libonnx SYSTEM INTERFACE ${ONNX_INCLUDE})
target_compile_definitions(tss_libonnx INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(tss_libonnx INTERFACE ${ONNX_LIBRARY} ${ONNX_PROTO_LIBRARY} ${PROTOBUF_LIBRARY} Threads::Threads)
