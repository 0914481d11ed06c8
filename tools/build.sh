#!/usr/bin/env bash
# Configures where needed and builds: tools/build.sh [PRESET [TARGET...]]
. "$(dirname "$0")/common.sh"
preset=${1:-release}
shift || true

torch=$(torch_folder)
[ -n "$torch" ] || die "no LibTorch found: run 'make setup' first"
cache=build/$preset/CMakeCache.txt
if [ ! -e "build/$preset/build.ninja" ] || ! grep -qxF "TSS_TORCH:PATH=$torch" "$cache"; then
  say "configure: $preset"
  cmake --preset "$preset" -DTSS_TORCH="$torch"
fi
say "build: $preset"
cmake --build "build/$preset" --parallel "$(build_jobs)" ${@:+--target "$@"}
