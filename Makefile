# The words: demo, test, lint, fix, test-all, bench, docs. `make demo` and `make test` need only Python 3.11+.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-all lint fix bench docs clean

demo: $(INSTALLED)
	$(BIN)/python -m toontween.cli.demo

# one thread a worker: two thread pools on the same cores wait for each other
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadscope

test: $(INSTALLED)
	$(PYTEST)

test-all: $(INSTALLED)
	$(PYTEST) -m "not weights and not gpu and not compile and not ray"

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright --level error
	$(BIN)/codespell src tests docs *.md

fix: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

docs: $(INSTALLED)
	$(BIN)/python docs/reference/generate.py

clean:
	rm -rf $(VENV) out build dist

$(INSTALLED): requirements.lock requirements-nodeps.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)
