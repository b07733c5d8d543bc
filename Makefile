# Needs Python 3.11 or newer and nothing else prepared. `make help` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
export PYTHONDONTWRITEBYTECODE := 1

CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for each in $(CANDIDATES); do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)

# A stamp's name holds a checksum of the requirements: when they change, so does the name, and the install runs again.
RUNTIME := .venv/.runtime-$(shell cat requirements-devtools.txt | cksum | cut -d' ' -f1)
BENCH := .venv/.bench-$(shell cat requirements-devtools.txt requirements-dev.txt requirements-bench.txt | cksum | cut -d' ' -f1)
TOOLS := .venv/.tools-$(shell cat requirements-devtools.txt requirements-dev.txt | cksum | cut -d' ' -f1)
NODE := .venv/.node-$(shell cat requirements-web.txt | cksum | cut -d' ' -f1)
WEB := web/dist/.built-$(shell find web words tools/web.py requirements-web.txt -type f \
	-not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -name schema.d.ts -print0 | sort -z | xargs -0 cat | cksum | cut -d' ' -f1)
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes

BENCHMARKS := report_path report_peers processor_time rows_of_one_person latency console_pages reads planning sending due_storm pace import_rows decided_by_records screens

.PHONY: help run web test check bench drills faults fuzz mutants screenshots security sbom format docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) $(WEB) ## start everything on http://localhost:8000 (PORT changes it); Ctrl-C stops it
	@exec .venv/bin/flask --app app serve

web: $(WEB) ## build the phone app and the console into web/dist

test: $(TOOLS) $(WEB) ## the whole test suite, with a PostgreSQL of its own
	.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(TOOLS) $(WEB) ## format, lint, types, import contracts, containers, tests, generated docs; then a summary
	@.venv/bin/python -m tools.check

drills: $(TOOLS) ## break a whole installation on purpose and compare what was promised with what is stored
	@.venv/bin/python -m drills

security: $(TOOLS) ## attack a whole installation: probes of every operation, guesses, floods, forged tokens, changed events, swapped rows, marked people
	@DRILL_PROBES=10000 DRILL_GUESSES=1000 DRILL_TAMPERING=1000 DRILL_MARKED=100 \
		.venv/bin/python -m drills probes guessing tampering canary

faults: $(TOOLS) ## answer messages wrongly, late or never, kill workers and database for ten minutes, keep Firebase away for 72 hours
	@DRILL_FAULT_SECONDS=$${DRILL_FAULT_SECONDS:-600} DRILL_STORM=$${DRILL_STORM:-100000} .venv/bin/python -m drills faults outage

fuzz: $(TOOLS) ## feed hostile text to every parser of outside text (FUZZ_RUNS=5000000 for long)
	@.venv/bin/python -m tests.fuzz

mutants: $(TOOLS) ## change the rules line by line and check that a test fails (an hour or two)
	@.venv/bin/python -m tools.mutants

bench: $(BENCH) ## the benchmarks: each prints a table (BENCH_PEOPLE=4000000 for a whole country)
	@set -e; for each in $(BENCHMARKS); do .venv/bin/python -m benchmarks.$$each; done

screenshots: $(TOOLS) $(WEB) ## picture every screen: phones and desks, languages, themes, 200 % and long words, in var/screenshots
	@SCREENSHOTS=var/screenshots .venv/bin/pytest tests/browser -n 2 --dist loadfile

sbom: $(TOOLS) $(NODE) ## list every component of the service and of its screens in sbom/ (CycloneDX)
	@mkdir -p sbom
	@.venv/bin/cyclonedx-py requirements --output-reproducible --output-file sbom/service.cdx.json requirements.txt
	@.venv/bin/python -m tools.web sbom > sbom/web.cdx.json
	@echo "sbom/service.cdx.json and sbom/web.cdx.json are written."

format: $(TOOLS) ## format the code
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

docs: $(TOOLS) ## write the generated documents in docs/ again
	.venv/bin/flask --app app docs write

lock: $(TOOLS) ## pin the requirements*.in files again (LOCK=--upgrade for the newest versions)
	@for each in requirements requirements-web requirements-devtools requirements-dev requirements-bench; do \
		.venv/bin/uv pip compile --python-version 3.11 --universal --generate-hashes --no-header --quiet \
			--no-emit-index-url --no-emit-find-links $(LOCK) $$each.in -o $$each.txt || exit 1; done

clean: ## remove .venv, what was built, and caches; the database under var/ stays
	rm -rf web/node_modules web/dist .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): | .venv/bin/pip
	@echo "Installing what the service runs on (about a minute, once) ..."
	@$(INSTALL) -r requirements-devtools.txt
	@rm -f .venv/.runtime-*
	@touch $@

$(TOOLS): $(RUNTIME)
	@echo "Installing the tools ..."
	@$(INSTALL) -r requirements-dev.txt
	@rm -f .venv/.tools-*
	@touch $@

$(BENCH): $(TOOLS)
	@echo "Installing what the benchmarks compare with ..."
	@$(INSTALL) -r requirements-bench.txt
	@rm -f .venv/.bench-*
	@touch $@

$(NODE): | .venv/bin/pip
	@echo "Installing Node, to build phone app and console (206 MB, once) ..."
	@$(INSTALL) -r requirements-web.txt
	@rm -f .venv/.node-*
	@touch $@

$(WEB): $(NODE)
	@echo "Building phone app and console (some seconds) ..."
	@.venv/bin/python -m tools.web build
	@rm -f web/dist/.built-*
	@touch $@

.venv/bin/pip:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and was not found (tried: $(CANDIDATES))." >&2; \
		echo "Install it, or name it: make PYTHON=/path/to/python3 ..." >&2; exit 1; fi
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv." >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear .venv
