iotsafe_one_of(sdkconfig.spiram_oct)

list(APPEND MICROPY_DEF_BOARD
    MICROPY_HW_BOARD_NAME="Generic ESP32S3 module with Octal-SPIRAM and modem"
)
