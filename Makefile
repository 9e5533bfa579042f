# Everything a developer types. Each target prepares what it needs by itself: Debian packages,
# the virtual environment, the MicroPython sources, the build (tools/iotsafe_tools/toolchain).
#
#   PYTHON=           the system Python to begin with (3.11 or newer)
#   MICROPYTHON_DIR=  a MicroPython source tree of your own instead of the pinned one
#   UMQTT_DIR=        a folder of your own that holds umqtt/simple.py
#   BOARD=, VARIANT=  make firmware, flash, deploy: a folder of boards/, and one of its variants
#   PORT=             make flash, deploy, mount: the board's serial port
#   MESSAGES=         make demo, pico: end after so many delivered messages
#   ARGS=             make test: further arguments for pytest
#   MINUTES=          make soak: how long; 60 without it
#   CAMPAIGN=, SEED=  make soak: one campaign alone, and one case of it again
#   SELF_CHECK=1      make soak: does each campaign find the fault that is planted for it?

PYTHON ?= python3
BOARD ?= WAVESHARE_PICO_SIM7080G
export PYTHON MICROPYTHON_DIR UMQTT_DIR

SETUP := @tools/iotsafe_tools/toolchain/run.sh
BIN := .venv/bin
CHOSEN := --board '$(BOARD)' --variant '$(VARIANT)'

.DEFAULT_GOAL := help
.PHONY: help demo pico repl mount test soak bench lint format pcsc micropython firmware reproduce \
	flash deploy clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):  *## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo:  ## a simulated modem and SIM, a broker, the firmware: watch messages arrive (MESSAGES=5)
	$(SETUP) micropython
	@$(BIN)/python -m iotsafe_tools.demo $(if $(MESSAGES),--messages $(MESSAGES))

pico:  ## the same with the image of a Raspberry Pi Pico, in an emulator (MESSAGES=5)
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator pico $(if $(MESSAGES),--messages $(MESSAGES))

repl:  ## a REPL on the emulated Pico, with modem and SIM attached
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator repl

mount:  ## that, with lib/ and firmware/ mounted: edit here, import there
	$(SETUP) pico
	@$(BIN)/python -m iotsafe_tools.emulator mount --port '$(PORT)'

test:  ## every test, on CPython, MicroPython and the emulated Pico (ARGS="-k name")
	$(SETUP) test
	@$(BIN)/python -m pytest $(ARGS)

soak:  ## all campaigns with new seeds (MINUTES=60, CAMPAIGN=, SEED=, SELF_CHECK=1)
	$(SETUP) test
	@PYTHONPATH=host_tests $(BIN)/python -m soak $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(CAMPAIGN),--campaign $(CAMPAIGN)) $(if $(SEED),--seed $(SEED)) \
		$(if $(SELF_CHECK),--self-check)

bench:  ## what a connect costs, here and on the emulated Pico; writes build/bench.json
	$(SETUP) pico
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

pcsc:  ## for cards in a PC/SC reader, real or simulated: pcscd, vpcd, opensc-tool, pyscard
	$(SETUP) pcsc

micropython:  ## build/unix/micropython and build/mpy-cross/mpy-cross
	$(SETUP) micropython
	@ls -1 build/unix/micropython build/mpy-cross/mpy-cross

firmware:  ## the image of a board in build/firmware (BOARD=, VARIANT=)
	$(SETUP) firmware $(CHOSEN)

reproduce:  ## build that image again, in another folder: is it the same?
	$(SETUP) reproduce $(CHOSEN)

flash:  ## write it onto the board (BOARD=, VARIANT=, PORT=)
	$(SETUP) flash $(CHOSEN) --port '$(PORT)'

deploy:  ## copy our files onto a board that runs MicroPython already (BOARD=, PORT=)
	$(SETUP) deploy $(CHOSEN) --port '$(PORT)'

clean:  ## remove whatever was made, except the verified downloads in build/downloads
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name downloads -exec rm -rf {} +; fi
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf ./*.egg-info tools/*.egg-info tools/shims/*.egg-info
