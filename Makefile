# The commands that a developer types. Each target installs or builds what it needs: Debian packages,
# the virtual environment, the MicroPython sources, the binaries (tools/iotsafe_tools/toolchain).
#
#   PYTHON=           the system Python that makes the virtual environment (3.11 or newer)
#   MICROPYTHON_DIR=  your own MicroPython source tree instead of the pinned one
#   UMQTT_DIR=        your own folder with umqtt/simple.py
#   BOARD=, VARIANT=  make firmware, flash, deploy: a folder of boards/ and one of its variants
#   PORT=             make flash, deploy, mount: the board's serial port
#   MESSAGES=         make demo, pico: stop after this many delivered messages
#   ARGS=             make test: further arguments for pytest
#   DATE=             make test: on another day, 2028-02-29 or +2y (only the tests, not the set-up)
#   LOAD=             make test: beside this many processes that never rest
#   SUITE=, WHO=      make fresh: one of bookworm, trixie, noble instead of all; WHO=user: with sudo.
#                     ARGS= is for its make test
#   CUTS=             make powercuts: number of power cuts
#   CASES=, SEED=     make fuzz: how many of each; the seed that a run printed, to repeat it
#   SCHEDULES=, SEED= make faults: number of schedules, or the seed of a single one
#   PERSONALITY=      make faults: one simulated modem (bg95) instead of all in turn

PYTHON ?= python3
BOARD ?= WAVESHARE_PICO_SIM7080G
export PYTHON MICROPYTHON_DIR UMQTT_DIR

SETUP := @tools/iotsafe_tools/toolchain/run.sh
BIN := .venv/bin
UNDER = $(if $(DATE),$(BIN)/python host_tests/conditions/other_day.py '$(DATE)') \
	$(if $(LOAD),$(BIN)/python host_tests/conditions/beside_load.py '$(LOAD)')
CHOSEN := --board '$(BOARD)' --variant '$(VARIANT)'

.DEFAULT_GOAL := help
# The property tests whose number of cases `make fuzz` raises.
FUZZ := $(addprefix host_tests/tools/client/test_,at_machine.py socket_machine.py fuzz_channels.py fuzz_client.py) \
	host_tests/tools/simulator/test_sim_hostile.py

.PHONY: help demo pico repl mount test fresh powercuts faults fuzz bench lint format pcsc micropython firmware reproduce \
	flash deploy clean

help:  ## print this list
	@sed -n 's/^\([a-z]*\):  *## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

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
	@$(UNDER) $(BIN)/python -m pytest $(ARGS)

fresh: export ARGS := $(ARGS)
fresh:  ## run the README's two commands on a bare Debian 12, 13, Ubuntu 24.04 (SUITE=, ARGS=)
	@PYTHONPATH=tools $(PYTHON) -m iotsafe_tools.fresh --suite '$(SUITE)' $(if $(WHO),--as '$(WHO)')

powercuts:  ## cut the power of emulated boards at 200 random moments (CUTS=)
	$(SETUP) test
	@POWER_CUTS=$(or $(CUTS),200) $(BIN)/python -m pytest -s host_tests/system/test_power_cuts.py

faults:  ## run the device under 1,000 random fault schedules in virtual time (SCHEDULES=, SEED=)
	$(SETUP) test
	@SCHEDULES=$(or $(SCHEDULES),1000) SCHEDULE_SEED=$(SEED) PERSONALITY=$(PERSONALITY) \
		$(BIN)/python -m pytest -s \
		host_tests/system/test_fault_schedules.py host_tests/system/test_fault_matrix.py

fuzz:  ## test against hostile cards, modems and terminals, 100,000 cases each (CASES=)
	$(SETUP) test
	@seed=$(or $(SEED),$$(date +%s)); echo "fuzz: SEED=$$seed draws the same cases again"; \
		FUZZ_CASES=$(or $(CASES),100000) $(BIN)/python -m pytest -p no:cacheprovider --timeout 0 \
		--hypothesis-seed=$$seed $(FUZZ)

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
