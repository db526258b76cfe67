# Two commands matter: make demo and make test. Each sets up .venv by itself when it is missing or stale.
.DEFAULT_GOAL := help
.PHONY: help venv demo test coverage check bench lock clean
export PYTHON ?= python3
RUN := .venv/bin/python -m

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

venv: ## create .venv when it is missing or stale
	@./venv.sh

demo: venv ## a recorded shop lands in Postgres, changes, and lands again
	@.venv/bin/unisync demo

# Work is shared by file, in the order of tests/conftest.py.
PYTEST := $(RUN) pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: venv ## all tests
	@$(PYTEST)

coverage: venv ## all tests while what they reach is measured, which takes a third longer
	@$(PYTEST) --cov --cov-report=
	@$(RUN) coverage report --include='domain/*,mapping/*' --fail-under=85
	@$(RUN) coverage report --fail-under=75

check: venv ## linter, formatter, types, import contracts
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@.venv/bin/lint-imports

bench: venv ## 20,000 orders against a naive script and the floor; calls per order posted to the books
	@$(RUN) benchmarks

lock: venv ## resolve the dependencies anew into requirements.lock
	@$(RUN) uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--upgrade --extra dev --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## remove everything that can be made again
	@rm -rf .venv build dist *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
