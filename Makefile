# The entry point to all commands. On a bare Debian 12, Debian 13 or Ubuntu 24.04 with git and make, `make run` is
# enough.
#
#   make run ARGS=--port=8081    or    PORT=8081 make run
#   make test PRESET=ci          the same tests, warnings are errors

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run demo build test field image image-test deb deb-test screenshots check newer-boost asan tsan soak history storm rolling history-ci fuzz bench micro load instructions format clean

PRESET ?= release
FUZZ_SECONDS ?= 30
TAG ?= weather-cache
# The preset that builds only the program. A preset with tests contains the same program; CI reuses its own.
DEB_PRESET ?= program
SOAK_SECONDS ?= 600
SOAK_PRESET ?= asan
SECONDS ?= 90
SEED ?=
FAULTS ?=
PER_MINUTE ?=
KEEP ?=
QUICK ?=
PEERS ?=
BENCH_ARGS ?=
ARGS ?=

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: ## install missing packages, build, start the service on port 8080
	@scripts/install-packages build
	@scripts/build program weather-cache
	@scripts/run build/program/weather-cache $(ARGS)

demo: ## the same with a private Redis, which also ends with Ctrl-C
	@scripts/install-packages build demo
	@scripts/build program weather-cache
	@scripts/demo build/program/weather-cache $(ARGS)

build: ## build everything (PRESET=release, dev, ci, asan, tsan)
	@scripts/install-packages build test
	@scripts/build $(PRESET)

test: ## build and run all tests (the page's if Chromium is installed, the OpenAPI's if npm is; in CI always)
	@scripts/install-packages build test $(if $(CI),page openapi)
	@scripts/build $(PRESET)
	@scripts/test $(PRESET)
	@scripts/test-metrics $(PRESET)
	@scripts/test-docs $(PRESET)
	@scripts/test-openapi $(PRESET)
	@scripts/test-field $(PRESET)
	@scripts/test-history $(PRESET) units
	@scripts/test-page $(PRESET)

field: ## run the reports from the field against the built program (FIELD=part of a file name)
	@scripts/install-packages build test page
	@scripts/build $(PRESET) weather-cache weather-cache-movable wx_moved_time
	@scripts/test-field $(PRESET)

image: ## build the container image (TAG=weather-cache) with docker, podman or buildah, whichever works
	@scripts/image $(TAG)

image-test: ## build the image with buildah, without a registry, and run it confined (as root)
	@scripts/install-packages build test image sbom
	@scripts/image-test

deb: ## build a Debian package for this distribution, in build/program
	@scripts/install-packages build package
	@scripts/build $(DEB_PRESET) weather-cache
	@scripts/deb $(DEB_PRESET)

deb-test: deb ## install the package in a clean Debian, run it there, purge it (as root)
	@scripts/install-packages image
	@scripts/deb-test $(DEB_PRESET)

screenshots: ## make the pictures in docs/images, of a link's preview and of the touch icon (web/*.png)
	@scripts/install-packages build test page
	@scripts/build $(PRESET) weather-cache
	@scripts/test-page $(PRESET) screenshots

check: ## check format, direction of the rooms, settings table, deployment files, clang-tidy
	@scripts/install-packages build test check
	@scripts/check $(PRESET)

newer-boost: ## build and test the HTTP server with a Boost that is newer than the distribution's
	@scripts/install-packages build test boost
	@scripts/test-boost

asan: ## run all tests with the address and undefined-behaviour sanitizers
	@scripts/install-packages build test sanitize
	@scripts/build asan
	@scripts/test asan

tsan: ## run all tests with the thread sanitizer
	@scripts/install-packages build test sanitize
	@scripts/build tsan
	@scripts/test tsan

soak: ## run mixed load and random faults for ten minutes, with the address sanitizer (SOAK_SECONDS, SOAK_SEED, SOAK_PRESET)
	@scripts/install-packages build test sanitize
	@scripts/build $(SOAK_PRESET) soak
	@WX_SOAK_SECONDS=$(SOAK_SECONDS) $(if $(SOAK_SEED),WX_SOAK_SEED=$(SOAK_SEED)) scripts/test $(SOAK_PRESET) -R '^Soak\.' --verbose

history: ## run a fleet with random faults and check what its clients saw (SECONDS, SEED, FAULTS, PER_MINUTE, KEEP)
	@scripts/install-packages build test history
	@scripts/build $(PRESET) weather-cache
	@scripts/test-history $(PRESET) --seconds=$(SECONDS) $(if $(SEED),--seed=$(SEED)) $(if $(FAULTS),--faults=$(FAULTS)) $(if $(PER_MINUTE),--per-minute=$(PER_MINUTE)) $(if $(KEEP),--keep=$(KEEP))

storm: ## check that no fault of Redis makes a fleet call the provider in storms, one minute (FAULTS, SEED, KEEP)
	@scripts/install-packages build test history
	@scripts/build $(PRESET) weather-cache
	@scripts/test-history $(PRESET) storm $(if $(FAULTS),--faults=$(FAULTS)) $(if $(SEED),--seed=$(SEED)) $(if $(KEEP),--keep=$(KEEP))

rolling: ## check a rolling update from 0.1.0 to this version and back, one minute (SEED, KEEP)
	@scripts/install-packages build test history
	@scripts/build $(PRESET) weather-cache
	@scripts/test-history $(PRESET) rolling $(if $(SEED),--seed=$(SEED)) $(if $(KEEP),--keep=$(KEEP))

history-ci: ## check the histories of two minutes, with a fixed seed and a fresh one, storms, and a rolling update, as CI does
	@scripts/install-packages build test history
	@scripts/build $(PRESET) weather-cache
	@scripts/test-history $(PRESET) ci

fuzz: ## run every fuzz target for FUZZ_SECONDS (30)
	@scripts/install-packages build fuzz
	@scripts/fuzz $(FUZZ_SECONDS)

bench: ## measure against the limits of the machine, about ten minutes (QUICK=1: two; PEERS=1: and against nginx and Varnish)
	@scripts/install-packages build bench
	@scripts/build bench
	@build/bench/bench/sieve_against_lru
	@build/bench/bench/memory_tier_footprint
	@$(if $(PEERS),peers=$$(scripts/peers) && )python3 bench/run.py $(if $(QUICK),--quick) $(if $(PEERS),--peers="$$peers") $(BENCH_ARGS)

micro: ## run micro-benchmarks of the parts of the request path (ARGS=--benchmark_filter=...)
	@scripts/install-packages build bench
	@scripts/build bench micro
	@build/bench/bench/micro $(ARGS)

instructions: ## count the instructions of the request path and compare with bench/instructions.txt
	@scripts/install-packages build bench
	@scripts/build bench instructions
	@scripts/instructions bench

load: ## run the k6 scripts of load/ (against BASE_URL, or a service started for them)
	@scripts/load
	@scripts/install-packages build
	@scripts/build program weather-cache
	@scripts/load program

format: ## format all C++ files with clang-format-19
	@scripts/install-packages check
	@find src tests fuzz bench -name '*.[ch]pp' -print0 | xargs -0 clang-format-19 -i

clean: ## remove everything that was built
	@rm -rf build
