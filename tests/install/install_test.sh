#!/bin/bash
# cmake --install into an empty folder, and what a person finds there afterwards: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root cmake --install "$build" --prefix /usr > "$root/log" || { cat "$root/log"; exit 1; }

fail() { echo "FAILED: $*"; exit 1; }
for file in bin/textsemiseg share/man/man1/textsemiseg.1 share/man/man1/textsemiseg-predict.1 \
            share/bash-completion/completions/textsemiseg share/zsh/site-functions/_textsemiseg; do
  [ -s "$root/usr/$file" ] || fail "$file is missing"
done
"$root/usr/bin/textsemiseg" --version | grep -q '^textsemiseg [0-9]' || fail "the installed program does not run"
bash -n "$root/usr/share/bash-completion/completions/textsemiseg"

for module in TextSemiSegPredict TextSemiSegEvaluate; do
  link=$root/usr/lib/textsemiseg/slicer/$module
  [ -L "$link" ] || fail "$module is no link"
  case $(readlink "$link") in /*) fail "$module points to an absolute path" ;; esac
  "$link" --xml > "$root/$module.xml" 2> "$root/$module.err"
  [ ! -s "$root/$module.err" ] || fail "$module says something on stderr"
  head -c 5 "$root/$module.xml" | grep -q '<?xml' || fail "$module: something stands before the XML"
  if command -v python3 > /dev/null; then
    python3 -c 'import sys, xml.etree.ElementTree as e; assert e.parse(sys.argv[1]).getroot().tag == "executable"' "$root/$module.xml"
  fi
done
echo "installed: $(cd "$root" && find usr -type f -o -type l | wc -l) files"
