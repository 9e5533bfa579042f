# Selects the chip and the port's configuration for it: a file of the port does this after MicroPython
# 1.28; before, each board lists the fragments.
include(${CMAKE_CURRENT_LIST_DIR}/port.cmake)
set(IOTSAFE_PORT_COMMON ${CMAKE_SOURCE_DIR}/boards/mpconfigboard_esp32s3_common.cmake)
if(EXISTS ${IOTSAFE_PORT_COMMON})
    include(${IOTSAFE_PORT_COMMON})
else()
    set(IDF_TARGET esp32s3)
    iotsafe_one_of(sdkconfig.base)
    iotsafe_optional(sdkconfig.usb)
    iotsafe_one_of(sdkconfig.ble)
    iotsafe_one_of(sdkconfig.spiram_sx)
endif()
iotsafe_one_of(sdkconfig.240mhz)

include(${CMAKE_CURRENT_LIST_DIR}/iotsafe.cmake)
