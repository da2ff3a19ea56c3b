# Everything that one does with this repository; "make" alone lists it.
SHELL := /bin/bash
GO ?= go
# The linter is built once, into bin, whatever flags a module is linted with.
LINT_VERSION := v2.15.0
LINT := $(CURDIR)/bin/golangci-lint-$(LINT_VERSION)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# The race detector needs a C compiler; Go switches cgo off where there is none.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
# How many apps the fleet's benchmark has.
APPS ?= 100
CLUSTER := $(GO) run -C cmd/localcluster ./build
# What builds images (docker, podman or buildah), the image's name, and what it is for.
CONTAINER ?= docker
IMAGE ?= ghcr.io/lockstep-dev/lockstep:$(VERSION)
PLATFORM ?= linux/$(shell $(GO) env GOARCH)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
# The time of the commit, in UTC: that of the build would make each build another one.
COMMITTED := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DATE := $(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help build image image-test chart-test chart-docs demo test e2e lint bench cluster-build cluster-up cluster-status cluster-down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## compile bin/lockstep
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/lockstep ./cmd/lockstep

image: ## build the container image IMAGE with CONTAINER, for PLATFORM
	SOURCE_DATE_EPOCH=$(COMMITTED) $(CONTAINER) build --platform $(PLATFORM) --build-arg VERSION=$(VERSION) \
	  --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t $(IMAGE) .

image-test: ## build the image without a registry, and look at it: make image-test [ARGS="-archive FILE"] (needs root and buildah)
	$(GO) test -C charts -count 1 -v -timeout 90m -run TestImage . -args -image $(ARGS)

chart-test: cluster-build ## lint and render the chart, and try it on a real control plane
	$(GO) test -C charts -count 1 -timeout 20m .

chart-docs: ## write the chart's README from its values
	$(GO) test -C charts -count 1 -run Readme . -args -write

# Ctrl-C is for the demo; the cluster goes with it, unless it ran before.
demo: build ## watch a commit turn one pod into three, on a local cluster
	@trap : INT TERM; $(CLUSTER) status >/dev/null 2>&1 || { started=1; $(CLUSTER) up; } && \
	bin/lockstep demo --kubeconfig "$$($(CLUSTER) kubeconfig --path)"; code=$$?; \
	[ -z "$$started" ] || $(CLUSTER) down; exit $$code

test: cluster-build ## run every test, on a real control plane
	$(GO) test $(RACE) -timeout 20m ./...
	CGO_ENABLED=0 $(GO) test -C cmd/localcluster -trimpath -timeout 20m ./...

# The cluster is written to, so it has to be named here: a KUBECONFIG of the environment is not meant.
e2e: ## run the tests that need real pods: make e2e KUBECONFIG=file [ARGS="-image ..."], on any cluster
	@[ "$(origin KUBECONFIG)" = "command line" ] || { echo "name the cluster: make e2e KUBECONFIG=file" >&2; exit 2; }
	$(GO) test -count 1 -v -parallel 4 -timeout 30m ./cmd/lockstep/e2e -args -kubeconfig "$(abspath $(KUBECONFIG))" $(ARGS)

lint: $(LINT) cluster-build ## run the linters, in all modules
	$(LINT) run ./...
	cd charts && $(LINT) run ./...
	cd cmd/localcluster && CGO_ENABLED=0 GOFLAGS=-trimpath $(LINT) run ./...

$(LINT):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $@

bench: cluster-build ## time a commit, a fetch, a webhook, and a fleet of APPS apps, beside the same calls without Lockstep
	$(GO) test -run '^$$' -bench Commit -benchtime 20x -timeout 20m ./sync
	$(GO) test -run '^$$' -bench FetchOfAPush -benchtime 20x -timeout 20m ./git
	$(GO) test -run '^$$' -bench 'Wake$$' -benchtime 20x -timeout 20m ./sync
	$(GO) test -run '^$$' -bench PollOfRestingRepositories -benchtime 1x -timeout 20m ./sync
	$(GO) test -run '^$$' -bench UnsignedWebhooks -benchtime 60000x -timeout 20m ./git/webhook
	$(GO) test -run '^$$' -bench Verdict -benchtime 2000x -timeout 60m ./health -args -apps 1000
	$(GO) test -run '^$$' -bench 'Fleet|LargeApp|DeadRepositories' -benchtime 1x -timeout 60m ./sync -args -apps $(APPS)

cluster-build: ## compile the local control plane, once (about ten minutes, with progress)
	@$(CLUSTER) >/dev/null

cluster-up: ## start a local Kubernetes control plane with three nodes
	@$(CLUSTER) up

cluster-status: ## say whether it runs, and where
	@$(CLUSTER) status

cluster-down: ## stop it
	@$(CLUSTER) down
