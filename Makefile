# The commands of this project; the README and CI use exactly these.
PYTHON ?= python3
BIN := .venv/bin
# Passed on to JupyterLab by `make demo`, e.g. JUPYTER_ARGS="--no-browser --port 8899".
JUPYTER_ARGS ?=
# Material for MkDocs would advertise its successor at every build.
export NO_MKDOCS_2_WARNING := 1
ROOT_ARGS := $(if $(filter 0,$(shell id -u)),--allow-root)

# Two processes, each with a browser and a notebook server of its own for all its tests.
PARALLEL := -n 2

READY := .venv/.ready
SMALL := .venv-small/.ready
BUNDLE := sam_widget/static/widget.js
SOURCES := $(shell find js/src -type f) js/build.mjs package.json

.PHONY: demo test quick coverage check docs protocol e2e bench build screenshots small chromium browsers clean

demo: $(READY) $(BUNDLE)
	$(BIN)/jupyter lab $(ROOT_ARGS) --LabApp.default_url=/lab/tree/examples/01_click.ipynb $(JUPYTER_ARGS)

test: $(READY) $(BUNDLE) $(SMALL) browsers
	npm test --silent
	$(BIN)/pytest -q $(PARALLEL)

# Everything that needs no browser.
quick: $(READY) $(BUNDLE) $(SMALL)
	npm test --silent
	$(BIN)/pytest -q $(PARALLEL) -m "not e2e"

# The same with the lines of the package that it reached.
coverage: $(READY) $(BUNDLE) $(SMALL)
	$(BIN)/pytest -q $(PARALLEL) -m "not e2e" --cov=sam_widget --cov-report=term

check: $(READY) $(BUNDLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/structure.py
	$(BIN)/python -m sam_widget.widget.wire.typescript --check
	npm run check --silent
	$(BIN)/mkdocs build --strict --quiet

# The page's side of the table of messages, js/src/protocol.generated.ts.
protocol: $(READY)
	$(BIN)/python -m sam_widget.widget.wire.typescript

# The documentation, into site/.
docs: $(READY)
	$(BIN)/mkdocs build --strict

e2e: $(READY) $(BUNDLE) browsers
	$(BIN)/pytest -q -m e2e

bench: $(READY) $(BUNDLE) chromium
	$(BIN)/python benchmarks/one_click.py
	$(BIN)/python benchmarks/around_decode.py
	$(BIN)/python benchmarks/values.py
	$(BIN)/python benchmarks/editing.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/reopen.py
	$(BIN)/python benchmarks/kills.py --progress benchmarks/results/kills.json
	$(BIN)/python benchmarks/kills.py --progress benchmarks/results/kills.json --runs 1000 --faults
	$(BIN)/python benchmarks/kills.py --progress benchmarks/results/kills.json --runs 1000 --processes 2
	$(BIN)/python benchmarks/kills.py --costs
	$(BIN)/python benchmarks/end_to_end.py
	$(BIN)/python benchmarks/everything.py
	$(BIN)/python benchmarks/everything.py --size 3000x2000 --points 16 --batch 32
	$(BIN)/python benchmarks/everything.py --refilter
	$(BIN)/python benchmarks/everything.py --large
	$(BIN)/python benchmarks/fuzz_formats.py
	$(BIN)/python benchmarks/objects_panel.py

# The page's bundle alone.
build: $(BUNDLE)

screenshots: $(READY) $(BUNDLE) chromium
	$(BIN)/python scripts/screenshots.py

# The editable install runs `npm ci` and bundles the page, see hatch_build.py.
$(READY): pyproject.toml package-lock.json hatch_build.py
	test -d .venv || $(PYTHON) -m venv .venv
	echo '{}' > .venv/package.json # Node must not take JupyterLab's scripts for modules as ours are
	$(BIN)/python -m pip install --quiet --upgrade pip
	npm ci --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

$(BUNDLE): $(READY) $(SOURCES)
	npm run build --silent

# An environment with the core dependencies alone, for tests/small_install. Editable, so that it
# always runs the code as it is.
small: $(SMALL)

$(SMALL): pyproject.toml hatch_build.py | $(BUNDLE)
	$(PYTHON) -m venv --clear .venv-small
	.venv-small/bin/python -m pip install --quiet --editable .
	touch $@

chromium:
	@sh scripts/browsers.sh chromium

# Tests whose browser cannot be installed fail and say so; the others run all the same.
browsers:
	-@sh scripts/browsers.sh chromium firefox webkit

clean:
	rm -rf .venv .venv-small node_modules site sam_widget/static/*.js sam_widget/static/*.css
