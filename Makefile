# Every target sets itself up from Python 3.11 to 3.13, make and git alone; the second time it is quick.
.DEFAULT_GOAL := help
.PHONY: help run test test-cluster test-postgres test-crash dev check fix backfill papers patents hub inventory attribute replay-alerts slack-test outbox bench bench-backfill bench-page page-pictures scan-bench fuzz bench-cluster doctor backup verify-backup restore retention upgrade settings-page ui-pictures lock clean load soak
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
# Compiled bytecode saves each later process several seconds of imports.
export UV_COMPILE_BYTECODE := 1
export PYTHONUNBUFFERED := 1
# A text goes to the program through the environment, where no shell reads it.
export TEXT RETRY DISMISS
# Great Expectations reports its use to its makers unless told not to.
export GX_ANALYTICS_ENABLED := false

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 18
	@echo '  Settings are environment variables or lines of .env: see .env.example'

run: $(READY) ## Materialise a month of the sandbox world (or, live, the newest day) and say where it is
	@$(PY) -m orchestration.cli run

test: $(READY) ## Run the whole test suite, on all cores
	@$(PY) -m pytest -n auto --dist loadfile

test-crash: $(READY) ## Kill backfills, and start them beside daily runs, at TRIES random moments (default 20; 90 minutes)
	@TEST_TRIES=$(or $(TRIES),20) $(PY) -m pytest tests/orchestration/test_backfill_killed.py tests/orchestration/test_side_by_side.py tests/orchestration/test_services_killed.py

.PHONY: test-faults reliability-page
test-faults: $(READY) ## Try every kind of fault, with 1,000 random kills, and write docs/reliability.md (TRIES=1: that many thousand kills)
	@mkdir -p .observatory && rm -f .observatory/faults.jsonl
	@FAULTS_TALLY=.observatory/faults.jsonl TEST_TRIES=$(or $(TRIES),1) $(PY) -m pytest -p tests.faults.tally --ignore tests/faults/test_reliability.py $$($(PY) -m tests.faults.reliability tests); \
	    status=$$?; $(MAKE) --no-print-directory reliability-page && exit $$status

reliability-page: $(READY) ## Write docs/reliability.md of the tries that test-faults noted
	@$(PY) -m tests.faults.reliability page .observatory/faults.jsonl

test-postgres: $(READY) ## Run the orchestration tests with Dagster's storage on PostgreSQL (a server is started; 15 minutes)
	@TEST_DAGSTER_STORAGE=postgres $(PY) -m pytest tests/orchestration

test-cluster: $(READY) ## Backfills on a Dask cluster of processes here that are killed, and on an S3 server (7 minutes)
	@TEST_CLUSTER=1 $(PY) -m pytest tests/resources/test_dask_engine.py tests/resources/test_lake.py tests/orchestration/test_cluster.py

dev: $(READY) ## Dagster UI on localhost with schedule and sensors on
	@$(PY) -m orchestration.cli dev

check: $(READY) ## Lint, format, types, layer rule, bandit, licences, known vulnerabilities
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy orchestration checks assets resources sandbox benchmarks
	@$(VENV)/bin/lint-imports
	@$(PY) -m bandit --quiet --configfile pyproject.toml --recursive orchestration checks assets resources sandbox benchmarks
	@$(PY) -m orchestration.dependencies licences
	@$(PY) -m orchestration.dependencies audit
	@DAGSTER_HOME= $(VENV)/bin/dg check defs

fix: $(READY) ## Format, and mend what the linter can mend
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

backfill: $(READY) ## Materialise a range of days, or go on with it: make backfill FROM=2024-11-01 TO=2024-11-30 (ORDER=oldest, FRESH=1)
	@test -n "$(FROM)" && test -n "$(TO)" || { echo 'usage: make backfill FROM=YYYY-MM-DD TO=YYYY-MM-DD'; exit 2; }
	@$(PY) -m orchestration.cli backfill "$(FROM)" "$(TO)" $(if $(ORDER),--order "$(ORDER)") $(if $(FRESH),--fresh)

papers: $(READY) ## Materialise a range of months of papers: make papers FROM=2022-05 TO=2024-11
	@test -n "$(FROM)" && test -n "$(TO)" || { echo 'usage: make papers FROM=YYYY-MM TO=YYYY-MM'; exit 2; }
	@$(PY) -m orchestration.cli papers "$(FROM)" "$(TO)"

patents: $(READY) ## Materialise the weeks of patents of a range: make patents FROM=2024-10-01 TO=2024-12-10
	@test -n "$(FROM)" && test -n "$(TO)" || { echo 'usage: make patents FROM=YYYY-MM-DD TO=YYYY-MM-DD'; exit 2; }
	@$(PY) -m orchestration.cli patents "$(FROM)" "$(TO)"

hub: $(READY) ## State and count the Hub's snapshots of a range; today's is taken: make hub FROM=2024-12-01 TO=2024-12-16
	@test -n "$(FROM)" && test -n "$(TO)" || { echo 'usage: make hub FROM=YYYY-MM-DD TO=YYYY-MM-DD'; exit 2; }
	@$(PY) -m orchestration.cli hub "$(FROM)" "$(TO)"

inventory: $(READY) ## Count partitions made, failed and missing, and give the commands that mend them
	@$(PY) -m orchestration.cli inventory

attribute: $(READY) ## Explain one location text: make attribute TEXT="Cambridge, MA"
	@test -n "$$TEXT" || { echo 'usage: make attribute TEXT="Cambridge, MA"'; exit 2; }
	@$(PY) -m orchestration.cli attribute -- "$$TEXT"

slack-test: $(READY) ## Post one sample alert, marked as a test, with chart and reply to Slack
	@$(PY) -m orchestration.cli slack-test

replay-alerts: $(READY) ## What the alert rules would have sent, nothing sent: make replay-alerts FROM=2024-11-01 TO=2024-12-16 (ALL=1: unsaid states, too)
	@test -n "$(FROM)" && test -n "$(TO)" || { echo 'usage: make replay-alerts FROM=YYYY-MM-DD TO=YYYY-MM-DD'; exit 2; }
	@$(PY) -m orchestration.cli replay-alerts "$(FROM)" "$(TO)" $(if $(ALL),--all)

outbox: $(READY) ## List what waits for Slack and dead letters; RETRY=all (or a key) queues these anew, DISMISS=… lays them aside
	@if test -n "$$RETRY"; then $(PY) -m orchestration.cli outbox retry -- "$$RETRY"; \
		elif test -n "$$DISMISS"; then $(PY) -m orchestration.cli outbox dismiss -- "$$DISMISS"; \
		else $(PY) -m orchestration.cli outbox; fi

bench: $(READY) ## Measure speed and accuracy: scan, gazetteer, indices, corrected shares, capture, losses, shocks, shifts, mentions, patents (62 minutes)
	@$(PY) -m benchmarks.scan
	@$(PY) -m benchmarks.gazetteer
	@$(PY) -m benchmarks.indices
	@$(PY) -m benchmarks.commit_origins
	@$(PY) -m benchmarks.worlds
	@$(PY) -m benchmarks.coverage
	@$(PY) -m benchmarks.losses
	@$(PY) -m benchmarks.gap_worlds
	@$(PY) -m benchmarks.shock_placebos
	@$(PY) -m benchmarks.shifts
	@$(PY) -m benchmarks.mentions
	@$(PY) -m benchmarks.patents

bench-backfill: $(READY) ## Measure what Dagster costs: 60 days against a loop, 1,700 tiny partitions, a daily run (25 minutes)
	@$(PY) -m benchmarks.backfill

bench-page: $(READY) ## The page of four years: bytes, and time to first view in chromium (1 minute)
	@$(PY) -m benchmarks.page

page-pictures: $(READY) ## Take the pictures of the page in docs/images, of what make run made (or PAGE=…)
	@$(PY) -m benchmarks.page_pictures "$(or $(PAGE),.observatory/sandbox/published/current/index.html)"

scan-bench: $(READY) ## Measure the archive scan against its peers, on whole and damaged hours (8 minutes)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --group bench
	@$(PY) -m assets.activity.scan_compile
	@$(PY) -m benchmarks.scan

fuzz: $(READY) ## Fuzz every parser of foreign bytes: FUZZ_RUNS in all (200000), FUZZ_SECONDS a target, FUZZ_TARGETS (4 minutes)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --group fuzz
	@FUZZ_RUNS="$(FUZZ_RUNS)" FUZZ_SECONDS="$(FUZZ_SECONDS)" FUZZ_TARGETS="$(FUZZ_TARGETS)" $(PY) -m tests.fuzz.run

bench-cluster: $(READY) ## What Dask with two workers costs over a loop, on 60 days of the sandbox (5 minutes)
	@$(PY) -m benchmarks.cluster

load: $(READY) ## Ten times today's real volume through ingest: make load HOURS=24 (of a day; 15 minutes and 30 GB of disk)
	@$(PY) -m benchmarks.load --hours $(or $(HOURS),24)

soak: $(READY) ## 500 simulated days of daemon, schedule and retention: what grows; make soak DAYS=500 (WHOLE=1: real functions; FOLDER=…; MEASURE=1: what FOLDER gives)
	@$(PY) -m benchmarks.soak --days $(or $(DAYS),500) $(if $(WHOLE),--whole) $(if $(FOLDER),--folder "$(FOLDER)") $(if $(MEASURE),--measure)

doctor: $(READY) ## Check settings, reach, disk and versions; say how to mend each
	@$(PY) -m orchestration.cli doctor

backup: $(READY) ## Back up data and Dagster's storage, also while runs write
	@$(PY) -m orchestration.production backup

verify-backup: $(READY) ## Compare a backup with its manifest: make verify-backup FROM=…
	@test -n "$(FROM)" || { echo 'usage: make verify-backup FROM=FOLDER'; exit 2; }
	@$(PY) -m orchestration.production verify "$(FROM)"

restore: $(READY) ## Put a backup in the place of the data: make restore FROM=… or FROM=newest (REPLACE=1: also where there are data)
	@test -n "$(FROM)" || { echo 'usage: make restore FROM=FOLDER|newest [REPLACE=1]'; exit 2; }
	@$(PY) -m orchestration.production restore $(if $(REPLACE),--replace) "$(FROM)"

.PHONY: data-dictionary
data-dictionary: $(READY) ## Write docs/data_dictionary.md, every table and column in words
	@$(PY) -m orchestration.dictionary_docs

retention: $(READY) ## Delete old runs and logs by which Dagster knows nothing; the daemon does it each day
	@$(PY) -m orchestration.production retention

upgrade: $(READY) ## Bring an older installation to this version, after a backup; stop the services first
	@$(PY) -m orchestration.production upgrade

settings-page: $(READY) ## Write docs/settings.md, the list of all settings
	@$(PY) -m orchestration.setting_docs

ui-pictures: $(READY) ## Take the pictures of the Dagster UI in docs/images anew, after `make run`
	@$(PY) -m orchestration.ui_pictures

.PHONY: licences audit
licences: $(READY) ## Write docs/licences.md, of all that is installed to run the platform
	@$(PY) -m orchestration.dependencies

audit: $(READY) ## Ask the package index for known vulnerabilities of what is locked
	@$(PY) -m orchestration.dependencies audit

lock: $(READY) ## Resolve pyproject.toml into requirements.lock
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --all-extras --group dev \
		--python-version 3.11 --custom-compile-command 'make lock' -o requirements.lock pyproject.toml

clean: ## Remove the environment, caches and the sandbox data; live data stays
	@rm -rf $(VENV) .observatory/sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock assets/activity/scan_compiled.cpp
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo 'Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 …'; exit 2; }
	@echo 'installing from requirements.lock …'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@$(PY) -m assets.activity.scan_compile
	@touch $(READY)
