# Everything a developer types. Each target prepares what it needs by itself: Debian packages,
# the virtual environment, the MicroPython sources, the build (tools/iotsafe_tools/setup).
#
#   PYTHON=           the system Python to begin with (3.11 or newer)
#   MICROPYTHON_DIR=  a MicroPython source tree of your own instead of the pinned one
#   UMQTT_DIR=        a folder of your own that holds umqtt/simple.py
#   MESSAGES=         make demo: end after so many delivered messages
#   ARGS=             make test: further arguments for pytest

PYTHON ?= python3
export PYTHON MICROPYTHON_DIR UMQTT_DIR

SETUP := @tools/iotsafe_tools/setup/run.sh
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint format micropython clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):  *## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo:  ## a simulated modem and SIM, a broker, the firmware: watch messages arrive (MESSAGES=5)
	$(SETUP) micropython
	@$(BIN)/python -m iotsafe_tools.demo $(if $(MESSAGES),--messages $(MESSAGES))

test:  ## every test, on CPython and on MicroPython (ARGS="-k name")
	$(SETUP) micropython
	@$(BIN)/python -m pytest $(ARGS)

bench:  ## what a connect costs; writes build/bench.json
	$(SETUP) micropython
	@$(BIN)/python -m iotsafe_tools.bench

lint:  ## style, and the rules of who may import whom
	$(SETUP) venv
	@$(BIN)/ruff format --check --quiet --diff .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports

format:  ## bring the style into order
	$(SETUP) venv
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

micropython:  ## build/unix/micropython and build/mpy-cross/mpy-cross
	$(SETUP) micropython
	@ls -1 build/unix/micropython build/mpy-cross/mpy-cross

clean:  ## remove whatever was made, except the verified downloads in build/downloads
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name downloads -exec rm -rf {} +; fi
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf ./*.egg-info tools/*.egg-info tools/shims/*.egg-info
