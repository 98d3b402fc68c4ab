# See README.md. CHROME names another browser binary than chromium.

SHELL      := /bin/bash
CHROME     ?= chromium
export CHROME

# make lint vets all of it.
GO_TEST    := go test -vet=off
GO_BROWSER := PATH="$(CURDIR)/.ci:$$PATH" GOOS=js GOARCH=wasm $(GO_TEST) \
	-exec "env -u GOOS -u GOARCH go tool wasmbrowsertest"
BROWSER    := ./negotiation ./negotiation/signaling ./negotiation/webapi
# All packages but those that need the page; these three wait most.
RACED       = ./server/relay ./server/cluster ./negotiation/signaling/transporttest \
	$(shell go list ./... | grep -vE '/(server|server/e2e|wasm|web(/.*)?)$$')
FUZZERS    := FuzzReceive FuzzParse FuzzLine FuzzRead FuzzMask
CONNECTING := FuzzMessage FuzzSchedule FuzzDescription FuzzAnswer
PAGE       := ^(TestAccessible|TestDemo|TestLadder|TestPanels|TestSaveAndOpen|TestStatistics|TestStore|TestTheOtherLane|TestTraceFile|TestVisitors|TestWrongRoles)
CLIENT     := ^(TestClient|TestClientFaults)$$
FUZZTIME   ?=
SEED       := $(shell date +%s)

.PHONY: build run cluster example dist test test-live test-computed test-native test-race walks test-browser test-server test-tabs test-page test-client test-firefox test-stacks test-old \
	fuzz $(FUZZERS) $(CONNECTING) fuzz-text lint explore soak soak-native soak-cluster soak-browser soak-tabs soak-random soak-pairings screenshot bench bench-relay module tools clean help

build: ## compile the page's program, compressed for release
	go run ./web/build

run: ## build quickly and serve on http://localhost:8080
	go run ./web/build -fast
	go run ./server serve --addr :8080

cluster: ## three servers of the same rooms and a NATS server, on http://localhost:8081, 8082 and 8083
	go run ./web/build -fast
	go build -o bin/server ./server
	go build -o bin/nats-server github.com/nats-io/nats-server/v2
	@[ -s bin/cluster-secret ] || (umask 077 && head -c 24 /dev/urandom | base64 >bin/cluster-secret)
	@trap 'trap - EXIT; kill $$(jobs -p) 2>/dev/null; wait' EXIT INT TERM; \
	bin/nats-server -a 127.0.0.1 -p 4222 -js -sd bin/nats -l bin/nats.log & \
	until (exec 3<>/dev/tcp/127.0.0.1/4222) 2>/dev/null; do kill -0 $$! || exit 1; sleep 0.1; done; \
	for port in 8081 8082 8083; do \
		bin/server serve --addr 127.0.0.1:$$port --nats nats://127.0.0.1:4222 --node n$$port --cluster-secret-file bin/cluster-secret & \
	done; wait

EXAMPLE  ?= bin/example
EXAMPLES := ./negotiation/peer/examples

example: ## build the hello world, and another example, natively and for a page, in bin/example
	for name in hello pipe; do \
		go build -o $(EXAMPLE)/$$name $(EXAMPLES)/$$name && \
		GOOS=js GOARCH=wasm go build -o $(EXAMPLE)/$$name.wasm $(EXAMPLES)/$$name || exit 1; \
	done
	cp -f "$$(go env GOROOT)/lib/wasm/wasm_exec.js" $(EXAMPLES)/index.html $(EXAMPLE)

# The programs that are released, by system and processor.
PLATFORMS := linux-amd64 linux-arm64 darwin-amd64 darwin-arm64 windows-amd64
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

dist: build ## programs for all systems, with the page in them, and their checksums, in bin/dist
	rm -rf bin/dist
	for platform in $(PLATFORMS); do \
		export CGO_ENABLED=0 GOOS=$${platform%-*} GOARCH=$${platform#*-}; \
		suffix=; [ $$GOOS != windows ] || suffix=.exe; \
		go build -trimpath -ldflags '-s -w -X main.released=$(VERSION)' -o bin/dist/server-$$platform$$suffix ./server || exit 1; \
	done
	cd bin/dist && sha256sum server-* >SHA256SUMS

# Tests that only compute run in the time that those with networks and browsers leave idle.
test: tools ## run the tests, all but test-page, test-client and the long ones
	@MAKEFLAGS= $(MAKE) --no-print-directory -j2 --output-sync=line test-live test-computed

# Two browsers at once wait less: one plays with connections, and one shows tabs.
test-live:
	@MAKEFLAGS= $(MAKE) --no-print-directory test-race
	@MAKEFLAGS= $(MAKE) --no-print-directory -j2 --output-sync=line test-tabs test-browser test-server

test-computed:
	@MAKEFLAGS= nice -n 19 $(MAKE) --no-print-directory -j2 walks fuzz-text

test-native: test-race walks ## the tests that need no browser

test-race: tools
	$(GO_TEST) -race -p 3 -timeout 10m -skip '^TestWebPlatform$$' $(RACED)
	$(GO_TEST) -timeout 5m ./web/...
	$(GO_TEST) -timeout 5m -run '^(TestTable|TestStress|TestWebPlatform)$$' ./negotiation

walks:
	GOGC=400 $(GO_TEST) -timeout 15m -run '^(TestExplore|TestMutants|TestTheSample|TestParses)$$' ./negotiation

test-browser: tools ## the conformance tests, on the browser's RTCPeerConnection
	$(GO_BROWSER) -timeout 5m $(BROWSER)
	PN_BROWSER=1 $(GO_TEST) -timeout 5m -run '^(TestTableWithBrowser|TestStressWithBrowser|TestNoCodecForBrowser|TestMovedTransport)$$' ./negotiation
	PN_BROWSER=1 $(GO_TEST) -timeout 5m -run '^TestInBrowser$$' ./server/examples/sse

test-server: ## the command
	$(GO_TEST) -timeout 5m ./server

test-tabs: tools ## tabs, native peers and a page in plain JavaScript, through the real server
	go run ./web/build -fast
	PN_TABS=1 $(GO_TEST) -parallel 3 -timeout 15m -skip '$(PAGE)|$(CLIENT)' ./server/e2e

test-page: tools ## what the page draws of the trace, and how it can be read
	go run ./web/build -fast
	PN_TABS=1 $(GO_TEST) -parallel 3 -timeout 15m -run '$(PAGE)' ./server/e2e

test-client: tools ## pages with client.mjs, with tabs, native peers, and each other
	go run ./web/build -fast
	PN_TABS=1 $(GO_TEST) -parallel 3 -timeout 15m -run '$(CLIENT)' ./server/e2e

test-firefox: ## tabs in Firefox with tabs in Chromium, with native peers, and with each other
	@.ci/tools firefox-esr
	go run ./web/build -fast
	PN_TABS=1 PN_FIREFOX=1 go test -v -timeout 10m -run '^TestFirefox' ./server/e2e

test-stacks: ## native peers and tabs with other implementations of WebRTC, which it installs
	@.ci/tools nodejs npm python3-aiortc python3-websockets python3-gst-1.0 gir1.2-gst-plugins-bad-1.0 \
		gstreamer1.0-nice gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
	go run ./web/build -fast
	mkdir -p bin/stacks
	cp server/e2e/testdata/stacks/package*.json bin/stacks
	cd bin/stacks && npm ci --ignore-scripts --no-audit --no-fund
	PN_TABS=1 PN_STACKS=1 go test -count=1 -v -parallel 3 -timeout 60m -run '^TestStacks$$' ./server/e2e

test-old: ## a program from before the protocol had a number, with today's
	PN_OLD=1 go test -count=1 -v -timeout 5m -run '^TestOld$$' ./server/e2e

fuzz: fuzz-text $(CONNECTING) ## the fuzzers, some 10 s each, or for FUZZTIME

# Those that connect nothing: pion takes minutes to compile with coverage counters in it.
fuzz-text: $(FUZZERS)

# By count: when a time limit ends, Go 1.26 may report a failure (go.dev/issue/75804).
FuzzMessage FuzzSchedule: RUNS := 25000x
FuzzReceive FuzzParse:    RUNS := 20000x
FuzzLine FuzzMask:        RUNS := 5000x
FuzzRead:                 RUNS := 1500x
FuzzDescription:          RUNS := 500x
FuzzAnswer:               RUNS := 800x

FuzzMessage FuzzSchedule:   FUZZED := negotiation
FuzzReceive:                FUZZED := negotiation/signaling/link
FuzzParse:                  FUZZED := negotiation/internal/sdp
FuzzDescription FuzzAnswer: FUZZED := negotiation/internal/pion
FuzzLine:                   FUZZED := negotiation/trace
FuzzRead FuzzMask:          FUZZED := negotiation/trace/dump

$(FUZZERS) $(CONNECTING):
	cd $(FUZZED) && $(GO_TEST) -run '^$$' -fuzz '^$@$$' -fuzztime $(or $(FUZZTIME),$(RUNS)) -fuzzminimizetime 10x -parallel 1 .

lint: ## vet, staticcheck and gofmt, for both targets
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go build -o bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	go vet ./...
	bin/staticcheck ./...
	go test -count=1 -run '^TestImports$$' ./negotiation/signaling/wire
	GOOS=js GOARCH=wasm go vet ./negotiation/... ./wasm
	GOOS=js GOARCH=wasm bin/staticcheck ./negotiation/... ./wasm

MEMORY ?= 6GiB

explore: ## walk every order of events of two Sessions, and check that broken ones are noticed
	go test -c -o bin/explore ./negotiation
	cd negotiation && GOGC=400 GOMEMLIMIT=$(MEMORY) ../bin/explore -explore full -test.timeout 240m -test.run '^(TestExplore|TestMutants)$$'

# Hours for 20; each part can run by itself, and with fewer.
TIMES ?= 20

soak: soak-native soak-cluster soak-browser soak-tabs soak-random soak-pairings ## every test TIMES (20) times in a row, and long runs of random changes

soak-native: tools
	go test -race -count=$(TIMES) -timeout 120m $(RACED) ./server
	go test -count=$(TIMES) -timeout 60m ./web/...
	go test -count=$(TIMES) -timeout 60m -run '^TestTable$$' ./negotiation # media flow while offers collide
	go test -timeout 30m -run '^TestCopy$$' ./negotiation/peer -copied 1073741824

soak-cluster: ## nodes that die while clients come, go and talk, for HAMMER_TIME (1h)
	HAMMER_TIME=$${HAMMER_TIME:-1h} go test -race -count=1 -v -timeout 300m -run '^TestHammer$$' ./server/cluster

soak-browser: tools
	for ((n = 0; n < $(TIMES); n++)); do $(GO_BROWSER) -count=1 -timeout 10m $(BROWSER) || exit 1; done # Chromium allows 500 connections a page
	PN_BROWSER=1 go test -count=$(TIMES) -timeout 60m -run '^(TestTableWithBrowser|TestNoCodecForBrowser|TestMovedTransport)$$' ./negotiation

soak-tabs: tools
	go run ./web/build -fast
	PN_TABS=1 go test -race -parallel 3 -count=$(TIMES) -timeout 300m ./server/e2e
	PN_TABS=1 go test -count=$(TIMES) -timeout 60m -run '^(TestMedia|TestRecord|TestEcho)' ./server/e2e
	PN_TABS=1 go test -timeout 30m -v -run '^(TestFaults|TestCallsAgain)$$' ./server/e2e -long
	PN_TABS=1 go test -count=1 -timeout 30m -v -run '^TestSaveAndOpen$$' ./server/e2e -collisions 100
	$(MAKE) --no-print-directory test-old

soak-random: tools fuzz
	go test -timeout 30m -v -run '^TestStress$$' ./negotiation -rounds 2000 -seed $(SEED)
	$(GO_BROWSER) -timeout 90m -v -run '^TestStress$$' ./negotiation -rounds 2000 -seed $(SEED)
	PN_BROWSER=1 go test -timeout 120m -v -run '^TestStressWithBrowser$$' ./negotiation -rounds 2000 -seed $(SEED)
	go test -timeout 30m -v -run '^TestModelsAreHonest$$' ./negotiation -schedules 1000
	$(GO_BROWSER) -timeout 30m -v -run '^TestModelsAreHonest$$' ./negotiation -schedules 200

# How many seeds each scenario of the web-platform-tests is played with, in both orders, by
# each of the five pairings. Chromium allows 500 connections a page.
SEEDS ?= 200

soak-pairings: tools ## perfect negotiation as the web-platform-tests play it, SEEDS (200) times in each pairing: hours
	go test -timeout 60m -run '^TestWebPlatform$$' ./negotiation -seeds $(SEEDS)
	for ((n = 0; n < $(SEEDS); n += 20)); do \
		$(GO_BROWSER) -count=1 -timeout 30m -parallel 8 -run '^TestWebPlatform$$' ./negotiation -seeds 20 -seed $$n || exit 1; done
	for ((n = 0; n < $(SEEDS); n += 10)); do \
		$(GO_BROWSER) -count=1 -timeout 30m -parallel 8 -run '^TestWebPlatformWithSample$$' ./negotiation -seeds 10 -seed $$n || exit 1; done
	for ((n = 0; n < $(SEEDS); n += 20)); do \
		PN_BROWSER=1 go test -count=1 -timeout 60m -parallel 8 -run '^TestWebPlatformWithBrowser$$' ./negotiation -seeds 20 -seed $$n || exit 1; done

screenshot: tools ## make the pictures in README.md
	go run ./web/build -fast
	PN_TABS=1 PN_SCREENSHOT="$(CURDIR)/web" go test -count=1 -run Screenshot ./server/e2e

bench: tools ## the benchmark tables: connections, parses, the explorer, and our page beside JavaScript
	go run ./web/build -sizes
	go run ./web/build -fast
	set -o pipefail; go test -run '^$$' -bench . -skip '^Benchmark(Explore|Parses)$$' -benchmem -count 5 -timeout 30m \
		./negotiation/... ./server/relay/... | tee /dev/stderr | .ci/medians
	set -o pipefail; go test -run '^$$' -bench '^Benchmark(Explore|Parses)$$' -timeout 30m ./negotiation | tee /dev/stderr | .ci/medians
	PN_TABS=1 go test -count=1 -timeout 30m -v -run '^(TestSpeed|TestLadderSpeed)$$' ./server/e2e -speed 15 -ladder 200

bench-relay: ## the relay beside a bare loop, the usual way and PeerJS's server, and what attacks cost it: 10 min
	go run ./web/build -fast
	go build -o bin/relay/ ./server ./server/relaybench/...
	bin/relay/relaybench

module: ## give the module the name of its host: make module MODULE=example.org/you/negotiation
	@.ci/module '$(MODULE)'

tools: ## install what a bare Debian lacks, or say what to install
	@.ci/tools

clean: ## remove what was built
	rm -rf bin web/dist/*

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
