# Every target says what it does: `make` lists them. Needs only Python 3.11+; everything else is installed into this folder.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed
CALL_ARGS ?=
export CALLSTAGE_HOME ?= .callstage

# uv from the machine when it is there, else from PyPI into a small environment of its own.
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)

.PHONY: help install run call down test check fmt lint types imports proto docs bench clean

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.tools/uv/bin/uv:
	@echo "Installing uv"
	@$(PYTHON) -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

$(STAMP): $(filter .tools/%,$(UV)) uv.lock pyproject.toml $(wildcard libs/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml)
	@echo "Installing packages into $(VENV)"
	@$(UV) sync --frozen --python $(PYTHON)
	@touch $@

install: $(STAMP) ## Install everything into this folder.

run: $(STAMP) ## Start the whole platform (RUNTIMES=2 GATEWAYS=2 for several of a kind) until Ctrl-C.
	@exec $(RUN)/callstage up

call: $(STAMP) ## Call the demo agent from this terminal (CALL_ARGS='--say "..." --carrier telnyx').
	@$(RUN)/callstage call $(CALL_ARGS)

down: $(STAMP) ## Stop a platform that runs in this folder.
	@$(RUN)/callstage down

test: $(STAMP) check ## Everything that must hold: checks, then unit, component, end-to-end, chaos and security tests.
	@$(RUN)/python -m pytest libs services cli tests

check: $(STAMP) lint types imports ## Lint, types, layers, and generated files that must match their sources.
	@$(RUN)/python tools/generated.py --check

lint: $(STAMP) ## ruff and the protobuf linter.
	@$(RUN)/ruff check . && $(RUN)/ruff format --check . && cd proto && ../$(RUN)/buf lint

types: $(STAMP) ## pyright, strict.
	@$(RUN)/pyright

imports: $(STAMP) ## Which package may import which.
	@$(RUN)/lint-imports

fmt: $(STAMP) ## Format and fix what can be fixed.
	@$(RUN)/ruff check --fix -q . ; $(RUN)/ruff format .

proto: $(STAMP) ## Regenerate the protobuf code, the settings page and the OpenAPI document.
	@$(RUN)/python tools/generated.py

docs: proto ## The same: docs/settings.md is generated from the code.

bench: $(STAMP) ## Latency and cost against the budgets (BENCH_QUICK=1: at most five minutes).
	@$(RUN)/python -m callstage_testing.bench

clean: ## Remove everything that was installed or made here.
	@rm -rf $(VENV) .tools .callstage .ruff_cache .pytest_cache .import_linter_cache; find . -name __pycache__ -prune -exec rm -rf {} +
