# Shared by the scripts of this folder: `. "$(dirname "$0")/common.sh"`. Leaves the working folder at the root of the checkout.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
. tools/versions.sh
VENV=$ROOT/.deps/venv

say() { printf '== %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The site-packages folder of the virtual environment; empty while there is none.
site_packages() {
  local folder
  for folder in "$VENV"/lib/python3*/site-packages; do
    if [ -d "$folder" ]; then
      printf '%s' "$folder"
      return
    fi
  done
}

# is_installed DISTRIBUTION VERSION: pip writes RECORD last, so a half-done installation does not count. Local versions ("+cpu") match.
is_installed() {
  local folder
  for folder in "$(site_packages)"/"$1"-"$2"{,+*}.dist-info; do
    if [ -s "$folder/RECORD" ]; then return 0; fi
  done
  return 1
}

make_venv() {
  if [ -x "$VENV/bin/pip" ]; then return; fi
  say "virtual environment: .deps/venv"
  python3 -m venv "$VENV" || die "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
}

# pip_install REQUIREMENT...: without dependencies, which the build does not use.
pip_install() {
  make_venv
  "$VENV/bin/pip" install --disable-pip-version-check --no-deps "$@" >&2
}

# The folder that holds LibTorch's include/ and lib/; empty when there is none.
torch_folder() {
  local candidate
  if [ -n "${TSS_TORCH:-}" ]; then
    for candidate in "$TSS_TORCH" "$TSS_TORCH/torch" "$TSS_TORCH/libtorch"; do
      if [ -e "$candidate/include/torch/csrc/api/include/torch/torch.h" ]; then
        (cd "$candidate" && pwd)
        return
      fi
    done
  elif is_installed torch "$TORCH_VERSION"; then
    printf '%s/torch' "$(site_packages)"
  fi
}

# Compile jobs: one file that uses LibTorch needs up to 2 GB of memory.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 2000000) }' /proc/meminfo)
  if [ "${memory:-1}" -lt 1 ]; then memory=1; fi
  echo $((cores < memory ? cores : memory))
}
