# Everything that a fresh machine needs is Python 3.11 or newer and make.
#
#   make demo    environment, then the main job on real and made DICOM
#   make test    environment, then the tests
#   make check   lint, types, import contracts, and the slow tests
#   make conformance   real data sets against reference output, if CONVKIT_DATA is there
#   make docs    write the generated parts of docs/reference.md anew
#   make bench   convkit against its peers, on data that it makes
#   make clean   remove all that make has made
#
# Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check conformance bench clean docs
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed
	$(BIN)/python -m convkit.demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q -m "not slow"

# Exit code 5 of pytest says that no test is marked slow.
check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -m slow || [ $$? -eq 5 ]

conformance: $(VENV)/.installed-dev
	$(BIN)/python -m tests.conformance

bench: $(VENV)/.installed-bench
	$(BIN)/python benchmarks/suite.py --json benchmarks/results.json --markdown benchmarks/results.md
	$(BIN)/python benchmarks/suite.py --growth --markdown benchmarks/growth.md

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate_reference.py

clean:
	rm -rf $(VENV) demo-output build dist .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp a set of dependencies; a change of pyproject.toml installs again, into the same environment.
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[bench]'
	@touch $@ $(VENV)/.installed

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name it: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "convkit needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) -V`. Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
