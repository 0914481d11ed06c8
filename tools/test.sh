#!/usr/bin/env bash
# Runs the tests of a built preset: tools/test.sh [PRESET [CTEST-OPTION...]]. The last line printed is ctest's summary with its
# counts, also kept in build/PRESET/test_summary.txt; the exit status is ctest's.
#   TSS_TEST_DATA=FOLDER    real scans (docs/setup.md); tests that need them say "skipped: no data" without it
. "$(dirname "$0")/common.sh"
preset=${1:-release}
shift || true
folder=build/$preset
summary=$folder/test_summary.txt
log=$folder/test_output.txt
rm -f "$summary"
[ -e "$folder/CTestTestfile.cmake" ] || die "$folder is not built: run 'make build' first"

# Two tests at a time with one thread each: tests of LibTorch would otherwise fight for the cores.
jobs=$(nproc)
if [ "$jobs" -gt 2 ]; then jobs=2; fi
if [ "$jobs" -gt 1 ]; then export OMP_NUM_THREADS=1; fi
# CLIP's vocabulary, for the tests of the tokenizer.
status=0
ctest --test-dir "$folder" --output-on-failure --parallel "$jobs" "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}

# What was skipped, by kind: a run without real scans or without the programs that tests compare with is no full run.
grep -oE 'skipped: no [a-zA-Z ]+' "$folder/Testing/Temporary/LastTest.log" | sed 's/ *$//' | sort | uniq -c | while read -r count kind; do
  echo "$count test cases: $kind$([ "$kind" != 'skipped: no data' ] || echo " (TSS_TEST_DATA=${TSS_TEST_DATA:-not set})")"
done || true
grep -E '^[0-9]+% tests passed' "$log" | tail -n 1 | tee "$summary"
exit "$status"
