# `make` alone lists the targets. What is made here lies in .venv, build/ and the tools' caches.

PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check -qq

.PHONY: help serve test test-full check bench lock clean FORCE
.DELETE_ON_ERROR:

help:  ## list the targets
	@echo "make TARGET [PYTHON=python3.12]: the interpreter that a new .venv is made with"
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  %-10s %s\n", $$1, $$2 }'

serve: .venv/runtime  ## build the example shop and serve it on http://127.0.0.1:1818 (needs Python only)
	.venv/bin/edgekit serve site

test: check .venv/programs  ## all checks and tests, as CI runs them
	.venv/bin/python -m pytest -n 2 --durations=10

test-full:  ## the same with large sizes (EDGEKIT_TEST_SCALE=10)
	EDGEKIT_TEST_SCALE=10 PYTEST_TIMEOUT=1200 $(MAKE) test

check: .venv/dev  ## ruff, the format and mypy --strict
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

bench: .venv/dev  ## replay and tracing against Jinja, fuel against measured time
	.venv/bin/python -m tests.bench

lock: .venv/dev  ## renew both lock files from the ranges in pyproject.toml
	$(PIP) install 'uv>=0.13,<1'
	$(COMPILE) --group pyproject.toml:build pyproject.toml -o requirements.lock
	$(COMPILE) --group pyproject.toml:dev -c requirements.lock -o tests/requirements.lock
COMPILE = .venv/bin/uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

clean:  ## remove .venv, the caches and the example's store
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build/edge.lmdb*
	find edgekit tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Its stamps are older than a changed pyproject.toml or lock file, and then the install runs again.
# `.venv/jinja` holds Jinja's source distribution, hash-checked: a wheel lacks its tests, and ours run them.
# `.venv/unfinished` stands while .venv is worked on: after an interruption the next run starts from nothing.

redo := $(shell test -x .venv/bin/python -a ! -e .venv/unfinished || echo FORCE)

.venv/bin/python: $(redo)
	$(if $(missing),$(error $(missing)))
	@echo "Making .venv …"
	@rm -rf .venv && mkdir .venv && touch .venv/unfinished && $(PYTHON) -m venv .venv

.venv/runtime: pyproject.toml requirements.lock .venv/bin/python $(redo)
	@echo "Installing what edgekit needs …"
	@touch .venv/unfinished
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm .venv/unfinished && touch $@

.venv/dev: .venv/runtime tests/requirements.lock Makefile
	@echo "Installing what the tests need …"
	@touch .venv/unfinished
	@$(PIP) install --require-hashes -r requirements.lock -r tests/requirements.lock
	@sed -n '/^jinja2==/,/[^\]$$/p' requirements.lock | $(PIP) download --no-deps --no-binary jinja2 -d .venv/jinja -r /dev/stdin
	@rm .venv/unfinished && touch $@

# Root on Debian, as in CI, gets these programs; elsewhere tests that need one are skipped without it, and say so.
.venv/programs: .venv/dev
	@missing=$$(for program in chromium:chromium nginx:nginx systemd-analyze:systemd varnishd:varnish; do \
		command -v $${program%:*} >/dev/null || echo $${program#*:}; done); \
	if test -n "$$missing" && command -v apt-get && test "$$(id -u)" -eq 0; then \
		echo "Installing" $$missing "…" >&2; $(APT) update && $(APT) install -y --no-install-recommends $$missing; \
	fi >/dev/null || echo "Could not be installed:" $$missing
	@touch $@
APT = DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=400

# One line for a Python that will not do, else empty.
missing = $(shell \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'edgekit needs Python 3.11 or newer, and `$(PYTHON)` is not: `apt install python3 python3-venv`, or PYTHON=…'; exit; }; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		echo '`$(PYTHON)` cannot make environments, its `ensurepip` is missing: `apt install python3-venv`')
