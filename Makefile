# Needs Python 3.10 or newer and make. Run `make help` to see what there is.

PYTHON  ?= python3
TORCH   ?= torch==2.13.0
PICTURE ?= $(firstword $(wildcard examples/*.png) examples/picture.png)
FACTOR  ?= 2.5

VENV   := .venv
DEMO   := .venv-demo
RESULT  = out/$(notdir $(basename $(PICTURE)))_x$(FACTOR).png

# What ends up in the package; the demonstration installs it as a user would, so it is built again when one changes.
SOURCES := pyproject.toml README.md LICENSE NOTICE $(shell find src -type f -not -name '*.pyc')

.DEFAULT_GOAL := help
.PHONY: help demo test lint clean

help:
	@echo 'make demo   upscale a picture and say where the result is; PICTURE=$(PICTURE) FACTOR=$(FACTOR)'
	@echo 'make test   install what development needs and run the tests; TORCH="$(TORCH)"'
	@echo 'make lint   ruff, pyright and the import layers'
	@echo 'make clean  remove what the other targets made, virtual environments included'

demo: $(DEMO)/.stamp
	@mkdir -p out
	@$(DEMO)/bin/pliant upscale '$(PICTURE)' '$(RESULT)' --factor $(FACTOR)
	@echo 'The result is $(CURDIR)/$(RESULT)'

test: $(VENV)/.stamp
	$(VENV)/bin/python -m pytest

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
$(VENV)/.stamp: pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install $(TORCH)
	$(VENV)/bin/python -m pip install --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(DEMO) out build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests training -type d -name __pycache__ -exec rm -rf {} +
