# trainmgr: `make` lists what there is.
# The work is done by scripts that run the same on Windows (tools/); this file only gives them short names.

PYTHON ?= python3
VENV := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test lint probe format dev

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## prepare everything: packages, front-end files, database, demo cases
	@$(PYTHON) tools/setup.py

run: setup ## set up if needed, then serve on 127.0.0.1 (PORT=5000)
	@exec $(VENV)/python run.py

dev: # what tests and checks need
	@$(PYTHON) tools/setup.py --dev

test: dev ## run the tests on SQLite, then on PostgreSQL (ARGS="tests/needs -k borich")
	@$(VENV)/python tools/test.py $(ARGS)

lint: dev ## check style, types, templates and the order of imports
	@$(VENV)/python tools/lint.py

probe: dev ## look for faults at length: files, lifecycle, API, pages (ARGS="api pages")
	@$(VENV)/python tools/probe.py $(ARGS)

format: dev ## put the code into the house's form
	@$(VENV)/python tools/lint.py --fix
