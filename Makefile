# Each target does its own set-up in .venv from a plain python3 (3.11 or later): `make demo` on a fresh machine works.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help install demo test test-slow check format bench peers baseline mutants docs validation clean
.DEFAULT_GOAL := help

help:            ## what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST)

install: $(READY) ## only the set-up

# requirements.lock pins every version; it is a constraint, so that another Python may need more or less than it names.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Grapevine needs Python 3.11 or later, this is %d.%d. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:2])'
	@test -x $(BIN)/python || { echo "setting up $(VENV) (once; a minute or two)" >&2; $(PYTHON) -m venv $(VENV); }
	@$(PIP) install --constraint requirements.lock --editable '.[dev]'
	@touch $@

demo: $(READY)    ## the shipped comparison: which of four strategies wins, by how much, how sure
	@$(BIN)/grapevine demo

test: $(READY)    ## tests and doctests; a warning is an error
	@$(BIN)/python -m pytest -q -n 2

test-slow: $(READY) ## all tests, the long ones too
	@$(BIN)/python -m pytest -q -n 2 -m "slow or not slow"

check: $(READY)   ## lint, format, types, floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)  ## let ruff put things in order
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench: $(READY)   ## speed and memory of both drivers, throughput of sweeps; fails where a ratio got worse (FULL=1: a million, and a folder of 10,000 runs, too)
	@$(BIN)/python benchmarks/bench.py --json benchmarks/bench.json $(if $(FULL),--full); status=$$?; \
	$(BIN)/python benchmarks/sweep.py --json benchmarks/sweep.json $(if $(FULL),--status 10000) && exit $$status

peers: $(READY)    ## other tools on the same work, in an environment of their own (some minutes; needs 8 GB)
	@test -x benchmarks/peers/.venv/bin/python || $(PYTHON) -m venv benchmarks/peers/.venv
	@benchmarks/peers/.venv/bin/python -m pip --disable-pip-version-check --quiet install --constraint requirements.lock --requirement benchmarks/peers/requirements.txt --editable .
	@benchmarks/peers/.venv/bin/python -m benchmarks.peers.run --json benchmarks/peers/peers.json

baseline: $(READY) ## freeze the numbers of small runs anew, where RESULTS_VERSION and CHANGELOG.md say they moved
	@$(BIN)/python tests/test_baseline.py --write

mutants: $(READY) ## make some 240 mistakes in the rules, one at a time: do the tests see each? (a quarter of an hour)
	@$(BIN)/python tests/mutants.py

docs: $(READY)    ## write the pages that come from the code, build the site into site/; a warning is an error
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/performance.py
	@$(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

validation: $(READY) ## write docs/validation.md anew: plays many worlds (half an hour)
	@$(BIN)/python docs/validation.py

clean:           ## remove the environment and what tools left behind; results stay
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist site
	@find sim tests -name __pycache__ -type d -prune -exec rm -rf {} +
