# Selects the chip and the port's configuration for it. From MicroPython 1.26 on, a file of the port does
# this; before, each board lists the sdkconfig fragments.
set(IOTSAFE_PORT_COMMON ${CMAKE_SOURCE_DIR}/boards/mpconfigboard_esp32s3_common.cmake)
if(EXISTS ${IOTSAFE_PORT_COMMON})
    include(${IOTSAFE_PORT_COMMON})
else()
    set(IDF_TARGET esp32s3)
    set(SDKCONFIG_DEFAULTS
        boards/sdkconfig.base
        boards/sdkconfig.usb
        boards/sdkconfig.ble
        boards/sdkconfig.spiram_sx
    )
endif()
list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.240mhz)

include(${CMAKE_CURRENT_LIST_DIR}/iotsafe.cmake)
