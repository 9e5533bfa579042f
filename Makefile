# The commands that a developer types. Each target installs or builds what it needs: Debian packages,
# the virtual environment, the MicroPython sources, the binaries (tools/iotsafe_tools/toolchain).
#
#   PYTHON=           the system Python that makes the virtual environment (3.11 or newer)
#   MICROPYTHON_DIR=  your own MicroPython source tree instead of the pinned one
#   UMQTT_DIR=        your own folder with umqtt/simple.py
#   BOARD=, VARIANT=  make firmware, flash, deploy: a folder of boards/ and one of its variants
#   PORT=             make flash, deploy, mount: the board's serial port
#   MESSAGES=         make demo, pico: stop after this many delivered messages
#   ARGS=             make test, check: further arguments for pytest
#   DATE=             make test: on another day, 2028-02-29 or +2y (only the tests, not the set-up)
#   LOAD=             make test: beside this many processes that never rest
#   SUITE=, WHO=      make fresh: one of bookworm, trixie, noble instead of all; WHO=user: with sudo.
#                     ARGS= is for its make test
#   MINUTES=          make soak: the budget; 60 by default
#   CAMPAIGN=, SEED=  make soak: one campaign only, or one of its cases again
#   SELF_CHECK=1      make soak: check that each campaign finds a planted fault

PYTHON ?= python3
BOARD ?= WAVESHARE_PICO_SIM7080G
export PYTHON MICROPYTHON_DIR UMQTT_DIR

# Python's bytecode is kept, out of the way: else every process of the tests compiles it again.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache

SETUP := @tools/iotsafe_tools/toolchain/run.sh
BIN := .venv/bin
UNDER = $(if $(DATE),$(BIN)/python host_tests/conditions/other_day.py '$(DATE)') \
	$(if $(LOAD),$(BIN)/python host_tests/conditions/beside_load.py '$(LOAD)')
CHOSEN := --board '$(BOARD)' --variant '$(VARIANT)'

.DEFAULT_GOAL := help
.PHONY: help demo pico repl mount test check fresh soak bench lint format pcsc micropython firmware reproduce \
	flash deploy clean

help:  ## print this list
	@sed -n 's/^\([a-z]*\):[ a-z]*## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo:  ## watch a simulated modem and SIM, the firmware and a broker deliver messages (MESSAGES=5)
	$(SETUP) micropython
	@$(BIN)/python -m iotsafe_tools.demo $(if $(MESSAGES),--messages $(MESSAGES))

pico:  ## the same with the Raspberry Pi Pico's image in an emulator (MESSAGES=5)
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator pico $(if $(MESSAGES),--messages $(MESSAGES))

repl:  ## open a REPL on the emulated Pico, with modem and SIM attached
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator repl

mount:  ## the same with lib/ and firmware/ mounted: edit on the host, import on the board (PORT=)
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator mount --port '$(PORT)'

test:  ## run all tests on CPython, MicroPython and the emulated Pico (ARGS="-k name")
	$(SETUP) test
	@$(UNDER) $(BIN)/python -m pytest -n auto $(ARGS)

fresh: export ARGS := $(ARGS)
fresh:  ## run the README's two commands on a bare Debian 12, 13, Ubuntu 24.04 (SUITE=, ARGS=)
	@PYTHONPATH=tools $(PYTHON) -m iotsafe_tools.fresh --suite '$(SUITE)' $(if $(WHO),--as '$(WHO)')

check: lint  ## check the style, run the tests that need no process and no board (ARGS="-k name")
	$(SETUP) micropython
	@FUZZ_CASES=50 $(BIN)/python -m pytest -n auto --quick $(ARGS)

soak:  ## run all campaigns with random seeds (MINUTES=60, CAMPAIGN=, SEED=, SELF_CHECK=1)
	$(SETUP) test
	@PYTHONPATH=host_tests $(BIN)/python -m soak $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(CAMPAIGN),--campaign $(CAMPAIGN)) $(if $(SEED),--seed $(SEED)) \
		$(if $(SELF_CHECK),--self-check)

bench:  ## measure the cost of a connect, here and on the emulated Pico; write build/bench.json
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.bench

lint:  ## check style and import rules
	$(SETUP) venv
	@$(BIN)/ruff format --check --quiet --diff .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports

format:  ## format the code and fix what ruff can fix
	$(SETUP) venv
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

pcsc:  ## install pcscd, vpcd, opensc-tool and pyscard, for real or simulated PC/SC readers
	$(SETUP) pcsc

micropython:  ## build build/unix/micropython and build/mpy-cross/mpy-cross
	$(SETUP) micropython
	@ls -1 build/unix/micropython build/mpy-cross/mpy-cross

firmware:  ## build a board's image in build/firmware (BOARD=, VARIANT=)
	$(SETUP) firmware $(CHOSEN)

reproduce:  ## build that image again in another folder and compare the two (BOARD=, VARIANT=)
	$(SETUP) reproduce $(CHOSEN)

flash:  ## build an image and write it to the board (BOARD=, VARIANT=, PORT=)
	$(SETUP) flash $(CHOSEN) --port '$(PORT)'

deploy:  ## copy our files to a board that already runs MicroPython (BOARD=, PORT=)
	$(SETUP) deploy $(CHOSEN) --port '$(PORT)'

clean:  ## remove everything that make created, except the downloads in build/downloads
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name downloads -exec rm -rf {} +; fi
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf ./*.egg-info tools/*.egg-info tools/shims/*.egg-info
