.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ENVIRONMENT ?= dev
PYTHON ?= python3
# Compiled once, also where the caller's environment forbids it, and never beside the sources.
export PYTHONPYCACHEPREFIX = $(CURDIR)/.local/bytecode
export PYTHONDONTWRITEBYTECODE =
# jsii's notice about Node.js 20 fills a screen at each command.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 20
# uv does not read pip's configuration: hand it the index that pip uses, where one is set.
PIP_INDEX := $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
ifneq ($(PIP_INDEX),)
export UV_DEFAULT_INDEX ?= $(PIP_INDEX)
endif

BIN := .venv/bin
CDK := node_modules/.bin/cdk
UV := .local/venvs/uv/bin/uv
VENVS := .venv .local/venvs/aws .local/venvs/runtime .local/venvs/airflow
READY := $(VENVS:%=%/.ready) node_modules/.ready

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14


.PHONY: demo demo-stop
demo: $(READY) ## deploy to a local AWS, prove it, destroy it (KEEP=1 leaves it running)
	$(BIN)/python -m local.demo $(if $(KEEP),--keep)

demo-stop: .venv/.ready ## end what `make demo KEEP=1` left running
	$(BIN)/python -m local.demo --stop


.PHONY: test e2e lint format snapshots schema bench
test: $(READY) ## the whole suite (PYTEST=... for arguments of pytest)
	$(BIN)/pytest -n 2 --dist loadfile $(PYTEST)

e2e: $(READY) ## the proof of `make demo`, as tests
	$(BIN)/pytest tests/e2e $(PYTEST)

lint: $(READY) ## ruff and pyright
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	node_modules/.bin/pyright
	node_modules/.bin/pyright -p local/aws
	node_modules/.bin/pyright -p local/pyright.airflow.json

format: .venv/.ready ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

snapshots: $(READY) ## take the templates of today as those to expect
	$(BIN)/pytest -n 2 tests/test_app.py --snapshot-update

schema: .venv/.ready ## the declaration's JSON Schema, for editors
	$(BIN)/python -m airflow_rds_iam.declaration.schema > .local/schema.json
	mv .local/schema.json environments/declaration.schema.json

bench: $(READY) ## measure the database users' function; writes build/bench.json
	$(BIN)/python -m benchmarks


.PHONY: synth diff deploy destroy
synth: $(READY) ## write cdk.out; needs no account
	$(CDK) synth --quiet -c environment=$(ENVIRONMENT)

diff: $(READY) ## what a deploy would change
	$(CDK) diff -c environment=$(ENVIRONMENT)

# Database and Airflow need only the network: side by side they save half an hour.
deploy: $(READY) ## deploy ENVIRONMENT=dev
	$(CDK) deploy --all --concurrency 2 -c environment=$(ENVIRONMENT)

destroy: $(READY) ## remove what may be removed of ENVIRONMENT
	$(CDK) destroy --all -c environment=$(ENVIRONMENT)


.PHONY: setup lock clean
setup: $(READY) ## everything the other commands use

.local/venvs/uv/.ready: requirements/uv.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.ready: requirements/dev.txt pyproject.toml
.local/venvs/aws/.ready: requirements/aws.txt
.local/venvs/runtime/.ready: requirements/runtime.txt
.local/venvs/airflow/.ready: requirements/airflow.txt
$(VENVS:%=%/.ready): | .local/venvs/uv/.ready
	@test -x $(@D)/bin/python || $(PYTHON) -m venv --without-pip $(@D)
	$(UV) pip sync -q --require-hashes --python $(@D)/bin/python $<
	$(if $(filter .venv/.ready,$@),$(UV) pip install -q --no-deps --no-build-isolation --python $(@D)/bin/python --editable .)
	@touch $@

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

COMPILE := $(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header
lock: .local/venvs/uv/.ready ## the locks, from pyproject.toml and package.json
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) --group aws -o requirements/aws.txt
	$(COMPILE) --group runtime -o requirements/runtime.txt
	$(COMPILE) --group airflow -o requirements/airflow.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved

clean: ## end what runs and remove everything that git ignores
	test ! -x $(BIN)/python || $(BIN)/python -m local.demo --stop
	rm -rf .venv .local node_modules cdk.out build
