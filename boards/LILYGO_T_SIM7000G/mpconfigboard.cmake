include(${MICROPY_BOARD_DIR}/../esp32_common/esp32.cmake)

list(APPEND SDKCONFIG_DEFAULTS ${MICROPY_BOARD_DIR}/sdkconfig.board)
