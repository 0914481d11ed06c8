#!/usr/bin/env bash
# run_path.sh BUILD: no program of the build looks for libraries in the folder where its user stands. An empty or a relative element of
# the run path would: a library lying beside a downloaded data set would then be loaded.
build=$1
checked=0
status=0
while IFS= read -r program; do
  paths=$(readelf -d "$program" 2>/dev/null | sed -n 's/.*R\(UN\)\?PATH).*\[\(.*\)\]$/\2/p')
  checked=$((checked + 1))
  [ -n "$paths" ] || continue
  while IFS= read -r element; do
    case $element in
      /* | '$ORIGIN' | '$ORIGIN'/*) ;;
      *)
        echo "$program: the run path '$paths' has the element '$element': expected absolute paths"
        status=1
        ;;
    esac
  done < <(printf '%s:' "$paths" | tr ':' '\n')
done < <(find "$build" -type f -executable ! -name '*.sh' ! -path '*/CMakeFiles/*' ! -path '*/.deps/*')
# What the linker fills in is read-only once the program runs.
if ! readelf -d "$build/textsemiseg" | grep -q BIND_NOW || ! readelf -lW "$build/textsemiseg" | grep -q GNU_RELRO; then
  echo "$build/textsemiseg: is not linked with -z relro -z now"
  status=1
fi
if [ "$checked" -lt 10 ]; then
  echo "only $checked programs found in $build"
  status=1
fi
[ "$status" -ne 0 ] || echo "$checked programs"
exit "$status"
