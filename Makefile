# What a contributor types; `make` alone explains. Everything happens in .venv, made from requirements/dev.txt.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
bin := .venv/bin
export repository :=
workers := 4

.PHONY: help run test test-all fix docs site build golden bench mutants soak lock set-up

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: set-up ## Bake a service into an example repository and serve it (make run repository=PATH serves yours)
	@exec scripts/demo "$$repository"

test: set-up ## Run everything that CI runs: format, lint, types, import law, docs, Dockerfile, tests (workers=4)
	@scripts/check --numprocesses=$(workers)

test-all: set-up ## Run also the tests that are too long for `make test` (up to 90 minutes)
	@scripts/check --numprocesses=$(workers) -m ''

fix: set-up ## Format the code, and fix what the linter can fix
	@$(bin)/ruff format
	@$(bin)/ruff check --fix

docs: set-up ## Generate docs/reference from the code
	@$(bin)/python docs/reference.py

site: set-up ## Build the documentation as a site, in out/site
	@$(bin)/python -m tests.tools.site

build: set-up ## Build the source distribution and the wheel into dist/; the same commit gives the same bytes
	@scripts/build

golden: set-up ## Rewrite the expected results of tests/cases, tests/changes and tests/assessment, and the docs' pictures; review the diff
	@SCENEDOCK_GOLDEN=rewrite $(bin)/python -m pytest tests/cases tests/changes tests/assessment tests/browser
	@SCENEDOCK_GOLDEN=rewrite $(bin)/python -m pytest -m extended tests/tutorial/test_in_the_browser.py

bench: set-up ## Run the benchmarks against comparable tools, as ratios; those of the export, the feed, publishing, versions and manifests go into docs/benchmarks.md, those of growth into docs/sizing.md
	@$(bin)/python -m bench.bake
	@$(bin)/python -m bench.board
	@$(bin)/python -m bench.export
	@$(bin)/python -m bench.feed
	@$(bin)/python -m bench.publishing
	@$(bin)/python -m bench.releases
	@$(bin)/python -m bench.manifests
	@$(bin)/python -m bench.http
	@$(bin)/python -m bench.tasks
	@$(bin)/python -m bench.backstage_bakes
	@$(bin)/python -m bench.growth

mutants: set-up ## Change a condition at a time in critical modules: do their tests notice? (seed=2: another sample)
	@$(bin)/python -m bench.mutants --seed $(or $(seed),1)

soak: set-up ## The long runs of the random tests and of the fault harness (half a day)
	@SCENEDOCK_SOAK=1 SCENEDOCK_SOAK_EXAMPLES=2000 SCENEDOCK_SOAK_RUNS=5000 $(bin)/python -m pytest -m "" tests/properties \
		tests/skeletons/test_like_cookiecutter_at_random.py tests/faults/test_kill.py tests/publishing/test_killed.py tests/publishing/test_bumps_in_any_order.py tests/publishing/test_killed_changes.py -o log_cli=true -o log_cli_level=INFO

# One resolution: the smaller locks take their versions from dev.txt. What is pinned stays until upgrade=--upgrade.
compile := UV_CUSTOM_COMPILE_COMMAND="make lock" $(bin)/uv pip compile --no-config --system-certs --quiet --universal --generate-hashes
lock: set-up ## Pin requirements/*.txt, and those of the skeleton for services (make lock upgrade=--upgrade for newer versions)
	@$(compile) $(upgrade) pyproject.toml --group dev --output-file requirements/dev.txt
	@$(compile) pyproject.toml --constraint requirements/dev.txt --output-file requirements/runtime.txt
	@$(compile) --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	@$(compile) $(upgrade) --group docs --output-file docs/requirements.txt
	@$(bin)/python scripts/lock_skeleton.py $(upgrade)

set-up:
	@scripts/bootstrap
