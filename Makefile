# Rima. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
RIMA := .build/release/rima
DEMO := demo
# Tests see the same build as users do, and run one after the other: they start programs, sockets and timers, which beside
# each other on few cores wait only for one another (two cores: 335 s so, 210 s in parallel with a failure now and then).
# The script ends a run that does not end, and says which tests had begun.
SWIFT_TEST := scripts/test-swift -c release --disable-xctest --no-parallel

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

# The tests' bundle by name: without one, SwiftPM also builds what Rima does not use, protoc's hundreds of C++ files among it.
.PHONY: test
test: lint build  ## everything that must pass
	swift build -c release --product rimaPackageTests
	@eval "$$(scripts/setup-tests)" && $(SWIFT_TEST) --skip-build
	@scripts/check-units
	@scripts/faults 5
	@scripts/fault-writes 25
	@scripts/starved --short
	@scripts/damage 1 25
	@scripts/test-training

.PHONY: faults
faults: build  ## kill the service 100 times, fail every write, starve and halt it; rows as in an undisturbed run
	@scripts/faults 100
	@scripts/fault-writes
	@scripts/starved

.PHONY: sessions
sessions: build  ## open and close 2,000 sessions and look at the service's memory (10 minutes)
	@scripts/sessions

.PHONY: subscribers
subscribers: build  ## 63 readers of the stream beside one that stalls; wants a quiet machine (3 minutes)
	@scripts/subscribers

.PHONY: live-protocols
live-protocols: build  ## send a film over every protocol from real senders, break it off and begin again (3 minutes)
	@scripts/live-protocols

.PHONY: soak
soak: build  ## follow recordings for SOAK_MINUTES (5) and look at memory, descriptors and threads
	@scripts/soak $${SOAK_MINUTES:-5}

.PHONY: damage
damage: build  ## flip bits and truncate, six containers, and look at what comes of it
	@scripts/damage

.PHONY: fuzz
fuzz: setup  ## attack every parser with AddressSanitizer, FUZZ_SECONDS each (60)
	@scripts/fuzz

.PHONY: deb
deb: setup  ## build the Debian package, .build/deb/rima_*.deb, and check it with lintian
	@scripts/deb

.PHONY: live-faults
live-faults: build  ## break a live RTSP source 100 times and time its recovery (20 minutes)
	@scripts/live-faults 100

.PHONY: breaths
breaths: setup  ## judge breath finding on drawn patients whose breaths are known (a minute)
	swift build -c release --product bench-breaths
	.build/release/bench-breaths --areas true
	.build/release/bench-breaths --areas measured

.PHONY: painted-breaths
painted-breaths: build  ## judge breath finding on drawn patients that were painted and measured (20 minutes)
	swift build -c release --product bench-breaths
	@scripts/painted-breaths

.PHONY: bench
bench: setup  ## measure speed side by side with other engines and decoding alone; wants a quiet machine (10 minutes)
	swift build -c release --product rima
	swift build -c release --product bench-engine
	@scripts/bench $(BENCH)

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
