# No variant name: Raspberry Pi Pico.
set(PICO_BOARD "pico")
include(${MICROPY_BOARD_DIR}/rp2040.cmake)
