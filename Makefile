# skeleton; see help
.DEFAULT_GOAL := help
help:
	@echo "make demo | test | bench | lint | micropython | format | clean"
lint:
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/lint-imports
test:
	.venv/bin/python -m pytest
.PHONY: help lint test
