# The port's Portenta H7 sets MCU, linker script, Wi-Fi and MICROPY_PY_SSL_ECDSA_SIGN_ALT = 1. The files
# that it reads from $(BOARD_DIR) are in this folder. Paths are relative to ports/stm32.
include boards/ARDUINO_PORTENTA_H7/mpconfigboard.mk

# The image does not freeze Arduino's library, so the build does not need its submodule.
GIT_SUBMODULES := $(filter-out $(ARDUINO_LIB_DIR),$(GIT_SUBMODULES))
