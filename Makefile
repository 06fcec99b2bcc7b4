# Every target says what it does: `make` lists them. Needs only Python 3.11+; everything else is installed into this folder.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first Python of this machine that is new enough.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
RUN := $(VENV)/bin
# `make run` needs less than `make test`: a newcomer does not wait for linters and test tools.
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
CALL_ARGS ?=
NPM := $(RUN)/python tools/npm.py
WEB_MODULES := web/node_modules/.installed
WEB_BUILT := web/manager/dist/index.html
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
export CALLSTAGE_HOME ?= .callstage

# uv from the machine when it is there and works, else from PyPI into a small environment of its own.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/uv/bin/uv)
PACKAGE_FILES := uv.lock pyproject.toml $(wildcard libs/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml)

# Behind a proxy with its own certificate authority uv must trust what the machine trusts.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: help install web run call down test webtest browser screenshots check fmt lint types imports proto docs bench clean

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Callstage needs Python 3.11 or newer; none was found. Name it: make run PYTHON=/path/to/python3" >&2; exit 1; }

.tools/uv/bin/uv: | python
	@echo "Installing uv"
	@$(PYTHON) -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

$(STAMP): $(PACKAGE_FILES) | python $(filter .tools/%,$(UV))
	@echo "Installing packages into $(VENV)"
	@$(UV) sync --frozen --no-dev --inexact --python $(PYTHON)
	@$(RUN)/python -m callstage_audio.smart_turn_file
	@touch $@

$(DEV_STAMP): $(PACKAGE_FILES) | python $(filter .tools/%,$(UV))
	@echo "Installing packages and development tools into $(VENV)"
	@$(UV) sync --frozen --python $(PYTHON)
	@$(RUN)/python -m callstage_audio.smart_turn_file
	@touch $@ $(STAMP)

install: $(DEV_STAMP) ## Install everything into this folder, tools for development too.

$(WEB_MODULES): web/package-lock.json $(wildcard web/package.json web/*/package.json) | $(STAMP)
	@echo "Installing the web packages into web/node_modules"
	@$(NPM) install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_BUILT): $(WEB_MODULES) $(WEB_SOURCES)
	@echo "Building the manager and the embed widget"
	@$(NPM) run --silent build
	@touch $@

web: $(WEB_BUILT) ## Build the manager and the embed widget into web/*/dist.

run: $(STAMP) $(WEB_BUILT) ## Start the whole platform (RUNTIMES=2 GATEWAYS=2 for several of a kind) until Ctrl-C.
	@exec $(RUN)/callstage up

call: $(STAMP) ## Call the demo agent from this terminal (CALL_ARGS='--say "..." --carrier telnyx').
	@$(RUN)/callstage call $(CALL_ARGS)

down: $(STAMP) ## Stop a platform that runs in this folder.
	@$(RUN)/callstage down

test: $(DEV_STAMP) check webtest $(WEB_BUILT) browser ## Everything that must hold: checks, then unit, component, end-to-end, chaos, security and browser tests.
	@$(RUN)/python -m pytest -n 2 --dist loadfile libs services cli
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-browser test-platform
	@$(RUN)/python -m pytest $(COUNTED)

# Two platforms side by side: most of these tests wait. What counts CPU time runs alone, afterwards.
COUNTED := tests/load tests/security tests/turn_taking
.PHONY: test-browser test-platform
test-browser:
	@$(RUN)/python -m pytest tests/browser
test-platform:
	@$(RUN)/python -m pytest tests $(addprefix --ignore=,tests/browser $(COUNTED))

webtest: $(WEB_BUILT) ## Types, lint, tests and size limits of web/.
	@$(NPM) run --silent api:check && $(NPM) run --silent lint && $(NPM) run --silent types && $(NPM) run --silent test && $(NPM) run --silent budget

# Playwright's own download of a browser needs its servers; Debian's Chromium does the same and is patched with the system.
browser:
	@command -v chromium >/dev/null || { \
		echo "Installing Chromium for the browser tests"; \
		{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
		{ echo "The browser tests need Chromium: install the package chromium, then run this again." >&2; exit 1; }; }

screenshots: $(DEV_STAMP) $(WEB_BUILT) browser ## Every screen at 1440 and 360 px, light and dark, into screenshots/.
	@$(RUN)/python -m pytest -q tests/browser/screenshots.py

check: $(DEV_STAMP) lint types imports ## Lint, types, layers, and generated files that must match their sources.
	@$(RUN)/python tools/generated.py --check

lint: $(DEV_STAMP) ## ruff and the protobuf linter.
	@$(RUN)/ruff check . && $(RUN)/ruff format --check . && cd proto && ../$(RUN)/buf lint

types: $(DEV_STAMP) ## pyright, strict.
	@$(RUN)/pyright

imports: $(DEV_STAMP) ## Which package may import which.
	@$(RUN)/lint-imports

fmt: $(DEV_STAMP) ## Format and fix what can be fixed.
	@$(RUN)/ruff check --fix -q . ; $(RUN)/ruff format .

proto: $(DEV_STAMP) ## Regenerate the protobuf code, the settings page and the OpenAPI document.
	@$(RUN)/python tools/generated.py

docs: proto ## The same: docs/settings.md is generated from the code.

bench: $(DEV_STAMP) ## Latency and cost against the budgets (BENCH_QUICK=1: at most five minutes).
	@$(RUN)/python -m callstage_testing.bench

clean: ## Remove everything that was installed or made here; stops a platform that runs here.
	@if test -x $(RUN)/callstage && test -e $(CALLSTAGE_HOME)/running.json; then $(RUN)/callstage down; fi
	@rm -rf $(VENV) web/node_modules web/*/dist .tools .callstage .ruff_cache .pytest_cache .import_linter_cache; find . -name __pycache__ -prune -exec rm -rf {} +
