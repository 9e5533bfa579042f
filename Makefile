# Everything a developer types. Each target prepares what it needs by itself: Debian packages,
# the virtual environment, the MicroPython sources, the build (tools/iotsafe_tools/setup).
#
#   PYTHON=           the system Python to begin with (3.11 or newer)
#   MICROPYTHON_DIR=  a MicroPython source tree of your own instead of the pinned one
#   UMQTT_DIR=        a folder of your own that holds umqtt/simple.py
#   BOARD=, VARIANT=  make firmware, flash, deploy: a folder of boards/, and one of its variants
#   PORT=             make flash, deploy, mount: the board's serial port
#   MESSAGES=         make demo, pico: end after so many delivered messages
#   ARGS=             make test: further arguments for pytest
#   DATE=             make test: on another day, 2028-02-29 or +2y (only the tests, not the set-up)
#   LOAD=             make test: beside so many processes that never rest
#   SUITE=, WHO=      make fresh: one of bookworm, trixie, noble instead of all; WHO=user: with sudo;
#                     ARGS= is for its make test
#   CUTS=             make powercuts: how often
#   CASES=, SEED=     make fuzz: how many of each; the seed that a run printed, for the same again
#   SCHEDULES=, SEED= make faults: how many, or which one alone
#   PERSONALITY=      make faults: with one simulated modem (bg95) instead of all in turn

PYTHON ?= python3
BOARD ?= WAVESHARE_PICO_SIM7080G
export PYTHON MICROPYTHON_DIR UMQTT_DIR

SETUP := @tools/iotsafe_tools/setup/run.sh
BIN := .venv/bin
UNDER = $(if $(DATE),$(BIN)/python host_tests/conditions/other_day.py '$(DATE)') \
	$(if $(LOAD),$(BIN)/python host_tests/conditions/beside_load.py '$(LOAD)')
CHOSEN := --board '$(BOARD)' --variant '$(VARIANT)'

.DEFAULT_GOAL := help
# The property tests whose number of cases `make fuzz` raises.
FUZZ := $(addprefix host_tests/tools/,test_at_machine.py test_socket_machine.py \
	test_fuzz_channels.py test_fuzz_client.py test_sim_hostile.py)

.PHONY: help demo pico repl mount test fresh powercuts faults fuzz bench lint format pcsc micropython firmware reproduce \
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
	@$(UNDER) $(BIN)/python -m pytest $(ARGS)

fresh: export ARGS := $(ARGS)
fresh:  ## the README's two commands on a bare Debian 12, 13, Ubuntu 24.04 (SUITE=, ARGS=)
	@PYTHONPATH=tools $(PYTHON) -m iotsafe_tools.fresh --suite '$(SUITE)' $(if $(WHO),--as '$(WHO)')

powercuts:  ## cut the power of emulated boards at 200 random moments (CUTS=)
	$(SETUP) test
	@POWER_CUTS=$(or $(CUTS),200) $(BIN)/python -m pytest -s host_tests/system/test_power_cuts.py

faults:  ## the device under 1,000 random fault schedules, in virtual time (SCHEDULES=, SEED=)
	$(SETUP) test
	@SCHEDULES=$(or $(SCHEDULES),1000) SCHEDULE_SEED=$(SEED) PERSONALITY=$(PERSONALITY) \
		$(BIN)/python -m pytest -s \
		host_tests/system/test_fault_schedules.py host_tests/system/test_fault_matrix.py

fuzz:  ## hostile cards, modems and terminals, 100,000 cases of each (CASES=)
	$(SETUP) test
	@seed=$(or $(SEED),$$(date +%s)); echo "fuzz: SEED=$$seed draws the same cases again"; \
		FUZZ_CASES=$(or $(CASES),100000) $(BIN)/python -m pytest -p no:cacheprovider --timeout 0 \
		--hypothesis-seed=$$seed $(FUZZ)

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
