#!/bin/bash
# Manual pages of the program and of its verbs, made by help2man from what --help prints: manual_pages.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2
mkdir -p "$folder"
if ! command -v help2man > /dev/null; then
  echo "-- Manual pages: none, help2man is not installed"
  exit
fi
version=$("$program" --version)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

page() {  # of the verb that the words lead to, without words of the program; and of the verbs below it
  local name=textsemiseg verb verbs
  for verb in "$@"; do name+=-$verb; done
  "$program" "$@" --help | sed -E 's/^  (-[a-z]),--/  \1, --/' > "$work/help"
  printf '#!/bin/sh\ncat "%s/help"\n' "$work" > "$work/$name"
  chmod +x "$work/$name"
  local more=(--include "$(dirname "$0")/manual.h2m")
  if [ $# -gt 0 ]; then more=(); fi
  help2man --no-info --name "$(head -n 1 "$work/help")" --version-string "${version#* }" --source "$version" \
           "${more[@]}" --output "$folder/$name.1" "$work/$name"
  verbs=$(sed -n '/^Subcommands:/,/^ *$/s/^  \([a-z]*\) .*/\1/p' "$work/help")
  for verb in $verbs; do page "$@" "$verb"; done
}
page
