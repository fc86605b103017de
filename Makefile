# `make help` lists what there is. Everything runs from this folder with a virtual environment of its own.

PYTHON3 ?= python3
PORT := 8000
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check -qq

export LANGGRAPH_STRICT_MSGPACK := true

.DEFAULT_GOAL := help
.PHONY: help run test postgres browser bench crash fuzz lint reference audit dev clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-9s %s\n", $$1, $$2 }'

run: $(VENV)/.runtime ## serve the demo projects at http://127.0.0.1:8000, or at another PORT=…
	@$(PYTHON) -m cli serve --demo --port $(PORT)

test: $(VENV)/.development ## run the tests, but for those in a browser
	@$(PYTHON) -m pytest -q -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser

postgres: $(VENV)/.development ## run the tests over PostgreSQL, which they start
	@SWITCHBOARD_TEST_DATABASE=postgres $(PYTHON) -m pytest -q -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser

browser: $(VENV)/.development ## test the page in headless Chromium, which the system must have
	@$(PYTHON) -m pytest -q --timeout 300 tests/browser

bench: $(VENV)/.development ## print the benchmarks
	@$(PYTHON) -m evals

crash: $(VENV)/.development ## kill a service again and again over SQLite and PostgreSQL, and count what went wrong
	@$(PYTHON) -m evals.crash
	@$(PYTHON) -m evals.crash --postgres

fuzz: $(VENV)/.development $(VENV)-fuzz/.installed ## send 10,000 cases made from /openapi.json to a running service
	@$(PYTHON) -m evals.api --schemathesis $(VENV)-fuzz/bin/schemathesis

lint: $(VENV)/.development ## style, types and layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports

reference: $(VENV)/.runtime ## write the pages of docs/reference anew
	@$(PYTHON) -m config.reference > docs/reference/project.md
	@$(PYTHON) -m serving.reference > docs/reference/http.md

audit: $(VENV)/.development ## ask the advisory databases about what is locked; needs the network
	$(VENV)/bin/uv tool run pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

dev: $(VENV)/.development ## open the graph in LangGraph Studio's local server
	@$(VENV)/bin/langgraph dev --no-browser

clean: ## remove the virtual environment and caches, not the data
	rm -rf $(VENV) $(VENV)-fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .langgraph_api

$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON3=python3.12")'
	$(PYTHON3) -m venv $(VENV)

$(VENV)/bin/switchboard: | $(PYTHON)
	@printf '#!/bin/sh\nPYTHONPATH="%s$${PYTHONPATH:+:$$PYTHONPATH}" exec "%s" -P -m cli "$$@"\n' '$(CURDIR)' '$(CURDIR)/$(PYTHON)' > $@
	@chmod +x $@

$(VENV)/.runtime: requirements.lock | $(PYTHON) $(VENV)/bin/switchboard
	@echo 'Installing what the service needs (once, a few minutes) …'
	@$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)-fuzz/.installed: requirements-fuzz.lock
	$(PYTHON3) -m venv $(VENV)-fuzz
	@$(VENV)-fuzz/bin/python -m pip --disable-pip-version-check -qq install --no-deps --require-hashes --requirement requirements-fuzz.lock
	@touch $@

$(VENV)/.development: requirements-dev.lock | $(PYTHON) $(VENV)/bin/switchboard
	@echo 'Installing what the tests need (once, a few minutes) …'
	@$(PIP) install --no-deps --require-hashes --requirement requirements-dev.lock
	@touch $(VENV)/.runtime $@
