# Raspberry Pi Pico W. Its radio stays off, and so does the LED, which the radio chip drives.
set(PICO_BOARD "pico_w")
list(APPEND MICROPY_DEF_BOARD MICROPY_HW_BOARD_NAME="Waveshare Pico-SIM7080G on Pico W")
include(${MICROPY_BOARD_DIR}/rp2040.cmake)
