# Raspberry Pi Pico 2 W: RP2350, 4 MiB of flash; its radio, and with it its LED, stays off.
set(PICO_BOARD "pico2_w")
set(PICO_PLATFORM "rp2350")
list(APPEND MICROPY_DEF_BOARD
    MICROPY_HW_BOARD_NAME="Waveshare Pico-SIM7080G on Pico 2 W"
    MICROPY_HW_FLASH_STORAGE_BYTES=3145728
)
