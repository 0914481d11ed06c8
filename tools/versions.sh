# The one place for the versions that set-up installs; read by the other scripts here. Debian packages: packages.txt.
TORCH_VERSION=2.13.0         # LibTorch, from the Python wheel; the sources compile from 2.11 on
OPEN_CLIP_VERSION=3.3.0      # only its file of CLIP's byte-pair merges is used
CLANG_FORMAT_VERSION=19.1.7  # lint
CLANG_TIDY_VERSION=19.1.0.1  # lint
