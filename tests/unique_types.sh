#!/usr/bin/env bash
# Two types of one name in the same namespace compile apart and corrupt memory once linked together: every type of a header must be unique.
cd "$(dirname "$0")/../src/textsemiseg" || exit 1
twice=$(grep -HoE '^(namespace [a-z:_]+|(struct|class|enum class) [A-Z][A-Za-z0-9]* *(final )?[:{])' -r --include=*.h . |
  awk -F: '{ file = $1; text = substr($0, length($1) + 2) }
    text ~ /^namespace/ { if (!(file in space)) space[file] = text; next }
    { sub(/^(struct|enum class|class) /, "", text); sub(/[^A-Za-z0-9].*/, "", text); print (file in space ? space[file] : "") " " text " " file }' |
  sort | awk '{ key = $1 " " $2 " " $3; if (key == last) print $2 "::" $3 ": " file " and " $4; last = key; file = $4 }')
if [ -n "$twice" ]; then
  printf 'one name, two types:\n%s\n' "$twice"
  exit 1
fi
echo "every type of a header has its own name"
