# Everything a developer does. `make run` and `make test` need Python 3.11 or later and nothing else.

PYTHON ?= python3
ENV ?= dev
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python
LOCK := --quiet --generate-hashes --universal --python-version 3.11

# Byte code that the first run writes makes every later start faster.
unexport PYTHONDONTWRITEBYTECODE
# Local commands must not inherit a way to a real account.
LOCAL := env -u AWS_PROFILE -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN
# Operators' commands work on the emulator; ENVIRONMENT=dev|staging|prod makes it an account's.
OPERATE = $(if $(ENVIRONMENT),,$(LOCAL)) $(RUN) -m operations $(if $(ENVIRONMENT),--environment $(ENVIRONMENT))
CONFIGURE = $(if $(ENVIRONMENT),,$(LOCAL)) $(RUN) -m configuration
CONFIGURED = $(if $(ENVIRONMENT),--environment $(ENVIRONMENT)) $(addprefix --service ,$(SERVICE))
CONFIRMED = $(if $(filter yes,$(CONFIRM)),--confirm)
MOMENT = $(if $(AT),--at $(AT)) $(if $(VERSION),--version $(VERSION))

.DEFAULT_GOAL := help
.PHONY: help setup run up down status load test check check-code check-behaviour format synth build costs bench parity rotate secret-scan catalogue release-contracts snapshots deploy destroy lock clean \
	config-check config-plan config-apply config-drift configuration-page tour \
	redrive park history view reconcile rebuild rebuild-back rebuild-retire checksum

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready .venv-emulator/.ready node_modules/.ready ## Install the pinned toolchain

run: setup ## Deploy everything offline, show an order go through, stay up until Ctrl-C
	@$(LOCAL) $(RUN) -m local run

up: setup ## The same in the background
	@$(LOCAL) $(RUN) -m local up

down: ## Stop what `make up` started
	@test ! -x $(BIN)/python || $(LOCAL) $(RUN) -m local down

status: setup ## What is running, and where
	@$(LOCAL) $(RUN) -m local status

tour: setup ## Show flags, refusals, a rollback and a rotation on what is up
	@$(LOCAL) $(RUN) -m local tour

load: setup ## Drive what is up, then check the invariants: RATE=5 DURATION=20 MIX=good=1
	@$(LOCAL) $(RUN) -m local load $(if $(RATE),--rate $(RATE)) $(if $(DURATION),--duration $(DURATION)) $(if $(MIX),--mix $(MIX))

test: setup ## Every test: unit, contract, infra, integration, faults, end to end; ENFORCE=yes under IAM
	@$(LOCAL) $(if $(ENFORCE),ENFORCE_PERMISSIONS=$(ENFORCE)) $(RUN) -m pytest tests --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: setup ## Formatting, lint, types, layers and the fast tests; under a minute
	@$(MAKE) --no-print-directory --jobs 2 check-code check-behaviour

check-code: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(RUN) -m mypy .
	@PYTHONPATH=lambdas $(BIN)/lint-imports --no-logo

check-behaviour: setup
	@$(LOCAL) $(RUN) -m pytest tests/unit tests/contract

format: setup ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

build: setup ## Build the functions' packages for the cloud
	@$(RUN) -m bundling --target cloud

synth: setup ## Synthesize the CloudFormation templates, with every rule checked
	@$(RUN) -m bundling --target cloud
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk synth --quiet --context environment=$(ENV)

costs: setup ## What an idle month costs, before you deploy: ENV=prod; ORDERS=20 counts orders too
	@$(LOCAL) $(RUN) -m costs $(if $(ORDERS),record --count $(ORDERS),idle) --environment $(ENV)

bench: setup ## Measure the claims about speed, memory and cost
	@$(LOCAL) $(RUN) -m benchmarks

redrive: setup ## Show what a consumer has parked: CONSUMER=order-view|sales|bus-publisher; CONFIRM=yes applies it again
	@$(OPERATE) redrive --consumer $(CONSUMER) $(CONFIRMED)

park: setup ## Set aside a record that crashes a consumer: CONSUMER= SHARD= SEQUENCE=
	@$(OPERATE) park --consumer $(CONSUMER) --shard $(SHARD) --sequence $(SEQUENCE)

history: setup ## An order's events as a table: ORDER= [AT=time|VERSION=n]
	@$(OPERATE) history --order $(ORDER) $(MOMENT)

view: setup ## What a view said of an order: ORDER= [AT=time|VERSION=n] [VIEW=order-view|sales]
	@$(OPERATE) view --order $(ORDER) $(MOMENT) $(if $(VIEW),--view $(VIEW))

reconcile: setup ## Compare event store, log and archive; CONFIRM=yes repairs what is missing
	@$(OPERATE) reconcile $(CONFIRMED)

rebuild: setup ## Build a view again from the archive while it is served: VIEW=order-view|sales
	@$(OPERATE) rebuild --view $(VIEW)

rebuild-back: setup ## Serve the generation before the last rebuild again: VIEW=
	@$(OPERATE) rebuild-back --view $(VIEW)

rebuild-retire: setup ## Show the generation that is not served; CONFIRM=yes erases it: VIEW=
	@$(OPERATE) rebuild-retire --view $(VIEW) $(CONFIRMED)

checksum: setup ## Sum up a view's generations: VIEW=order-view|sales
	@$(OPERATE) checksum --view $(VIEW)

config-check: setup ## Judge the documents in config/, of every environment
	@$(LOCAL) $(RUN) -m configuration check

config-plan: setup ## What git has and what is deployed: [SERVICE=orders]
	@$(CONFIGURE) plan $(CONFIGURED)

config-apply: setup ## Deploy the documents in config/ that differ: [SERVICE=] [STRATEGY=at-once|watched]
	@$(CONFIGURE) apply $(CONFIGURED) $(if $(STRATEGY),--strategy $(STRATEGY))

config-drift: setup ## Fail if configuration was changed by hand, and name what: [SERVICE=]
	@$(CONFIGURE) drift $(CONFIGURED)

configuration-page: setup ## Write the list of every value into docs/configuration.md
	@$(LOCAL) $(RUN) -m configuration.page

rotate: setup ## Replace the secrets of what is up, as the schedule does: SERVICE=payments|signing
	@$(LOCAL) $(RUN) -m local rotate $(SERVICE)

secret-scan: setup ## Look for credentials in code, templates, packages and logs: PATHS=image.tar
	@$(LOCAL) $(RUN) -m secret_scan $(PATHS)

parity: setup ## Write docs/parity.md from the templates and docs/parity.toml
	@$(LOCAL) $(RUN) -m local.parity_document

catalogue: setup ## Write docs/catalogue.md from the templates and the messages' schemas
	@$(LOCAL) $(RUN) -m catalogue

release-contracts: setup ## Keep the event schemas as released; refused if old readers would break
	@$(RUN) -m contracts.release

deploy: setup ## Deploy to the account of your AWS credentials: ENV=dev|staging|prod
	@$(RUN) -m configuration check --environment $(ENV) --committed
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk deploy --all --context environment=$(ENV)
	@$(RUN) -m configuration apply --environment $(ENV)

destroy: setup ## Show what a teardown would delete and what must stay; CONFIRM=yes does it
	@$(RUN) -m teardown --environment $(ENV) $(if $(filter yes,$(CONFIRM)),--confirm)

snapshots: setup ## Accept the templates as they are now; read the diff before you commit it
	@$(LOCAL) $(RUN) -m pytest tests/infra/test_snapshots.py --snapshot-update

lock: setup ## Resolve the pinned versions again
	@for name in requirements requirements/bootstrap requirements/emulator requirements/bench; do \
		$(BIN)/uv pip compile $(LOCK) $$name.in -o $$name.txt; done
	@$(BIN)/uv pip compile $(LOCK) --constraint requirements.txt lambdas/shared/requirements.in -o lambdas/shared/requirements.txt

clean: down ## Remove what was built and installed
	@rm -rf .build .local cdk.out node_modules $(VENV) .venv-*

$(VENV)/bin/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "setup: tools"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.ready: requirements.txt | $(VENV)/bin/uv
	@echo "setup: Python packages"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $<
	@touch $@

.venv-emulator/.ready: requirements/emulator.txt | $(VENV)/bin/uv
	@echo "setup: offline engine"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-emulator
	@$(BIN)/uv pip sync --quiet --python .venv-emulator/bin/python --require-hashes $<
	@touch $@

node_modules/.ready: package-lock.json $(VENV)/.ready
	@echo "setup: CDK command line"
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	@ln -sf ../../node_modules/.bin/cdk $(BIN)/cdk
	@touch $@
