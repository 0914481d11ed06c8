#!/usr/bin/env bash
# Format of every source file; clang-tidy on the files changed since BASE. tools/lint.sh [--fix] [BASE]
# BASE defaults to where this branch left origin/main, or to the commit before the last. --fix formats, and runs no clang-tidy.
. "$(dirname "$0")/common.sh"
fix=''
if [ "${1:-}" = --fix ]; then
  fix=1
  shift
fi

is_installed clang_format "$CLANG_FORMAT_VERSION" || pip_install "clang-format==$CLANG_FORMAT_VERSION"
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.h' '*.cc' | while read -r f; do [ -e "$f" ] && echo "$f"; done)
if [ -n "$fix" ]; then
  "$VENV/bin/clang-format" -i "${sources[@]}"
  exit
fi
say "format: ${#sources[@]} files"
"$VENV/bin/clang-format" --dry-run --Werror "${sources[@]}" || die "the format differs: 'make format' puts it right"

base=${1:-}
if [ -z "$base" ]; then
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then base=HEAD~1; fi
fi
git rev-parse -q --verify "$base^{commit}" >/dev/null || {
  say "no commit $base to compare with: no clang-tidy"
  exit 0
}
mapfile -t changed < <(git diff --name-only --diff-filter=AMR "$base" -- '*.cc')
if [ ${#changed[@]} -eq 0 ]; then exit 0; fi
is_installed clang_tidy "$CLANG_TIDY_VERSION" || pip_install "clang-tidy==$CLANG_TIDY_VERSION"
# The build compiles files in batches; clang-tidy wants the command of each file.
torch=$(torch_folder)
[ -n "$torch" ] || die "no LibTorch found: run 'make setup' first"
mkdir -p build/lint/include
cmake --preset release -B build/lint/commands -DTSS_BATCH=1 -DTSS_TORCH="$torch" > build/lint/configure.log 2>&1 || die "configuring failed: see build/lint/configure.log"

# clang cannot read g++'s precompiled header: it includes the header's source instead.
sed -e 's/ -Winvalid-pch//g; s/ -fpch-preprocess//g' \
    -e 's/ -include [^ ]*cmake_pch\.hxx/ -include torch\/torch.h/g' \
    build/lint/commands/compile_commands.json > build/lint/compile_commands.json
# LibTorch's headers ask for omp.h, which the wheel of clang-tidy lacks: g++'s, alone, because clang has intrinsics of its own, and
# without the arguments of an attribute that clang does not know.
sed 's/__malloc__ ([^)]*)/__malloc__/g' "$(g++ -print-file-name=include/omp.h)" > build/lint/include/omp.h
failed=0
for file in "${changed[@]}"; do
  say "clang-tidy: $file"
  "$VENV/bin/clang-tidy" --quiet -p build/lint --extra-arg=-Wno-unknown-warning-option --extra-arg=-isystem"$PWD/build/lint/include" "$file" || failed=1
done
exit $failed
