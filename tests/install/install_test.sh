#!/bin/bash
# cmake --install into an empty folder, and what a person finds there afterwards: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root cmake --install "$build" --prefix /usr > "$root/log" || { cat "$root/log"; exit 1; }

fail() { echo "FAILED: $*"; exit 1; }
for file in bin/textsemiseg share/bash-completion/completions/textsemiseg share/zsh/site-functions/_textsemiseg; do
  [ -s "$root/usr/$file" ] || fail "$file is missing"
done
"$root/usr/bin/textsemiseg" --version | grep -q '^textsemiseg [0-9]' || fail "the installed program does not run"
bash -n "$root/usr/share/bash-completion/completions/textsemiseg"

# A page per verb with every option of its --help, or a word about there being none.
man=$root/usr/share/man/man1
if command -v help2man > /dev/null; then
  grep -q 'EXIT STATUS' "$man/textsemiseg.1" || fail "textsemiseg.1 is missing, or has no exit codes"
  verbs=$("$root/usr/bin/textsemiseg" --help | sed -n '/^Subcommands:/,/^ *$/s/^  \([a-z]*\) .*/\1/p')
  [ "$(wc -w <<< "$verbs")" -ge 15 ] || fail "found only the verbs $verbs"
  for verb in $verbs; do
    [ -s "$man/textsemiseg-$verb.1" ] || fail "textsemiseg-$verb.1 is missing"
    for option in $("$root/usr/bin/textsemiseg" "$verb" --help | grep -oE '^  (-[a-z],)?--[a-z-]+' | grep -oE -- '--.*'); do
      grep -qF -- "${option//-/\\-}" "$man/textsemiseg-$verb.1" || fail "textsemiseg-$verb.1 lacks $option"
    done
  done
  [ -s "$man/textsemiseg-text-encode.1" ] || fail "textsemiseg-text-encode.1 is missing"
  grep -q 'textsemiseg predict .*runs/hippocampus' "$man/textsemiseg-predict.1" || fail "textsemiseg-predict.1 has no example"
  if command -v groff > /dev/null; then
    [ -z "$(groff -man -Tutf8 -ww -z "$man"/*.1 2>&1)" ] || fail "groff complains about the manual pages"
  fi
else
  grep -q 'help2man is not installed' "$root/log" || fail "nothing is said about manual pages"
  [ -z "$(find "$root/usr/share/man" -name '*.1' 2> /dev/null)" ] || fail "manual pages without help2man"
fi

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
