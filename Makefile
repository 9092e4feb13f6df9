.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
export PYTHONDONTWRITEBYTECODE = 1
# uv knows nothing of pip's configuration: hand it the index that pip uses, where one is set.
export UV_DEFAULT_INDEX ?= $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
ifeq ($(strip $(UV_DEFAULT_INDEX)),)
unexport UV_DEFAULT_INDEX
endif

UV := .local/venvs/uv/bin/uv
VENVS := .venv .local/venvs/aws .local/venvs/runtime .local/venvs/airflow
READY := $(VENVS:%=%/.ready) node_modules/.ready

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 12

setup: $(READY) ## every environment that the other commands use

.local/venvs/uv/.ready: requirements/uv.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --require-hashes -r $<
	@touch $@

.venv/.ready: requirements/dev.txt pyproject.toml
.local/venvs/aws/.ready: requirements/aws.txt
.local/venvs/runtime/.ready: requirements/runtime.txt
.local/venvs/airflow/.ready: requirements/airflow.txt
$(VENVS:%=%/.ready): | .local/venvs/uv/.ready
	test -x $(@D)/bin/python || $(PYTHON) -m venv --without-pip $(@D)
	$(UV) pip sync -q --require-hashes --python $(@D)/bin/python $<
	$(if $(filter .venv/.ready,$@),$(UV) pip install -q --no-deps --python $(@D)/bin/python --editable .)
	@touch $@

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

lock: .local/venvs/uv/.ready ## the lock files, from pyproject.toml and package.json
	$(UV) pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -o requirements/dev.txt
	for group in aws runtime airflow; do $(UV) pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-header --group $$group -o requirements/$$group.txt || exit 1; done
	npm install --package-lock-only --omit-lockfile-registry-resolved

.PHONY: help setup lock
