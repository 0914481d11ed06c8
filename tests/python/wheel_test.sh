#!/usr/bin/env bash
# wheel_test.sh BUILD: the wheel of this build's program and library, installed into an empty virtual environment, and what a person does
# with it there. pip takes torch from where it is configured to. Takes minutes: done where TSS_WHEEL_TEST=1.
set -euo pipefail
if [ "${TSS_WHEEL_TEST:-}" != 1 ]; then
  echo "skipped: no wheel test asked for (TSS_WHEEL_TEST=1)"
  exit
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

wheel=${TSS_WHEEL:-}
if [ -z "$wheel" ]; then
  TSS_BUILD=$1 "$root/tools/wheel.sh"
  wheel=$(ls -t "$root"/dist/textsemiseg-*.whl | head -n 1)
fi
case $wheel in *-py3-none-manylinux_*) ;; *) fail "$wheel is not for every Python, or not for other machines" ;; esac

began=$SECONDS
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel"
echo "installed after $((SECONDS - began)) s"
packages=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
# Nothing of the machine that built it: no run path but those beside the file, no library but the system's own.
for file in textsemiseg/bin/textsemiseg textsemiseg/lib/libtextsemiseg.so; do
  path=$(readelf -d "$packages/$file" | sed -n 's/.*R\(UN\)\?PATH).*\[\(.*\)\]$/\2/p')
  [ "$path" = '$ORIGIN/../../torch/lib:$ORIGIN/../../textsemiseg.libs' ] || fail "$file has the run path '$path'"
  others=$(ldd "$packages/$file" | awk -v inside="$packages" '$3 ~ "^/" && index($3, inside) != 1 { print $1 }' |
    grep -vE '^(libc|libm|libdl|librt|libpthread|libresolv|libstdc\+\+|libgcc_s|libz|libexpat)\.so' || true)
  [ -z "$others" ] || fail "$file takes from the system: $others"
  ! ldd "$packages/$file" | grep -q 'not found' || fail "$file lacks libraries"
done

cd "$work"
run() { env -i PATH="$work/venv/bin:/usr/bin:/bin" HOME="$work" ${OMP_NUM_THREADS:+OMP_NUM_THREADS="$OMP_NUM_THREADS"} "$@"; }
run textsemiseg doctor > doctor.txt || fail "doctor: $(cat doctor.txt)"
words=(--iterations 20)
if run textsemiseg demo --help | grep -q -- --quick; then words=(--quick); fi
run textsemiseg demo --output demo "${words[@]}" > demo.txt || fail "demo"
[ -s demo/demo.html ] || fail "demo leaves no page"
echo "from pip install to the page of demo ${words[*]}: $((SECONDS - began)) s"
scan=$(find demo/scans -name '*.nii.gz' | sort | head -n 1)
run textsemiseg predict --run demo/runs/supervised --input "$scan" --output labels.nii.gz > /dev/null
[ -s labels.nii.gz ] || fail "predict leaves no label map"
run python "$root/tests/python/interface_test.py"
