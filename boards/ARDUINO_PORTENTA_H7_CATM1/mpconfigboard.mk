# The port's Portenta H7: MCU, linker script, Wi-Fi, and MICROPY_PY_SSL_ECDSA_SIGN_ALT = 1. What it
# takes from $(BOARD_DIR) it finds here. Paths are relative to ports/stm32.
include boards/ARDUINO_PORTENTA_H7/mpconfigboard.mk

# Arduino's library is not frozen, so its submodule is not needed.
GIT_SUBMODULES := $(filter-out $(ARDUINO_LIB_DIR),$(GIT_SUBMODULES))
