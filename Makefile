# `make help` shows every target with a comment after ##.
.PHONY: help demo test race fuzz lint promises notice bench rivals load soak clients mutants night check release
FUZZTIME ?= 10s

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## watch circuits open and close, beside a twin without them
	go run ./cmd/demo

test: ## test all modules
	go test work

race: ## test all modules under the race detector
	go test -race work

fuzz: ## run every fuzz target for FUZZTIME
	@go list -f '{{.Dir}} {{range .TestGoFiles}}{{.}} {{end}}{{range .XTestGoFiles}}{{.}} {{end}}' ./... | while read -r dir files; do \
	  for target in $$(cd $$dir && [ -z "$$files" ] || grep -ohE '^func Fuzz[A-Za-z0-9_]*' $$files /dev/null | cut -c6-); do \
	    echo "$$target in $${dir#$(CURDIR)/}"; (cd $$dir && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
	  done; done

lint: ## run staticcheck on all modules
	$$(cd .ci/tools && GOWORK=off go tool -n staticcheck) work

promises: ## write tests/PROMISES.md from the comments of the tests
	go test ./tests -count=1 -run ThePageOfPromises -rewrite

notice: ## write NOTICE from the licenses of the modules that the library links
	go test ./tests -count=1 -run TheNotice -rewrite

bench: ## benchmark the hot paths
	go test -run '^$$' -bench . -benchmem ./bench

rivals: ## compare with other libraries, in one run
	cd bench/rivals && go run .

load: ## put a guarded HTTP service under open-loop load
	cd bench/load && go run .

SOAK ?= 60s
soak: ## use everything at once, in real time, for SOAK, and find leaks
	cd tests/soak && go run . -for $(SOAK) -markdown soak.md -chart soak.svg

clients: ## test against real servers: PostgreSQL, Redis, nginx, HTTP and gRPC
	go test -race -count=1 ./tests/clients

mutants: ## break the library on purpose; the torture tests must fail
	go run ./tests/torture/mutants

WOVEN ?= 5s
woven: ## run the torture tests with yields before every statement of the protocol; histories for WOVEN each
	go run ./tests/torture/mutants -only woven -limit $(WOVEN)

night: ## run the torture tests for a night
	go test ./tests/torture -timeout 12h -more 100 -steps 1000000 -seed $$(date +%s)
	go test ./tests/torture -timeout 12h -run WholeSystems -days 7 -more 3 -seed $$(date +%s)
	$(MAKE) fuzz FUZZTIME=10m
	$(MAKE) mutants
	$(MAKE) woven WOVEN=20m
	$(MAKE) soak SOAK=1h

check: ## run what CI runs
	.ci/run

release: ## tag VERSION, as in make release VERSION=v0.1.0; pushes nothing
	.ci/release $(VERSION)
