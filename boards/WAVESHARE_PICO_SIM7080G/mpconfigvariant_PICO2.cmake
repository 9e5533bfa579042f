# Raspberry Pi Pico 2.
set(PICO_BOARD "pico2")
list(APPEND MICROPY_DEF_BOARD MICROPY_HW_BOARD_NAME="Waveshare Pico-SIM7080G on Pico 2")
include(${MICROPY_BOARD_DIR}/rp2350.cmake)
