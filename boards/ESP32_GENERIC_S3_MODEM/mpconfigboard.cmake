include(${MICROPY_BOARD_DIR}/../esp32_common/esp32s3.cmake)

# Flash mode, size and partitions come from the port's own generic board.
iotsafe_one_of(ESP32_GENERIC_S3/sdkconfig.board sdkconfig.flash_qio_80m)
