#!/usr/bin/env bash
# wheel_libraries.sh FOLDER: makes program and library in FOLDER/textsemiseg find what they need where a wheel is installed. auditwheel
# (tools/wheel.sh) does the rest.
set -euo pipefail
cd "$1"
ours=(textsemiseg/bin/textsemiseg textsemiseg/lib/libtextsemiseg.so)
strip --strip-unneeded "${ours[@]}"
# LibTorch of the package torch, which is installed beside this one. Through libtorch.so a CUDA build of it loads its CUDA libraries.
for file in "${ours[@]}"; do
  patchelf --set-rpath '$ORIGIN/../../torch/lib:$ORIGIN/../../textsemiseg.libs' --add-needed libtorch.so "$file"
done

# cairo needs X11's libraries to be there, though nothing here draws on a screen. auditwheel takes it that every machine has them; slim
# containers have not. They are brought along under names of their own, so that no other package of the process gets them.
where() { ldd "${ours[0]}" 2>/dev/null | awk -v name="$1" '$1 == name && $3 ~ "^/" { print $3 }'; }
brought=() replaced=()
for name in libcairo.so.2 libX11.so.6 libXext.so.6 libXrender.so.1; do
  path=$(where "$name")
  [ -n "$path" ] || continue
  new=${name%%.so*}-textsemiseg.so${name#*.so}
  mkdir -p textsemiseg.libs
  cp -L "$path" "textsemiseg.libs/$new"
  chmod u+w "textsemiseg.libs/$new"
  patchelf --set-soname "$new" --set-rpath '$ORIGIN' "textsemiseg.libs/$new"
  brought+=("textsemiseg.libs/$new")
  replaced+=(--replace-needed "$name" "$new")
done
for file in "${ours[@]}" ${brought[@]+"${brought[@]}"}; do
  patchelf ${replaced[@]+"${replaced[@]}"} "$file"
done
