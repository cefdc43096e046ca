# Rima. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
RIMA := .build/release/rima
DEMO := demo
# Tests see the same build as users do.
SWIFT_TEST := swift test -c release --disable-xctest

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

.PHONY: setup
setup:  ## install what is missing (apt; root or sudo)
	@scripts/setup

.PHONY: build
build: setup  ## build the program, .build/release/rima
	swift build -c release --product rima

.PHONY: demo
demo: build  ## draw a recording, analyse it, print where the results are
	@mkdir -p $(DEMO)
	@test -f $(DEMO)/recording.mkv.truth.csv || $(RIMA) phantom --output $(DEMO)/recording.mkv --duration 24 --size 1920x1080 --seed 7
	$(RIMA) analyze $(DEMO)/recording.mkv --output $(DEMO)/results --debug-still --again

.PHONY: test
test: setup  ## everything that must pass
	swift build -c release --build-tests
	$(SWIFT_TEST) --skip-build
	@scripts/check-units
	@scripts/test-training

.PHONY: faults
faults: build  ## kill the service 100 times and compare its rows with an undisturbed run's
	@scripts/faults 100

.PHONY: live-faults
live-faults: build  ## break a live RTSP source 100 times and time its recovery (20 minutes)
	@scripts/live-faults 100

.PHONY: bench
bench: setup  ## time the native engine on the shipped network
	swift build -c release --product bench-engine
	.build/release/bench-engine models/opening.onnx

.PHONY: lint
lint:  ## check format and style
	swift format lint --strict --parallel --recursive Sources Tests Package.swift

.PHONY: format
format:  ## put the code into the house format
	swift format --in-place --parallel --recursive Sources Tests Package.swift

.PHONY: golden
golden:  ## renew the files that tests compare with (look at the diff before committing)
	RIMA_RENEW=1 $(SWIFT_TEST)

.PHONY: clean
clean:  ## remove what was built
	rm -rf .build $(DEMO)
