# Everything a developer does. `make run` and `make test` need Python 3.11 or later and nothing else.
#
# To add a target: write it as those below, with `: setup ## what it does`, and name it in .PHONY. What
# a caller says (`make history ORDER=...`) is a name in CALLERS, and reaches the command only through
# `option`, `needed`, `argument` or `flag`. tests/contract/test_make_arguments.py holds all of this.

# What a caller may say. Only make's command line counts: a VERSION of the environment is somebody else's.
CALLERS := ALL APPROVE AT BASE BUG CONFIRM CONSUMER CONTAINERS CRDS DAYS DURATION ENFORCE ENV ENVIRONMENT \
	FAULT FORMAT IN KEEP KIND LINES MINUTES MIX NAME ORDER ORDERS OUT OWNER PATHS PYTHON QUEUE RATE REGION SEED SEEDS SEQUENCE SERVICE \
	SHARD STRATEGY TRACE VERSION VIEW

# Their text is taken as it is, and handed on in the environment as GIVEN_...: neither make nor a shell
# reads it, whatever `$(...)`, quote, space or newline it holds. A sub-make gets none of them.
define take
override GIVEN_$(1) := $$(if $$(filter command,$$(origin $(1))),$$(value $(1)))
override $(1) :=
export GIVEN_$(1)
unexport $(1)
endef
$(foreach name,$(CALLERS),$(eval $(call take,$(name))))
UNKNOWN := $(strip $(foreach name,$(filter-out $(CALLERS),$(.VARIABLES)),$(if $(filter command,$(origin $(name))),$(name))))
ifneq ($(UNKNOWN),)
$(error make knows no variable $(UNKNOWN): `make help` names those that a target takes)
endif
MAKEOVERRIDES :=

# What is said or not said. Any other text is an error: who said CONFIRM=y would learn too late that it
# counted as no, and who said CONFIRM=nope that it counted as yes.
SWITCHES := ALL APPROVE CONFIRM CONTAINERS ENFORCE
YES := yes true 1
NO := no false 0
meant = $(if $(filter 1,$(words $(GIVEN_$(1)))),$(if $(filter $(YES),$(GIVEN_$(1))),yes,$(if $(filter $(NO),$(GIVEN_$(1))),no)))
switch = $(or $(call meant,$(1)),$(error $(1) is one of $(YES), or one of $(NO); not '$(GIVEN_$(1))'))
$(foreach name,$(SWITCHES),$(if $(GIVEN_$(name)),$(eval override GIVEN_$(name) := $$(call switch,$(name)))))

# `ENV` is short for `ENVIRONMENT`.
ifeq ($(GIVEN_ENVIRONMENT),)
override GIVEN_ENVIRONMENT := $(GIVEN_ENV)
else ifneq ($(GIVEN_ENV),)
$(error ENV is short for ENVIRONMENT: give one of them)
endif

# `$(call option,--order,ORDER)` is `--order=` and what the caller said, or nothing.
option = $(if $(GIVEN_$(2)),$(1)="$$GIVEN_$(2)")
# The same for what a target cannot do without; a third argument names the values that it may have.
needed = $(if $(GIVEN_$(2)),$(option),$(error `make $@` needs $(2)=$(or $(3),...); `make help` says what))
# `$(call argument,SERVICE)` is what the caller said, as a word that cannot be taken for an option.
argument = $(if $(GIVEN_$(1)),-- "$$GIVEN_$(1)",$(error `make $@` needs $(1)=...; `make help` says what))
# `$(call flag,--confirm,CONFIRM)` is `--confirm` if the caller said CONFIRM=yes, or true, or 1.
flag = $(if $(filter yes,$(GIVEN_$(2))),$(1))

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
LOCK := --quiet --generate-hashes --universal --python-version 3.11

# The checkout's tools come first. Said here once, so that no shell reads the folder's name.
export OUTSIDE_PATH := $(value PATH)
export PATH := $(CURDIR)/$(BIN):$(value PATH)
# Where packages come from and where they are cached is everybody's own setting; how Python runs and
# how packages are installed is this checkout's. (Byte code that the first run writes makes every later
# start faster.)
THEIRS := %INDEX %INDEX_URL UV_INDEX_% %FIND_LINKS %CONFIG_FILE %CERT %CERTS %TLS %TRUSTED_HOST %INSECURE_HOST \
	%PROXY %proxy %CACHE_DIR %TIMEOUT %RETRIES %RETRY_DELAY \
	%_registry %_REGISTRY %_cafile %_CAFILE %_strict_ssl %_STRICT_SSL %_userconfig %_USERCONFIG %_cache %_CACHE
OURS := PYTHON% PIP_% UV_% npm_config_% NPM_CONFIG_%
$(foreach name,$(filter-out $(THEIRS) PYTHON,$(filter $(OURS),$(.VARIABLES))),$(eval unexport $(name)))
# Names of files and what is printed are UTF-8, whatever the locale.
export PYTHONUTF8 := 1

# Without a home that takes what tools cache, they cache it in the checkout.
HOME_TAKES_CACHES := $(shell test -d "$$HOME" && for folder in "$$HOME" "$$HOME/.cache" "$$HOME/.npm"; \
	do test ! -e "$$folder" || test -w "$$folder" || exit 1; done && echo yes)
ifneq ($(HOME_TAKES_CACHES),yes)
ifneq ($(shell test -d "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.cache/home
endif
export XDG_CACHE_HOME ?= $(CURDIR)/.cache
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export npm_config_cache ?= $(CURDIR)/.cache/npm
export JSII_RUNTIME_PACKAGE_CACHE_ROOT ?= $(CURDIR)/.cache/jsii
export CDK_HOME ?= $(CURDIR)/.cache/cdk
endif

# Local commands must not inherit a way to a real account.
LOCAL := env -u AWS_PROFILE -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN
# Operators' commands work on the emulator; ENVIRONMENT=dev|staging|prod makes it an account's.
OPERATE = $(if $(GIVEN_ENVIRONMENT),,$(LOCAL)) $(RUN) -m tools.operations $(call option,--environment,ENVIRONMENT) $(call option,--region,REGION)
CONFIGURE = $(if $(GIVEN_ENVIRONMENT),,$(LOCAL)) $(RUN) -m tools.configuration
CONFIGURED = $(call option,--environment,ENVIRONMENT) $(call option,--region,REGION) $(call option,--service,SERVICE)
CONFIRMED = $(call flag,--confirm,CONFIRM)
MOMENT = $(call option,--at,AT) $(call option,--version,VERSION)
# What begins in an account, or says what would: dev, unless the caller says which.
STAGE := "$${GIVEN_ENVIRONMENT:-dev}"
# REGION, then AWS_REGION, then cdk.json: the same for the CDK as for every other command.
HERE = --environment=$(STAGE) $(call option,--region,REGION)
CDK = AWS_REGION="$$($(RUN) -m tools.base.region $(call option,--region,REGION))" && export AWS_REGION && $(BIN)/cdk
CONTEXT := --context environment=$(STAGE) --context region="$$AWS_REGION"
# One service's stack by its name, or all.
PRODUCT = $(shell sed -n 's/^name = "\([a-z0-9-]*\)"/\1/p' pyproject.toml 2>/dev/null)
ONE_OR_ALL = $(if $(GIVEN_SERVICE),--exclusively "$(PRODUCT)-"$(STAGE)-"$$GIVEN_SERVICE",--all)
# Services in containers cost while nobody calls them: they are deployed where somebody says so.
WITH_CONTAINERS = $(if $(filter yes,$(GIVEN_CONTAINERS)),--context containers=true)
# A pipeline has nobody to ask.
APPROVED := $(if $(filter yes,$(GIVEN_APPROVE))$(filter-out false,$(value CI)),--require-approval never)
# Tools are installed by a Python that was named, else by the one that they are installed with, so that
# it need not be named twice, else by python3.
OUTSIDE := env PATH="$$OUTSIDE_PATH" "$${GIVEN_PYTHON:-python3}"
TOOLCHAIN := -E -s -S -m tools.toolchain
BY_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder
DEPLOYED := tests/integration tests/faults tests/e2e $(BY_TWO)
PYTEST = $(LOCAL) $(call option,ENFORCE_PERMISSIONS,ENFORCE) $(RUN) -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup doctor run up down dev status load soak screens affected test-affected test test-nightly test-enforced test-slow check check-code check-generated check-behaviour format generate synth build costs bill bench parity release quote rotate secret-scan audit mutate catalogue client release-contracts simulate \
	snapshots deploy pipelines canary destroy lock clean \
	config-check config-plan config-apply config-drift configuration-page open tour drill \
	service service-remove rename k8s-check k8s-judge k8s-render pin-images smoke redrive redrive-queue stuck resume park discard history trace service-map view reconcile rebuild rebuild-back rebuild-retire checksum

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: ## Install the pinned toolchain: [PYTHON=/path/to/python3.11] [CONTAINERS=yes]
	@$(RUN) $(TOOLCHAIN) --ready 2>/dev/null || { \
		if [ -z "$$GIVEN_PYTHON" ] && $(RUN) -E -s -S -c '' 2>/dev/null; \
		then $(RUN) $(TOOLCHAIN); \
		else $(OUTSIDE) $(TOOLCHAIN); \
		fi; \
	} || { \
		status=$$?; \
		[ $$status -ne 127 ] || echo "setup: no such Python; name one: make setup PYTHON=/path/to/python3.11" >&2; \
		exit $$status; \
	}

doctor: ## Check this machine and this checkout, and say how to correct what is wrong; works before setup
	@$(OUTSIDE) -E -s -S -m tools.doctor || { \
		status=$$?; \
		[ $$status -ne 127 ] || echo "doctor: no such Python; name one: make doctor PYTHON=/path/to/python3.11" >&2; \
		exit $$status; \
	}

run: setup ## Deploy everything offline, show an order go through, stay up until Ctrl-C
	@$(LOCAL) $(RUN) -m tools.local run $(call flag,--containers,CONTAINERS)

up: setup ## The same in the background; CONTAINERS=yes: with pricing and partners behind Envoy
	@$(LOCAL) $(RUN) -m tools.local up $(call flag,--containers,CONTAINERS)

down: ## Stop what `make up` started
	@test ! -x $(BIN)/python || $(LOCAL) $(RUN) -m tools.local down

status: setup ## What is running, and where
	@$(LOCAL) $(RUN) -m tools.local status

dev: setup ## Bring up or join what is up, and keep it as the checkout is: saves are served within a second
	@$(LOCAL) $(RUN) -m tools.dev

open: setup ## Open the console of the running system in the browser, and say who may log in
	@$(LOCAL) $(RUN) -m tools.local open

screens: setup ## Take the pictures of docs/console.md from the system that is up, while orders go through
	@$(LOCAL) $(RUN) -m tools.docgen.screens

drill: setup ## Lose a region offline while orders are under way, rebuild it in another one, and return: some minutes
	@$(LOCAL) $(RUN) -m tools.recovery drill

tour: setup ## Show flags, refusals, a rollback and a rotation on the running system
	@$(LOCAL) $(RUN) -m tools.local tour

load: setup ## Place orders on the running system, then check the invariants: RATE=5 DURATION=20 MIX=good=1
	@$(LOCAL) $(RUN) -m tools.local load $(call option,--rate,RATE) $(call option,--duration,DURATION) $(call option,--mix,MIX)

soak: setup ## Orders for long, one fault after the other; fails if an order is lost or memory grows: MINUTES=60 RATE=0.5
	@$(LOCAL) $(RUN) -m tools.local soak $(call option,--minutes,MINUTES) $(call option,--rate,RATE)

affected: setup ## The services and tests that a difference touches, with reasons: [BASE=main] [FORMAT=json|github]
	@$(RUN) -m tools.affected $(call option,--base,BASE) $(call option,--format,FORMAT)

test-affected: setup ## The tests of that difference: [BASE=main]
	@$(LOCAL) $(RUN) -m tools.affected test $(call option,--base,BASE)

test: setup ## Every test: unit, contract, infra, integration, faults, end to end; ENFORCE=yes under IAM
	@$(PYTEST) tests -m 'not nightly' $(BY_TWO)

test-nightly: setup ## The same with the long tests; then the tests of the deployed system under IAM, and on half a core
	@$(PYTEST) tests $(BY_TWO)
	@$(MAKE) --no-print-directory test-enforced test-slow

test-enforced: setup ## Every test of the deployed system, with the functions' permissions enforced; then what they used of these
	@rm -rf .local/calls
	@$(LOCAL) ENFORCE_PERMISSIONS=yes RECORD_CALLS=.local/calls $(RUN) -m pytest $(DEPLOYED) -m 'not nightly or enforced'
	@$(RUN) -m tools.checks.permissions .local/calls --keep=tools/checks/permissions/exercised.toml

test-slow: setup ## Every test of the deployed system, with half a core for each of two workers (Linux)
	@$(LOCAL) ON_ONE_CORE=yes $(RUN) -m pytest $(DEPLOYED) -m 'not nightly'

check: setup ## Formatting, lint, types, layers, what is generated, and the fast tests, in about a minute
	@$(MAKE) --no-print-directory --jobs 2 check-code check-generated check-behaviour

check-code: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(RUN) -m mypy .
	@$(RUN) -m tools.checks.layers
	@$(BIN)/node web/node_modules/typescript/bin/tsc -p web

check-generated: setup
	@$(RUN) -m tools.generate --check

check-behaviour: setup
	@$(PYTEST) tests/unit tests/contract -m 'not nightly' $(BY_TWO)

generate: setup ## Write all that is generated, and say what changed: contracts, snapshots, catalogue, pages, picture
	@$(LOCAL) $(RUN) -m tools.generate

format: setup ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

build: setup ## Build the functions' packages for the cloud
	@$(RUN) -m bundling --target cloud

synth: setup ## Synthesize the CloudFormation templates, services in containers included, with every rule checked
	@$(RUN) -m bundling --target cloud
	@$(CDK) synth --quiet $(CONTEXT) --context containers=true

costs: setup ## What an idle month costs, before you deploy: ENV=prod [CONTAINERS=yes]; ORDERS=20 counts orders too
	@$(LOCAL) $(RUN) -m tools.measure.costs $(if $(GIVEN_ORDERS),record $(call option,--count,ORDERS),idle) --environment=$(STAGE) $(subst --context ,--context=,$(WITH_CONTAINERS))

bill: setup ## A month with your own numbers, by service and part: ENV=prod ORDERS=1000000 LINES=3 KEEP=30 (days of logs)
	@$(LOCAL) $(RUN) -m tools.measure.costs bill --environment=$(STAGE) $(call option,--orders,ORDERS) $(call option,--lines,LINES) $(call option,--log-days,KEEP)

bench: setup ## Measure the claims about speed, memory and cost
	@$(LOCAL) $(RUN) -m tools.measure.benchmarks

redrive: setup ## Show what a consumer has parked: CONSUMER=sales (an unknown name shows those there are); CONFIRM=yes applies it again
	@$(OPERATE) redrive $(call needed,--consumer,CONSUMER) $(CONFIRMED)

redrive-queue: setup ## Show dead letters: [QUEUE=payments/Commands]; CONFIRM=yes sends them to their queue again
	@$(OPERATE) redrive-queue $(call option,--queue,QUEUE) $(CONFIRMED)

park: setup ## Set aside a record that crashes a consumer: CONSUMER= SHARD= SEQUENCE=
	@$(OPERATE) park $(call needed,--consumer,CONSUMER) $(call needed,--shard,SHARD) $(call needed,--sequence,SEQUENCE)

discard: setup ## Take a parked record that can never be applied off the list: CONSUMER= SHARD= SEQUENCE=; CONFIRM=yes does it
	@$(OPERATE) discard $(call needed,--consumer,CONSUMER) $(call needed,--shard,SHARD) $(call needed,--sequence,SEQUENCE) $(CONFIRMED)

stuck: setup ## Show the sagas that wait for an operator: order, step, since when, why
	@$(OPERATE) stuck

resume: setup ## Show what an order's saga waits for: ORDER=; CONFIRM=yes resumes it where it ended
	@$(OPERATE) resume $(call needed,--order,ORDER) $(CONFIRMED)

history: setup ## An order's events as a table: ORDER= [AT=time|VERSION=n]
	@$(OPERATE) history $(call needed,--order,ORDER) $(MOMENT)

trace: setup ## What happened to an order, in every service, drawn as a waterfall: ORDER=
	@$(OPERATE) trace $(call needed,--order,ORDER)

service-map: setup ## Which service had to do with which, as recorded spans tell it: [OUT=docs/service-map.md] writes a page
	@$(OPERATE) service-map $(call option,--out,OUT)

view: setup ## What a view said of an order: ORDER= [AT=time|VERSION=n] [VIEW=order-view]
	@$(OPERATE) view $(call needed,--order,ORDER) $(MOMENT) $(call option,--view,VIEW)

reconcile: setup ## Compare event store, log and archive of three days; ALL=yes: of ever; CONFIRM=yes repairs what is missing
	@$(OPERATE) reconcile $(call flag,--all,ALL) $(CONFIRMED)

rebuild: setup ## Build a view again from the archive while it is served: VIEW=sales (an unknown name shows those there are)
	@$(OPERATE) rebuild $(call needed,--view,VIEW)

rebuild-back: setup ## Serve the generation before the last rebuild again: VIEW=
	@$(OPERATE) rebuild-back $(call needed,--view,VIEW)

rebuild-retire: setup ## Show the generation that is not served; CONFIRM=yes erases it: VIEW=
	@$(OPERATE) rebuild-retire $(call needed,--view,VIEW) $(CONFIRMED)

checksum: setup ## Compare the content of a view's generations: VIEW=
	@$(OPERATE) checksum $(call needed,--view,VIEW)

config-check: setup ## Check the documents in config/ of every environment
	@$(LOCAL) $(RUN) -m tools.configuration check

config-plan: setup ## Show what git has and what is deployed: [SERVICE=orders]
	@$(CONFIGURE) plan $(CONFIGURED)

config-apply: setup ## Deploy the documents in config/ that differ: [SERVICE=] [STRATEGY=at-once|watched]
	@$(CONFIGURE) apply $(CONFIGURED) $(call option,--strategy,STRATEGY)

config-drift: setup ## Fail if configuration was changed by hand, and name what: [SERVICE=]
	@$(CONFIGURE) drift $(CONFIGURED)

configuration-page: setup ## Write the list of every value into docs/configuration.md
	@$(LOCAL) $(RUN) -m tools.docgen.configuration_page

release: setup ## Release a version by a canary, and watch it: SERVICE=pricing VERSION= [ENVIRONMENT=]; offline [FAULT=errors=0.05]
	@$(if $(GIVEN_ENVIRONMENT),,$(LOCAL)) $(RUN) -m tools.release $(call option,--environment,ENVIRONMENT) $(call option,--region,REGION) $(call needed,--service,SERVICE) $(call needed,--version,VERSION) $(call option,--fault,FAULT)

quote: setup ## Ask pricing for a quote and order with it: [LINES=TEA-SENCHA=2,MUG-RED=1]; ENVIRONMENT= asks an account's function
	@$(if $(GIVEN_ENVIRONMENT),,$(LOCAL)) $(RUN) -m tools.quote $(call option,--environment,ENVIRONMENT) $(call option,--region,REGION) $(call option,--lines,LINES)

rotate: setup ## Replace the running system's secrets, as the schedule does: SERVICE=payments (an unknown name shows those there are)
	@$(LOCAL) $(RUN) -m tools.local rotate $(call argument,SERVICE)

secret-scan: setup ## Look for credentials in code, templates, packages and logs: PATHS=image.tar:folder
	@$(LOCAL) $(RUN) -m tools.checks.secret_scan $(call option,--paths,PATHS)

audit: setup ## Check every environment's templates with cfn-lint and checkov; exceptions are in tools/checks/audit/accepted.toml
	@$(LOCAL) $(RUN) -m tools.checks.audit

mutate: setup ## Change the code, one small change at a time: a test must fail, or a reason is on file: PATHS=lambdas/payments:lambdas/orders
	@$(LOCAL) $(RUN) -m tools.checks.mutation $(call option,--paths,PATHS)

k8s-check: setup ## Judge all manifests in k8s/, one by one and together: [CRDS=folder of definitions] [ENVIRONMENT=prod fails while it is blocked]
	@$(LOCAL) $(RUN) -m tools.kubernetes check $(call option,--crds,CRDS) $(call option,--stage,ENVIRONMENT)

pin-images: setup ## Ask registries what images are now, and write their digests into an overlay of k8s/: ENVIRONMENT=dev VERSION=1.0.0
	@$(RUN) -m tools.kubernetes.pinning $(call needed,--environment,ENVIRONMENT,dev|staging|prod) $(call option,--region,REGION) $(call option,--version,VERSION)

k8s-render: setup ## Write what kustomize makes of k8s/ into k8s/rendered/, for reviewers
	@$(LOCAL) $(RUN) -m tools.kubernetes render

k8s-judge: setup ## Judge manifests as an API server would: IN=cases.jsonl OUT=verdicts.jsonl [CRDS=folder of definitions]
	@$(LOCAL) $(RUN) -m tools.kubernetes judge $(call needed,--in,IN,file) $(call needed,--out,OUT,file) $(call option,--crds,CRDS)

simulate: setup ## Run the real code on a simulated AWS that breaks by dice: [SEED=7 | SEEDS=1-200] [DAYS=1] [BUG=name] [TRACE=file]
	@$(LOCAL) $(RUN) -m tools.simulation $(call option,--seed,SEED) $(call option,--seeds,SEEDS) $(call option,--days,DAYS) $(call option,--bug,BUG) $(call option,--trace,TRACE)

service: setup ## Show the files of a new service; CONFIRM=yes writes them: NAME=returns KIND=aggregate|worker|view|api [OWNER=team]
	@$(LOCAL) $(RUN) -m tools.generator make $(call needed,--name,NAME) $(call needed,--kind,KIND,aggregate|worker|view|api) $(call option,--owner,OWNER) $(CONFIRMED)

rename: setup ## Show what another name of the product would change: NAME=; CONFIRM=yes writes it
	@$(LOCAL) $(RUN) -m tools.rename $(call needed,--name,NAME) $(CONFIRMED)

service-remove: setup ## Show what removing a service deletes; CONFIRM=yes removes it: NAME=
	@$(LOCAL) $(RUN) -m tools.generator remove $(call needed,--name,NAME) $(CONFIRMED)

parity: setup ## Write docs/parity.md from the templates and docs/parity.toml
	@$(LOCAL) $(RUN) -m tools.docgen.parity_document

catalogue: setup ## Write docs/catalogue.md, docs/architecture.md and CODEOWNERS from templates, declarations and schemas
	@$(LOCAL) $(RUN) -m tools.docgen.catalogue

client: setup ## Make a Python client of each API from its document: [OUT=folder], else .build/clients
	@$(RUN) -m tools.docgen.clients $(call option,--out,OUT)

release-contracts: setup ## Keep the event schemas and the APIs, GraphQL too, as released; refused if old readers or callers would break
	@$(RUN) -m tools.checks.contracts.release

deploy: setup ## Deploy to the account of your AWS credentials: ENV=dev|staging|prod [REGION=] [SERVICE=] [CONTAINERS=yes]; with APPROVE=yes it asks nothing
	@$(RUN) -m tools.operations $(HERE) where
	@$(RUN) -m tools.operations $(HERE) quota
	@$(RUN) -m tools.operations $(HERE) mail
	@$(RUN) -m tools.operations $(HERE) providers
	@$(RUN) -m tools.operations $(HERE) spans
	@$(RUN) -m tools.configuration check --environment=$(STAGE) --committed
	@$(CDK) deploy $(ONE_OR_ALL) $(CONTEXT) $(WITH_CONTAINERS) $(APPROVED)
	@$(RUN) -m tools.configuration apply $(HERE) $(call option,--service,SERVICE)

pipelines: setup ## Synthesize the pipelines and the roles of each account, with every rule checked: tools/delivery/delivery.toml
	@$(BIN)/cdk synth --quiet --app "$(RUN) -m tools.delivery.app" --output cdk.out/delivery

canary: setup ## Watch a service's alarms after its deployment, as its pipeline does: ENV=prod SERVICE=orders
	@$(RUN) -m tools.delivery $(HERE) $(call needed,--service,SERVICE)

smoke: setup ## Check on a deployment what only AWS decides, and say what each check proves: ENVIRONMENT=dev|staging|prod
	@$(if $(GIVEN_ENVIRONMENT),,$(LOCAL)) $(RUN) -m tools.smoke $(call option,--environment,ENVIRONMENT) $(call option,--region,REGION)

destroy: setup ## Show what a teardown would delete and what must stay; CONFIRM=yes does it
	@$(RUN) -m tools.teardown $(HERE) $(CONFIRMED)

snapshots: setup ## Accept the templates as they are now; read the diff before you commit it
	@$(PYTEST) tests/infra/test_snapshots.py --snapshot-update

lock: setup ## Resolve the pinned versions again
	@for name in requirements requirements/bootstrap requirements/emulator requirements/bench requirements/audit requirements/kubernetes; do \
		$(BIN)/uv pip compile $(LOCK) $$name.in -o $$name.txt; done
	@$(BIN)/uv pip compile $(LOCK) --constraint requirements.txt requirements/containers.in -o requirements/containers.txt
	@for name in pricing_server/requirements pricing_server/build partners/requirements; do \
		$(BIN)/uv pip compile $(LOCK) --constraint requirements/containers.txt containers/$$name.in -o containers/$$name.txt; done
	@$(BIN)/uv pip compile $(LOCK) --constraint requirements.txt lambdas/shared/requirements.in -o lambdas/shared/requirements.txt

clean: ## Stop the system, and remove what was built and installed
	@$(LOCAL) $(RUN) -m tools.local down 2>/dev/null || echo "clean: nothing could be asked to stop"
	@rm -rf .build .cache .local cdk.out node_modules web/node_modules web/dist $(VENV) .venv-*
