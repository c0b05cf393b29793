# Everything from a bare machine: git, make, python3 >= 3.11, and Debian's apt (or your own Vitess and MySQL).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
COMPILED := $(wildcard src/seatrial/compiled/*.p[yx][xd])

.PHONY: setup demo test test-fast lint golden clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml hatch_build.py $(COMPILED)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "seatrial needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 78; }
	@$(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 78; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "from seatrial import compiled; compiled.lexer or print('No C compiler, so digesting logs takes about three times as long. On Debian: apt-get install gcc python3-dev, then make -B setup')"
	@touch $(STAMP)

demo: setup  ## the main job, end to end, on the embedded lab
	$(BIN)/seatrial demo

test: setup  ## all tests, on the real engine
	$(BIN)/seatrial lab install
	$(BIN)/python -m pytest --durations=15

test-fast: setup  ## the tests that need no engine
	$(BIN)/python -m pytest -m 'not engine'

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: setup  ## renew the golden dossier by a real run
	$(BIN)/python -m tests.golden

clean:
	rm -rf build src/seatrial/compiled/*.so $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
