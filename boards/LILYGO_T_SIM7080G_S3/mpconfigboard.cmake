include(${MICROPY_BOARD_DIR}/../esp32_common/esp32s3.cmake)
include(${MICROPY_BOARD_DIR}/../esp32_common/flash_16MiB.cmake)

iotsafe_one_of(sdkconfig.spiram_oct)
list(APPEND SDKCONFIG_DEFAULTS ${MICROPY_BOARD_DIR}/sdkconfig.board)
