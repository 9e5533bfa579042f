# Same as esp32s3.cmake, for the original ESP32 with PSRAM.
set(IOTSAFE_PORT_COMMON ${CMAKE_SOURCE_DIR}/boards/mpconfigboard_esp32_common.cmake)
if(EXISTS ${IOTSAFE_PORT_COMMON})
    include(${IOTSAFE_PORT_COMMON})
    list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.spiram_esp32)
else()
    set(IDF_TARGET esp32)
    set(SDKCONFIG_DEFAULTS
        boards/sdkconfig.base
        boards/sdkconfig.ble
        boards/sdkconfig.spiram
    )
endif()
list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.240mhz)

include(${CMAKE_CURRENT_LIST_DIR}/iotsafe.cmake)
