# make demo: sets everything up and codes the bundled reports; make test: sets everything up and runs the tests (make browser first for those in a browser).
.PHONY: setup demo test browser check bench pictures screenshots lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
# the first Python on the path that is 3.11, 3.12 or 3.13; make PYTHON=/path/to/python names another
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)

setup: $(STAMP)

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "found no Python 3.11 to 3.13 on the path; install one, or: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $(STAMP)

demo: setup
	$(BIN)/detente demo

test: setup
	$(BIN)/python -m pytest

# a Chromium for the tests in a browser and for the screenshots: that of the system where root may install it, else Playwright's own
browser: setup
	@$(BIN)/python -c 'import sys; sys.path.append("tools"); import browsers; sys.exit(browsers.find_chromium() is None)' \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >&2; } \
	|| $(BIN)/python -m playwright install chromium

check: setup
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests tools benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/detente codebook check

bench: setup
	$(BIN)/python benchmarks/run.py

# the pictures of docs/charts.md, from the sample corpus
pictures: setup
	$(BIN)/python tools/draw_docs.py

# the pictures of docs/desk.md: every page of the desk over the sample corpus, light, dark and on a phone
screenshots: browser
	$(BIN)/python tools/take_screenshots.py

# the lock files hold versions only, no address of an index; uv is needed for this target alone
lock: setup
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header -c requirements.lock pyproject.toml --extra dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
