# make demo, make test: each does all a bare Debian 12 machine needs, and, run again, only what is left. docs/setup.md explains.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help setup build demo wheel test bench golden asan lint format clean

DEMO := textsemiseg-demo

help:  ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup:  ## Debian packages, LibTorch and text encoders, where missing
	@tools/setup.sh

build: setup  ## the program: build/release/textsemiseg
	@tools/build.sh release

demo: setup  ## trains two methods on made-up scans and leaves one HTML page in textsemiseg-demo/
	@tools/build.sh release textsemiseg
	@build/release/textsemiseg demo --output $(DEMO)

wheel: setup  ## a file for pip in dist/, with the program and the Python package
	@tools/wheel.sh

test:  ## every test
	@tools/setup.sh --tests
	@tools/build.sh release
	@tools/test.sh release

golden: setup  ## numbers of the released code, with the largest error of each tensor
	@tools/build.sh release golden_check
	@build/release/golden_check tests/golden

bench: build  ## speed of every hot path
	@set -e; for program in build/release/bench/*; do if [ -f $$program ] && [ -x $$program ]; then echo "== $$program"; $$program; fi; done

asan: setup  ## every test again, under AddressSanitizer and UndefinedBehaviorSanitizer (slow)
	@tools/build.sh asan
	@tools/test.sh asan

lint: setup  ## format of all files, clang-tidy on the changed ones
	@tools/lint.sh

format:  ## puts every file into the format
	@tools/lint.sh --fix

clean:  ## removes the builds; .deps/ stays
	@rm -rf build
