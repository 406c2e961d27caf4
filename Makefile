# What there is to do here, as commands. `make publish` and `make test` do everything from nothing.
#
# The virtual environment is a product of the locked lists in requirements/; delete .venv to make it again.

PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help publish serve plan status test check format docs bench lighthouse corpus whole crash mutants scoreboard lock clean

help: ## Say what there is to do
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

publish: .venv/run ## Publish the show in this folder (to public/, unless a bucket is named)
	@$(BIN)/omroep publish

serve: .venv/run ## Look at the show and listen to it on this machine
	@$(BIN)/omroep serve

plan: .venv/run ## Show what a publish would do
	@$(BIN)/omroep plan

status: .venv/run ## Show how every episode stands
	@$(BIN)/omroep status

test: .venv/dev ## Run the tests, with a sample of the long rigs
	@$(BIN)/pytest --numprocesses 3 --dist worksteal -m "not whole"

whole: .venv/dev ## Run the rest of the long rigs: pages in a real browser, podcast apps, workflows, the wheel and more
	@$(BIN)/pytest --numprocesses 3 --dist worksteal -m whole

check: .venv/dev ## Lint and types, strictly
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/dev ## Lay the code out
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

docs: .venv/run ## Write the help texts into README and docs
	@$(BIN)/python -m tests.docs

bench: .venv/bench ## Measure speed beside peers, as ratios
	@$(BIN)/python -m tests.bench

lighthouse: .venv/dev ## Have Google's Lighthouse judge home and an episode (needs npm ci in tests/judges)
	@$(BIN)/pytest -s tests/lighthouse.py

corpus: .venv/dev ## Try every odd file of mutagen's tests (and of folders in OMROEP_CORPUS)
	@$(BIN)/python -m tests.corpus

crash: .venv/dev ## Stop, disturb and mislead publishers at every request (with EVERY=11 at every eleventh): listeners never notice
	@$(BIN)/python -m tests.crash $(if $(EVERY),--every $(EVERY)) $(PARTS)

mutants: .venv/dev ## Break the product on purpose, and see that the crash rig notices
	@$(BIN)/python -m tests.crash mutants

scoreboard: .venv/dev ## Drop 60 recordings on two watchers in every rude way, and count
	@$(BIN)/python -m tests.scoreboard 60

lock: ## Renew requirements/ from pyproject.toml (needs uv)
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --group dev --group bench -o requirements/bench.txt

clean: ## Remove what can be made again (not public/)
	rm -rf .venv .omroep .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/built: requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit("omroep needs Python 3.11 or newer; say which with make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Making .venv (once; a minute or so)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements/build.txt
	@touch $@

.venv/run: .venv/built requirements/run.txt pyproject.toml
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@

.venv/bench: .venv/dev requirements/bench.txt
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/bench.txt
	@touch $@
