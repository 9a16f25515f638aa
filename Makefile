# Needs Python 3.10 or newer and make. Run `make help` to see what there is.

PYTHON  ?= python3
TORCH   ?= torch==2.13.0
OLDEST  ?= torch==2.13.0
NEWEST  ?= torch==2.14.1 torchvision==0.29.1
EXTRAS  ?= dev
PICTURE ?= $(firstword $(wildcard examples/*.png) examples/picture.png)
FACTOR  ?= 2.5
JOBS    ?= auto

VENV   := .venv
DEMO   := .venv-demo
RESULT  = out/$(notdir $(basename $(PICTURE)))_x$(FACTOR).png

# What ends up in the package; the demonstration installs it as a user would, so it is built again when one changes.
SOURCES := pyproject.toml README.md LICENSE NOTICE $(shell find src -type f -not -name '*.pyc')

.DEFAULT_GOAL := help
.PHONY: help demo test newest lint clean test-both table matrix speed fast zoo set5 page

help:
	@echo 'make demo   upscale a picture and say where the result is; PICTURE=$(PICTURE) FACTOR=$(FACTOR)'
	@echo 'make test   install what development needs and run the tests; TORCH="$(TORCH)" EXTRAS=$(EXTRAS)'
	@echo 'make newest the environment for tests of every architecture; then make test VENV=$(NEWEST_VENV)'
	@echo 'make test-both  the tests and the corpus of live values with "$(OLDEST)" and "$(NEWEST)"'
	@echo 'make table  run the corpus with all exporters and write docs/live_values.md'
	@echo 'make matrix run every engine on every operator and write docs/engines_matrix.md'
	@echo 'make set5   published weights on Set5, on every engine, and write docs/set5.md'
	@echo 'make zoo    export every super-resolution architecture and write docs/models.md'
	@echo 'make speed  export time against torch.onnx.export'
	@echo 'make fast   pliant against PyTorch, engines by hand and other programs, and write docs/speed.md; PEERS=python'
	@echo 'make page   build the page of pliant serve from web/; needs Node 20 or newer, which nothing else here does'
	@echo 'make lint   ruff, pyright and the import layers'
	@echo 'make clean  remove what the other targets made, virtual environments included'

demo: $(DEMO)/.stamp
	@mkdir -p out
	@$(DEMO)/bin/pliant upscale '$(PICTURE)' '$(RESULT)' --factor $(FACTOR)
	@echo 'The result is $(CURDIR)/$(RESULT)'

test: $(VENV)/.stamp
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadgroup

# Environments of its own, .venv-oldest and .venv-newest; OLDEST_VENV and NEWEST_VENV take others, as they are.
# The corpus is reference data: without PLIANT_REFERENCE_DATA it is left out, and that is said.
OLDEST_VENV ?= .venv-oldest
NEWEST_VENV ?= .venv-newest
RESULTS     ?= out/live_values

test-both: $(OLDEST_VENV)/bin/pytest $(NEWEST_VENV)/bin/pytest
	$(call check,$(OLDEST_VENV))
	$(call check,$(NEWEST_VENV))

define check
	$(1)/bin/python -c 'import torch; print("torch", torch.__version__)'
	PYTHONPATH=src $(1)/bin/python -m pytest $(PYTEST)
	@if test -n "$$PLIANT_REFERENCE_DATA"; then \
	    set -x; $(1)/bin/python benchmarks/live_values.py --exporter pliant --results '$(RESULTS)'; \
	else echo 'The corpus was not run: PLIANT_REFERENCE_DATA is not set.'; fi
endef

# With the newest PyTorch and torchvision, which spandrel needs; gigabytes, so not what `make test` begins with.
newest: $(NEWEST_VENV)/bin/pytest

table: $(VENV)/.stamp
	$(VENV)/bin/python benchmarks/live_values.py --results '$(RESULTS)'

matrix: $(VENV)/.stamp
	$(VENV)/bin/python benchmarks/engine_matrix.py

# With spandrel installed it has the architectures of spandrel as well.
set5: $(NEWEST_VENV)/bin/pytest
	$(NEWEST_VENV)/bin/python benchmarks/set5.py

# spandrel needs torchvision
zoo: $(NEWEST_VENV)/bin/pytest
	$(NEWEST_VENV)/bin/python benchmarks/zoo.py --plain

speed: $(VENV)/.stamp
	$(VENV)/bin/python benchmarks/export_time.py --stages

# PEERS is the Python of an environment with the programs of others; docs/speed.md says what belongs into it.
fast: $(VENV)/.stamp
	$(VENV)/bin/python -m pip install --quiet --editable '.[bench]'
	$(VENV)/bin/python benchmarks/speed.py $(if $(PEERS),--peers-python '$(PEERS)')

# What it builds is committed, so that nobody who installs or runs pliant needs Node; a test holds it to its sources.
page:
	cd web && npm ci --ignore-scripts && npm run build

lint: $(VENV)/.stamp
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python
	$(VENV)/bin/lint-imports

$(DEMO)/.stamp: $(SOURCES)
	test -x $(DEMO)/bin/python || $(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet .
	@touch $@

# torch first and alone: the rest is content with the version that is there, and TORCH may hold options of pip.
.venv-oldest/.stamp: TORCH = $(OLDEST)
.venv-newest/.stamp: TORCH = $(NEWEST)
.venv-newest/.stamp: EXTRAS = dev,zoo-all
%/.stamp: pyproject.toml
	test -x $*/bin/python || $(PYTHON) -m venv $*
	$*/bin/python -m pip install $(TORCH)
	$*/bin/python -m pip install --editable '.[$(EXTRAS)]'
	$*/bin/python -m compileall -q src/pliant  # which pip does for what it copies; each start takes a third longer without
	@touch $@

.venv-oldest/bin/pytest .venv-newest/bin/pytest: %/bin/pytest: %/.stamp
	@test -x $@

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest $(DEMO) out build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests training -type d -name __pycache__ -exec rm -rf {} +
